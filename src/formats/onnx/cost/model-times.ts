import type { PlacedOperator, Placement } from "../../../deploy/placement.js";
import { elementCount } from "../../../model/layer-spec.js";
import { indexGraph } from "../graph/graph-index.js";
import { shapesOf } from "../read/describe-graph.js";
import type { OnnxModel } from "../read/onnx-model.js";
import type { NodeProto } from "../wire/onnx_pb.js";
import { productUs } from "./layer-times.js";
import { normalizations } from "./normalizations.js";
import { floatUs, integerUs, normalizationUs } from "./operator-times.js";
import { type OperatorWork, operatorWork } from "./operator-work.js";

/** Caches hold no more than this, so that a run that writes more evicts all of it. */
const CACHES_MB = 45;
const MEGABYTE = 1e6;
const FLOAT_BYTES = 4;

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
  /** Megabytes of floats that a run writes, up to what the caches hold. */
  readonly coldMb: number;
  /** Operators whose sizes nobody knows, which count as one element. */
  readonly unsized: number;
  elements(value: string): number;
  /** The extent of a value's second axis; 0 for none. */
  channels(value: string): number;
}

/** The times of a model's operators for `batch` samples. */
export function modelTimes(model: OnnxModel, placement: Placement, batch: number): ModelTimes {
  const { operators = [], returned = new Set<string>() } = placement;
  const shapes = shapesOf(model);
  const index = indexGraph(model.proto.graph!);
  const layerAt = new Map(model.layers.map(({ name }, i) => [name, i]));
  const uses = new Map(
    model.bindings.map(({ layer, uses: { length }, nested = [] }) => [
      layer,
      length + nested.length,
    ]),
  );
  const stored = new Map(model.bindings.map(({ layer, weight }) => [layer, weight]));
  const makers = new Map<string, Timed>();
  const readers = new Map<string, Timed[]>();
  const nodeOf = (name: string): NodeProto | undefined =>
    index.graph.node[index.producers.get(name) ?? -1];
  const works = operators.map((operator): OperatorWork => {
    const [layer = ""] = operator.layers;
    const layers = operator.layers.map((name) => model.layers[layerAt.get(name)!]!);
    const one = operatorWork(
      operator,
      nodeOf(operator.operator),
      layers[0],
      uses.get(layer) ?? 1,
      shapes.shapeOf,
      index.constants.get(stored.get(layer) ?? "")?.dims ?? [],
      (name) => index.constants.get(name)?.dims,
    );
    const macs = layers.reduce((sum, { macs: own }) => sum + own, 0);
    return scaled(layers.length > 1 ? { ...one, macs } : one, batch);
  });
  const written = works.reduce((sum, { outputs }) => sum + outputs, 0);
  const coldMb = Math.min(CACHES_MB, (written * FLOAT_BYTES) / MEGABYTE);
  const fused = normalizations(operators);
  const timed = operators.map((operator, i): Timed => {
    const work = works[i]!;
    const before = makers.get(operator.reads[0]?.value ?? "");
    const own = layerAt.get(operator.layers[0] ?? "");
    const result: Timed = {
      ...{ operator, work, layer: own ?? before?.layer ?? -1 },
      floatUs: fused.has(operator)
        ? normalizationUs(operator, work, fused.get(operator)!, coldMb)
        : floatUs(operator, work, before?.operator, coldMb),
      integerUs: integerUs(operator, work, coldMb),
    };
    for (const value of operator.makes) makers.set(value, result);
    return result;
  });
  timed.push(...bodies(model, batch, coldMb));
  for (const one of timed)
    for (const { value } of one.operator.reads) {
      const known = readers.get(value);
      if (known === undefined) readers.set(value, [one]);
      else known.push(one);
    }
  const elements = (value: string) => batch * elementCount(shapes.shapeOf(value) ?? []);
  const channels = (value: string) => shapes.shapeOf(value)?.[1] ?? 0;
  const isUnsized = ({ makes }: PlacedOperator) =>
    makes[0] !== undefined && shapes.shapeOf(makes[0]) === undefined;
  const unsized = operators.filter(isUnsized).length;
  return { timed, makers, readers, returned, coldMb, unsized, elements, channels };
}

/** What layers compute in bodies of If, Loop and Scan: products in float. */
function bodies(model: OnnxModel, batch: number, coldMb: number): Timed[] {
  return model.bindings.flatMap(({ layer: name, uses, nested = [] }, layer): Timed[] => {
    if (nested.length === 0) return [];
    const { macs, parameterCount: weights, inputShape, outputShape } = model.layers[layer]!;
    const share = nested.length / (nested.length + uses.length);
    const none = { channels: 0, depth: 0, taps: 0, positions: 0, images: 0, axes: 0, steps: 0 };
    const work = scaled(
      {
        ...{ ...none, macs: macs * share, weights, rank: inputShape.length },
        ...{ inputs: elementCount(inputShape), outputs: elementCount(outputShape) },
        ...{ windows: false, depthwise: false, expands: false, runs: 0, places: 0 },
        rows: macs / weights,
      },
      batch,
    );
    const us = productUs(work, false, coldMb);
    const operator: PlacedOperator = {
      ...{ operator: `${name} in a body`, type: "Body", layers: [name], reads: [], makes: [] },
      kernel: { source: "bodies compute in float" },
    };
    return [{ operator, work, floatUs: us, integerUs: us, layer }];
  });
}

function scaled(work: OperatorWork, batch: number): OperatorWork {
  const { macs, inputs, outputs, taps, positions, images, rows, runs, places } = work;
  return {
    ...work,
    macs: macs * batch,
    inputs: inputs * batch,
    outputs: outputs * batch,
    taps: taps * batch,
    positions: positions * batch,
    images: images * batch,
    rows: rows * batch,
    runs: runs * batch,
    places: places * batch,
  };
}
