import type { CodedValue, IntegerPlacement } from "../../../deploy/integer-operators.js";
import type { PlacedOperator, Placement } from "../../../deploy/placement.js";
import type { LayerQuantConfig } from "../../../genome/layer-quant-config.js";
import { elementCount } from "../../../model/layer-spec.js";
import { indexGraph } from "../graph/graph-index.js";
import { shapesOf } from "../read/describe-graph.js";
import type { OnnxModel } from "../read/onnx-model.js";
import type { NodeProto } from "../wire/onnx_pb.js";
import { convolutionUs, KERNEL_TIMES, productUs } from "./kernel-times.js";
import { type OperatorWork, operatorWork } from "./operator-work.js";

/** An operator with its work, and the layer that its time is counted for. */
export interface Timed {
  readonly operator: PlacedOperator;
  readonly work: OperatorWork;
  /** Microseconds in float and on codes. */
  readonly floatUs: number;
  readonly integerUs: number;
  /** Index of the layer; -1 for none. */
  readonly layer: number;
}

/** Times of a model's operators, made once. */
export interface ModelTimes {
  readonly timed: readonly Timed[];
  readonly makers: ReadonlyMap<string, Timed>;
  readonly readers: ReadonlyMap<string, readonly Timed[]>;
  readonly returned: ReadonlySet<string>;
  elements(value: string): number;
}

/** Microseconds of one run: of each layer with what lies behind it, and of the rest. */
export interface ExecutionTime {
  readonly layersUs: Float64Array;
  readonly restUs: number;
}

const { nodeUs, integerNodeUs, smallNodeUs, conversion, transpose, elementwise, otherElementwise } =
  KERNEL_TIMES;
const VIEWS: ReadonlySet<string> = new Set(KERNEL_TIMES.views);
const ACTIVATIONS: ReadonlySet<string> = new Set(KERNEL_TIMES.activations);
const PRODUCTS: ReadonlySet<string> = new Set(["MatMul", "Gemm"]);
const RECURRENT: ReadonlySet<string> = new Set(["LSTM", "GRU", "RNN"]);

/** Microseconds of a step of a recurrent layer besides its products. */
const STEP_US = 2.5;
/** How much faster DynamicQuantizeLSTM is than LSTM. */
const RECURRENT_SPEED = 3;

/** The times of a model's operators for `batch` samples. */
export function modelTimes(model: OnnxModel, placement: Placement, batch: number): ModelTimes {
  const { operators = [], returned = new Set<string>() } = placement;
  const shapes = shapesOf(model);
  const index = indexGraph(model.proto.graph!);
  const layerAt = new Map(model.layers.map(({ name }, i) => [name, i]));
  const uses = new Map(model.bindings.map(({ layer, uses: { length } }) => [layer, length]));
  const stored = new Map(model.bindings.map(({ layer, weight }) => [layer, weight]));
  const makers = new Map<string, Timed>();
  const readers = new Map<string, Timed[]>();
  const nodeOf = (name: string): NodeProto | undefined =>
    index.graph.node[index.producers.get(name) ?? -1];
  const timed = operators.map((operator): Timed => {
    const own = operator.layers.map((name) => layerAt.get(name)!);
    const layers = own.map((at) => model.layers[at]!);
    const weightDims = index.constants.get(stored.get(operator.layers[0] ?? "") ?? "")?.dims ?? [];
    const one = operatorWork(
      operator,
      nodeOf(operator.operator),
      layers[0],
      uses.get(operator.layers[0] ?? "") ?? 1,
      shapes.shapeOf,
      weightDims,
    );
    const macs = layers.reduce((sum, { macs: own }) => sum + own, 0);
    const total = layers.length > 1 ? { ...one, macs } : one;
    const work = scaled(total, batch);
    const before = makers.get(operator.reads[0]?.value ?? "");
    const above = own[0] ?? before?.layer ?? -1;
    const result: Timed = {
      ...{ operator, work, layer: above },
      floatUs: floatUs(operator, work, before),
      integerUs: integerUs(operator, work),
    };
    for (const value of operator.makes) makers.set(value, result);
    return result;
  });
  for (const one of timed)
    for (const { value } of one.operator.reads) {
      const known = readers.get(value);
      if (known === undefined) readers.set(value, [one]);
      else known.push(one);
    }
  const elements = (value: string) => batch * elementCount(shapes.shapeOf(value) ?? []);
  return { timed, makers, readers, returned, elements };
}

function scaled(work: OperatorWork, batch: number): OperatorWork {
  const { macs, inputs, outputs, taps, runs, rows } = work;
  return {
    ...work,
    macs: macs * batch,
    inputs: inputs * batch,
    outputs: outputs * batch,
    taps: taps * batch,
    runs: runs * batch,
    rows: rows * batch,
  };
}

