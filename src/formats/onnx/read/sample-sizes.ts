import { isRecord } from "../../../check/check-fields.js";
import { describeValue } from "../../../check/describe-value.js";
import { quoteName } from "../../../check/quote-name.js";
import { InvalidArgumentError, InvalidDataError } from "../../../errors.js";
import { BATCH_NAME } from "../../../measure/batches/batch-size.js";
import type { Batch } from "../../../measure/batches/tensor-data.js";
import { declaredDims } from "../shape/declared-shape.js";
import { withInputExtents, withInputRanks } from "../shape/input-extents.js";
import type { GraphProto, ValueInfoProto } from "../wire/onnx_pb.js";

/** A graph with the sizes of a sample, and the symbols that stand for one size everywhere. */
export interface SizedGraph {
  readonly graph: GraphProto;
  readonly symbols: ReadonlyMap<string, number>;
}

/**
 * Gives the inputs of a graph the sizes that they have in a batch, by input and axis, for one
 * sample of it. The samples lie along the dimension that is called a batch, else along the first of
 * an input of rank 2 or more; it counts as 1, wherever its symbol stands. What `dimensions` names
 * has that size.
 * @throws InvalidDataError where the batch does not fit the graph; InvalidArgumentError when it is
 *   none
 */
export function sizedGraph(
  original: GraphProto,
  dimensions: ReadonlyMap<string, number>,
  sample: Batch | undefined,
): SizedGraph {
  if (sample === undefined) return { graph: original, symbols: dimensions };
  const shapes = sampleShapes(original, sample);
  const graph = withInputRanks(original, (input) => shapes.get(input)?.length);
  const unknown = unknownAxes(graph);
  const named = unknown.some(({ symbol }) => symbol !== undefined && BATCH_NAME.test(symbol));
  const isBatchAxis = ({ axis, rank, symbol }: UnknownAxis) =>
    named
      ? symbol === undefined
        ? axis === 0 && rank > 1
        : BATCH_NAME.test(symbol)
      : axis === 0 && rank > 1;
  const batchAxes = unknown.filter(isBatchAxis);
  const batchSymbols = new Set(batchAxes.map(({ symbol }) => symbol));
  const batchSizes = new Set(batchAxes.map(({ input, axis }) => shapes.get(input)?.[axis]));
  const sizeOf = (one: UnknownAxis): number | undefined => {
    const { input, axis, rank, symbol } = one;
    const given = symbol === undefined ? undefined : dimensions.get(symbol);
    if (given !== undefined) return given;
    if (isBatchAxis(one) || (symbol !== undefined && batchSymbols.has(symbol))) return 1;
    const size = shapes.get(input)?.[axis];
    // One number for each sample, such as a length.
    return rank === 1 && symbol === undefined && batchSizes.has(size) ? 1 : size;
  };
  const sizes = new Map(unknown.map((one) => [JSON.stringify([one.input, one.axis]), sizeOf(one)]));
  return {
    graph: withInputExtents(graph, (input, axis) => sizes.get(JSON.stringify([input, axis]))),
    symbols: new Map([...symbolSizes(unknown, sizeOf), ...dimensions]),
  };
}

/** An extent that the file leaves open. */
interface UnknownAxis {
  readonly input: string;
  readonly axis: number;
  readonly rank: number;
  readonly symbol: string | undefined;
}

function unknownAxes(graph: GraphProto): UnknownAxis[] {
  return graph.input.flatMap((info) =>
    (declaredDims(info) ?? []).flatMap((extent, axis, { length: rank }) =>
      typeof extent === "number" ? [] : [{ input: info.name, axis, rank, symbol: extent }],
    ),
  );
}

/** Symbols whose size is the same wherever they stand. */
function symbolSizes(
  unknown: readonly UnknownAxis[],
  sizeOf: (one: UnknownAxis) => number | undefined,
): Map<string, number> {
  const found = new Map<string, Set<number>>();
  for (const one of unknown) {
    const size = sizeOf(one);
    if (one.symbol === undefined || size === undefined) continue;
    found.set(one.symbol, (found.get(one.symbol) ?? new Set<number>()).add(size));
  }
  return new Map(
    [...found].flatMap(([symbol, sizes]) => (sizes.size === 1 ? [[symbol, [...sizes][0]!]] : [])),
  );
}

function sampleShapes(graph: GraphProto, sample: unknown): Map<string, readonly number[]> {
  if (!isRecord(sample))
    throw new InvalidArgumentError(
      "sample",
      `sample is ${describeValue(sample)}; allowed: a batch, an object of tensors by input name`,
    );
  const inputs = new Map(graph.input.map((info) => [info.name, info]));
  return new Map(
    Object.entries(sample).map(([name, tensor]) => {
      const info = inputs.get(name);
      if (info === undefined)
        throw new InvalidDataError(
          `sample.${name}`,
          `sample: the model has no input ${quoteName(name)}; allowed: ` +
            [...inputs.keys()].map(quoteName).join(", "),
        );
      return [name, checkedDims(info, tensor)];
    }),
  );
}

function checkedDims(info: ValueInfoProto, tensor: unknown): readonly number[] {
  const { dims } = (isRecord(tensor) ? tensor : {}) as { readonly dims?: unknown };
  const declared = declaredDims(info);
  const isShape =
    Array.isArray(dims) && dims.every((extent) => Number.isSafeInteger(extent) && extent >= 0);
  const fits =
    isShape &&
    (declared === undefined ||
      (declared.length === dims.length &&
        declared.every((extent, axis) => typeof extent !== "number" || extent === dims[axis])));
  if (fits) return dims as number[];
  const allowed =
    declared === undefined
      ? "whole numbers from 0"
      : `[${declared.map((extent) => extent ?? "any").join(", ")}]`;
  throw new InvalidDataError(
    `sample.${info.name}`,
    `sample.${info.name} has dims ${describeValue(dims)}; allowed: ${allowed}`,
  );
}
