import type { IntegerPlacement } from "../../../deploy/integer-operators.js";
import type { ModelTimes, Timed } from "./model-times.js";

/** Channels of a block: fewer are read as they lie. */
const BLOCK = 16;
/** They compute on blocked channels as on others. */
const UNARY: ReadonlySet<string> = new Set([
  ...["Relu", "Clip", "Sigmoid", "Tanh", "LeakyRelu", "SiLU", "Gelu", "HardSigmoid"],
  ...["MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "BatchNormalization"],
]);

/** Changes of layout move past them: they compute on any order of axes. */
const FREE: ReadonlySet<string> = new Set([
  ...["Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "Sqrt", "Relu", "Clip", "Sigmoid", "Tanh"],
  ...["LeakyRelu", "HardSigmoid", "HardSwish", "SiLU", "Gelu", "Resize", "ReduceMean"],
]);

/** Where float convolutions change the layout of values, and what becomes part of them. */
export interface Layouts {
  /** A value that is laid out anew, with the layer that it is counted for. */
  readonly changes: readonly { readonly value: string; readonly layer: number }[];
  /** Sums that a convolution adds to its own result. */
  readonly joins: ReadonlySet<Timed>;
  /** Operators in float with channels last, because the codes that they come from have them so. */
  readonly last: ReadonlySet<Timed>;
  /** Values with blocked channels. */
  readonly blocked: ReadonlySet<string>;
}

/**
 * Float convolutions of two axes compute on blocks of 16 channels. What follows stays blocked where
 * its operators can; other readers need the plain layout back.
 */
export function layoutsOf(times: ModelTimes, { operators, values }: IntegerPlacement): Layouts {
  const { timed, makers, readers, returned, elements, channels } = times;
  const blocked = new Set<string>();
  const joins = new Set<Timed>();
  const isConvolution = ({ operator, work }: Timed) =>
    operator.type === "Conv" && work.axes === 2 && !operators.has(operator);
  const takesBlocks = (one: Timed): boolean => {
    const { type, reads } = one.operator;
    if (operators.has(one.operator)) return false;
    if (isConvolution(one)) return one.work.depthwise || one.work.depth >= BLOCK;
    if (!reads.every(({ value }) => blocked.has(value))) return false;
    if (UNARY.has(type)) return reads.length === 1;
    if (type === "Concat") return reads.every(({ value }) => channels(value) % BLOCK === 0);
    const [first, second] = reads;
    return (
      (type === "Add" || type === "Mul") &&
      second !== undefined &&
      elements(first!.value) === elements(second.value)
    );
  };
  const isJoined = ({ operator }: Timed) =>
    operator.type === "Add" &&
    operator.reads.some(({ value }) => {
      const maker = makers.get(value);
      return maker !== undefined && isConvolution(maker) && readers.get(value)?.length === 1;
    });
  for (const one of timed) {
    if (!(isConvolution(one) || takesBlocks(one))) continue;
    for (const value of one.operator.makes) blocked.add(value);
    if (isJoined(one)) joins.add(one);
  }
  const last = new Set<Timed>();
  for (const one of timed) {
    const maker = makers.get(one.operator.reads[0]?.value ?? "");
    const isLast =
      maker !== undefined &&
      (last.has(maker) ||
        (operators.has(maker.operator) && maker.operator.kernel.channelsLast !== undefined));
    if (isLast && !operators.has(one.operator) && FREE.has(one.operator.type)) last.add(one);
  }
  const rounded = new Set(values.map(({ value }) => value));
  const changes: { value: string; layer: number }[] = [];
  for (const [value, takers] of readers) {
    const maker = makers.get(value);
    const layer = maker?.layer ?? -1;
    const isBlocked = blocked.has(value);
    const changed = isBlocked
      ? rounded.has(value) || takers.some((one) => !takesBlocks(one))
      : takers.some((one) => isConvolution(one) && takesBlocks(one));
    if (changed) changes.push({ value, layer });
  }
  for (const value of blocked)
    if (returned.has(value)) changes.push({ value, layer: makers.get(value)!.layer });
  return { changes, joins, last, blocked };
}
