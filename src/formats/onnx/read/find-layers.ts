import { quoteName } from "../../../check/quote-name.js";
import { InvalidModelError, UnsupportedError } from "../../../errors.js";
import { LayerKind, type LayerSpec } from "../../../model/layer-spec.js";
import { permuteAxes } from "../../../numeric/permute-axes.js";
import { describeNode, type GraphIndex } from "../graph/graph-index.js";
import { isStandardDomain } from "../graph/node-attributes.js";
import { readFloatTensor } from "../graph/tensor-values.js";
import type { InferredShapes } from "../shape/infer-shapes.js";
import { isAttentionName } from "./attention-name.js";
import { LAYER_RULES, type LayerContext, type WeightOperand } from "./layer-rules.js";
import type { LayerBinding, WeightUse } from "./onnx-model.js";
import { type AxisRoles, storedLayout } from "./stored-layout.js";
import { upstreamLayers } from "./upstream-layers.js";
import { traceWeight, type WeightSource } from "./weight-source.js";

/** Operators that compute with weights which are already integers. */
const QUANTIZED_OPERATORS: ReadonlySet<string> = new Set([
  "QLinearConv",
  "QLinearMatMul",
  "ConvInteger",
  "MatMulInteger",
  "MatMulNBits",
  "QGemm",
  "DynamicQuantizeMatMul",
  "GatherBlockQuantized",
]);

/** A layer while its uses are gathered. */
interface Gathered {
  readonly operand: WeightOperand;
  readonly node: number;
  readonly uses: WeightUse[];
  macs: number;
}

function contextOf(
  index: GraphIndex,
  shapes: InferredShapes,
  at: number,
  trace: (name: string) => WeightSource | undefined,
  note: (text: string) => void,
): LayerContext {
  const node = index.graph.node[at]!;
  const nameOf = (position: number) => node.input[position] ?? "";
  const where = describeNode(node, at);
  return {
    inputShape: (position) => shapes.shapeOf(nameOf(position)),
    outputShape: shapes.shapeOf(node.output[0] ?? ""),
    weight: (position) => {
      const source = trace(nameOf(position));
      return source === undefined || source.dims.length < 2 || source.dims.includes(0)
        ? undefined
        : source;
    },
    isConstant: (position) => trace(nameOf(position)) !== undefined,
    contradiction: (text, position) => {
      if (!shapes.isDoubtful(nameOf(position)))
        throw new InvalidModelError(node.name, `${where}: ${text}`);
      note(`${where}: ${text}; its input's shape rests on an assumption`);
    },
    assume: (text) => note(`${where}: a shape is unknown, so ${text}`),
  };
}

/** One entry per stored weight tensor, in the order in which the graph first uses them. */
function gatherLayers(
  index: GraphIndex,
  shapes: InferredShapes,
  note: (text: string) => void,
): Map<string, Gathered> {
  const gathered = new Map<string, Gathered>();
  const traced = new Map<string, WeightSource | undefined>();
  const trace = (name: string) => {
    if (!traced.has(name)) traced.set(name, traceWeight(index, name));
    return traced.get(name);
  };
  for (const at of index.order) {
    const node = index.graph.node[at]!;
    if (QUANTIZED_OPERATORS.has(node.opType)) {
      const message =
        `${describeNode(node, at)} computes with weights that are already quantized; give the ` +
        "float model";
      throw new UnsupportedError(node.name, message);
    }
    const rule = isStandardDomain(node.domain) ? LAYER_RULES.get(node.opType) : undefined;
    for (const operand of rule?.(node, contextOf(index, shapes, at, trace, note)) ?? []) {
      const use = { node: at, ...operand.use };
      const known = gathered.get(operand.source.name);
      if (known === undefined)
        gathered.set(operand.source.name, { operand, node: at, uses: [use], macs: operand.macs });
      else {
        known.uses.push(use);
        known.macs += operand.macs;
      }
    }
  }
  return gathered;
}