function floatUs(operator: PlacedOperator, work: OperatorWork, before: Timed | undefined): number {
  const { type, reads, makes, layers } = operator;
  if (reads.length === 0 && makes.length === 0) return smallNodeUs;
  if (type === "Conv" || type === "ConvTranspose") return nodeUs + convolutionUs(work, false);
  if (RECURRENT.has(type)) return nodeUs + work.rows * STEP_US + productUs(work, false);
  if (PRODUCTS.has(type)) return nodeUs + productUs(work, false);
  if (layers.length > 0) return nodeUs + 0.1e-3 * work.outputs;
  if (VIEWS.has(type)) return nodeUs;
  const kernel = elementwise[type] ?? otherElementwise;
  // The runtime computes these while it writes the result of the layer.
  const joins = before !== undefined && before.operator.layers.length > 0 && ACTIVATIONS.has(type);
  const size = Math.max(work.outputs, work.inputs / Math.max(1, reads.length));
  if (joins) return type === "Relu" || type === "Clip" ? 0 : 0.5e-3 * kernel.float * size;
  return nodeUs + kernel.float * 1e-3 * size;
}

function integerUs(operator: PlacedOperator, work: OperatorWork): number {
  const { type, reads } = operator;
  if (type === "Conv" || type === "ConvTranspose") return integerNodeUs + convolutionUs(work, true);
  if (PRODUCTS.has(type)) return integerNodeUs + productUs(work, true);
  if (VIEWS.has(type)) return nodeUs;
  const kernel = elementwise[type] ?? otherElementwise;
  const size = Math.max(work.outputs, work.inputs / Math.max(1, reads.length));
  return (
    (kernel.nodes ?? 1) * integerNodeUs +
    (kernel.integer ?? otherElementwise.integer!) * 1e-3 * size
  );
}

/** The time of a run in which the operators of `found` compute on codes. */
export function executionTime(
  times: ModelTimes,
  found: IntegerPlacement,
  configs: readonly LayerQuantConfig[],
): ExecutionTime {
  const layersUs = new Float64Array(configs.length);
  let restUs = 0;
  visitTimes(times, found, configs, (layer, us) => {
    if (layer >= 0) layersUs[layer]! += us;
    else restUs += us;
  });
  return { layersUs, restUs };
}

/** The parts of {@link executionTime}: operators and conversions, with the layer of each. */
export function visitTimes(
  times: ModelTimes,
  found: IntegerPlacement,
  configs: readonly LayerQuantConfig[],
  charge: (layer: number, us: number, part: Timed | CodedValue) => void,
): void {
  for (const one of times.timed) charge(one.layer, operatorUs(one, found, configs), one);
  for (const coded of found.values)
    charge(layerOf(times, coded), conversionsUs(times, found, coded), coded);
}

function operatorUs(
  one: Timed,
  found: IntegerPlacement,
  configs: readonly LayerQuantConfig[],
): number {
  if (found.operators.has(one.operator)) return one.integerUs;
  const config = configs[one.layer];
  const { type, layers, reads } = one.operator;
  if (config === undefined || layers.length === 0) return one.floatUs;
  const { activationBits, weightBits } = config;
  if (type === "LSTM" && activationBits === 8 && weightBits <= 8)
    return one.floatUs / RECURRENT_SPEED;
  const rounds = (activationBits === 4 || activationBits === 16) && reads.length > 0;
  return one.floatUs + (rounds ? 2 * conversionUs(one.work.inputs) : 0);
}

const conversionUs = (elements: number) => nodeUs + conversion * 1e-3 * elements;
const transposeUs = (elements: number) => nodeUs + transpose * 1e-3 * elements;

function layerOf({ makers, readers }: ModelTimes, { value }: CodedValue): number {
  return (
    makers.get(value)?.layer ?? readers.get(value)?.find(({ layer }) => layer >= 0)?.layer ?? -1
  );
}

/** What rounding a value, giving it as float, and turning its axes takes. */
function conversionsUs(
  { makers, readers, returned, elements }: ModelTimes,
  { operators }: IntegerPlacement,
  { value, everywhere, readers: takers }: CodedValue,
): number {
  const count = elements(value);
  const maker = makers.get(value);
  const native = maker !== undefined && operators.has(maker.operator) && everywhere;
  let us = native ? 0 : conversionUs(count);
  const taken = new Set(takers.map(({ operator }) => operator));
  const floats = (readers.get(value) ?? []).filter(({ operator }) => !taken.has(operator.operator));
  if (native || everywhere)
    us += (floats.length + (returned.has(value) ? 1 : 0)) * conversionUs(count);
  // Integer convolutions have their channels last.
  const last = native && maker.operator.kernel.channelsLast !== undefined;
  const wantsLast = (readers.get(value) ?? []).some(
    ({ operator }) => operator.kernel.channelsLast === "starts" && taken.has(operator.operator),
  );
  const wantsFirst =
    floats.length > 0 ||
    returned.has(value) ||
    (readers.get(value) ?? []).some(({ operator }) => operator.kernel.channelsLast === undefined);
  if (last ? wantsFirst : wantsLast) us += transposeUs(count);
  return us;
}