/**
 * The node's name (with the operand's suffix) where it is given and unique, else the weight
 * tensor's.
 */
function nameLayers(
  index: GraphIndex,
  gathered: ReadonlyMap<string, Gathered>,
): Map<string, string> {
  const nodeNames = new Map<string, number>();
  for (const { name } of index.graph.node) nodeNames.set(name, (nodeNames.get(name) ?? 0) + 1);
  const taken = new Set<string>();
  const names = new Map<string, string>();
  for (const [weight, { operand, node }] of gathered) {
    const nodeName = index.graph.node[node]!.name;
    const wanted =
      nodeName !== "" && nodeNames.get(nodeName) === 1 ? nodeName + operand.suffix : weight;
    let name = wanted;
    for (let copy = 2; taken.has(name) || name === ""; copy++) name = `${wanted}#${copy}`;
    taken.add(name);
    names.set(weight, name);
  }
  return names;
}

function kindOf(index: GraphIndex, layer: Gathered): LayerKind {
  const { kind, source } = layer.operand;
  if (kind !== LayerKind.MATMUL && kind !== LayerKind.GEMM) return kind;
  const names = [index.graph.node[layer.node]!.name, source.name];
  return names.some(isAttentionName) ? LayerKind.ATTENTION : kind;
}

/** @throws InvalidModelError for a layer whose MACs or extents are no whole numbers up to 2^53 */
function requireCountable({ macs, operand }: Gathered, name: string): void {
  const { inputShape, outputShape } = operand;
  const isCount = (x: number) => Number.isSafeInteger(x) && x >= 0;
  if ([macs, ...inputShape, ...outputShape].every(isCount)) return;
  throw new InvalidModelError(
    name,
    `layer ${quoteName(name)} from [${inputShape}] to [${outputShape}] has ${macs} MACs; ` +
      "allowed: whole numbers from 0 to 2^53",
  );
}

/** Layers of a graph, and where they live in it. */
export interface FoundLayers {
  readonly layers: readonly LayerSpec[];
  readonly bindings: readonly LayerBinding[];
}

/**
 * Finds the weight tensors of a graph and the work done with each. A tensor that several nodes use
 * is one layer, with the kind, shapes and layout of its first use and the MACs of all.
 * @param known weights that have been read before, by tensor
 * @throws InvalidModelError when shapes contradict each other; UnsupportedError for weights that
 *   are already quantized or sparse; InvalidDataError for weights that are NaN or infinite
 */
export function findLayers(
  index: GraphIndex,
  shapes: InferredShapes,
  note: (text: string) => void,
  known: ReadonlyMap<string, Float32Array> = new Map(),
): FoundLayers {
  const gathered = gatherLayers(index, shapes, note);
  const names = nameLayers(index, gathered);
  const bindings = [...gathered].map(([weight, { uses }]) => ({
    layer: names.get(weight)!,
    weight,
    uses,
  }));
  const inputs = upstreamLayers(index, bindings, note);
  const layers = [...gathered].map(([weight, layer], position): LayerSpec => {
    const { source, roles, inputShape, outputShape } = layer.operand;
    requireCountable(layer, names.get(weight)!);
    const stored: AxisRoles[] = [];
    source.storedAxis.forEach((axis, i) => {
      stored[axis] = roles[i]!;
    });
    const weightLayout = storedLayout(source.constant.dims, stored);
    const read = (): Float32Array => {
      const values = readFloatTensor(source.constant.tensor, weight);
      const { order } = weightLayout;
      return order === undefined ? values : permuteAxes(values, order.shape, order.permutation);
    };
    const weights = known.get(weight) ?? read();
    const upstream = inputs?.[position];
    return {
      name: names.get(weight)!,
      kind: kindOf(index, layer),
      parameterCount: weights.length,
      macs: layer.macs,
      inputShape,
      outputShape,
      weights,
      weightLayout,
      ...(upstream === undefined ? {} : { inputs: upstream }),
    };
  });
  return { layers, bindings };
}
