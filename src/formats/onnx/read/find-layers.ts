import { quoteName } from "../../../check/quote-name.js";
import { InvalidModelError } from "../../../errors.js";
import { LayerKind, type LayerSpec } from "../../../model/layer-spec.js";
import { findNonFinite } from "../../../numeric/find-non-finite.js";
import { permuteAxes } from "../../../numeric/permute-axes.js";
import type { GraphIndex } from "../graph/graph-index.js";
import { BLOCKED_CHANNELS } from "../graph/node-attributes.js";
import { describeNode } from "../graph/node-place.js";
import { readFloatTensor } from "../graph/tensor-values.js";
import type { InferredShapes } from "../shape/infer-shapes.js";
import { LIMITS } from "../wire/limits.js";
import { isAttentionName } from "./attention-name.js";
import type { BodyPlace, FlatGraph } from "./flat-graph.js";
import { layerOperator } from "./layer-operator.js";
import type { LayerContext, WeightOperand } from "./layer-rules.js";
import type { Note } from "./note-list.js";
import type { LayerBinding, WeightUse } from "./onnx-model.js";
import {
  codeInputs,
  isQuantizedOperator,
  type QuantizedParts,
  quantizedBehind,
  storedBytes,
} from "./quantized-parts.js";
import { type AxisRoles, storedLayout } from "./stored-layout.js";
import { upstreamLayers } from "./upstream-layers.js";
import { traceWeight, type WeightSource } from "./weight-source.js";

/** A use of a layer's weights, and the work done there. */
interface GatheredUse extends WeightUse {
  readonly macs: number;
  readonly place: BodyPlace | undefined;
}

/** A layer while its uses are gathered. Node indices are those of the flat graph. */
interface Gathered {
  readonly operand: WeightOperand;
  readonly node: number;
  readonly uses: GatheredUse[];
}

function contextOf(
  index: GraphIndex,
  shapes: InferredShapes,
  at: number,
  trace: (name: string) => WeightSource | undefined,
  note: Note,
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
      note(`${text}; its input's shape rests on an assumption`, where);
    },
    assume: (text) => note(`a shape is unknown, so ${text}`, where),
  };
}

/** What to do about weights that ONNX Runtime's optimizer put in an order of one processor. */
export const BLOCKED_NOTE =
  "its weights lie in blocks for one processor and stay in float; save the optimized model at " +
  "level extended";

/** How often a node of a body runs in one run of the model, as far as the graph says. */
function timesOf(place: BodyPlace | undefined, shapes: InferredShapes): number | undefined {
  let times: number | undefined = 1;
  for (const repeat of place?.repeats ?? []) {
    const found: number | undefined =
      "count" in repeat
        ? shapes.valueOf(repeat.count)?.data[0]
        : shapes.shapeOf(repeat.sequence)?.at(repeat.axis);
    // Exporters write the largest integer where a condition ends the loop.
    const known = found !== undefined && found >= 0 && found < LIMITS.elements;
    times = known && times !== undefined ? times * found : undefined;
  }
  return times;
}

/** What was found in a graph. */
interface Found {
  /** One entry per stored weight tensor, in the order in which the graph first uses them. */
  readonly gathered: Map<string, Gathered>;
  readonly quantized: QuantizedParts;
}

function gatherLayers(
  flat: FlatGraph,
  index: GraphIndex,
  shapes: InferredShapes,
  note: Note,
  known: ReadonlyMap<string, Float32Array>,
): Found {
  const gathered = new Map<string, Gathered>();
  const quantized = new Set<string>();
  const quantizedAt: string[] = [];
  const traced = new Map<string, WeightSource | undefined>();
  const trace = (name: string) => {
    if (!traced.has(name)) traced.set(name, traceWeight(index, name));
    return traced.get(name);
  };
  // Only what the main graph stores can be stored in another form.
  const weight = (name: string) => {
    const source = trace(name);
    return source !== undefined && flat.stored.has(source.name) ? undefined : source;
  };
  const tables = new Map<string, boolean>();
  const isTable = (source: WeightSource, where: string) => {
    let finite = known.has(source.name) || tables.get(source.name);
    if (finite === undefined) {
      finite = isFiniteTable(source, where, note);
      tables.set(source.name, finite);
    }
    return finite;
  };
  for (const at of index.order) {
    const node = index.graph.node[at]!;
    const where = describeNode(node, at);
    if (isQuantizedOperator(node)) {
      for (const name of codeInputs(index, node)) quantized.add(name);
      quantizedAt.push(where);
      continue;
    }
    if (node.domain === BLOCKED_CHANNELS && node.opType === "Conv") note(BLOCKED_NOTE, where);
    const operator = layerOperator(node);
    if (operator === undefined) continue;
    const context = contextOf(index, shapes, at, trace, note);
    const inMain = (position: number) =>
      weight(node.input[position] ?? "") && context.weight(position);
    const operands = operator
      .find(node, { ...context, weight: inMain })
      .filter(({ use }) => (node.input[use.sourceInput] ?? "") !== "")
      .filter(({ kind, source }) => kind !== LayerKind.EMBEDDING || isTable(source, where));
    const found = new Set(operands.map(({ use }) => use.weightInput));
    const codes = operator.weights.flatMap((position) =>
      found.has(position) ? [] : quantizedBehind(index, node.input[position] ?? ""),
    );
    for (const name of codes) quantized.add(name);
    if (codes.length > 0) quantizedAt.push(where);
    const place = flat.placeOf[at];
    const times = timesOf(place, shapes);
    if (operands.length > 0 && times === undefined)
      note("in a loop whose steps are not known, one step is counted", where);
    for (const operand of operands) {
      const use = { node: at, ...operand.use, macs: operand.macs * (times ?? 1), place };
      const before = gathered.get(operand.source.name);
      if (before === undefined)
        gathered.set(operand.source.name, { operand, node: at, uses: [use] });
      else before.uses.push(use);
    }
  }
  const bytes = [...quantized].reduce(
    (sum, name) => sum + storedBytes(index.constants.get(name)!),
    0,
  );
  for (const where of quantizedAt)
    note(
      `weights that are already quantized (${bytes.toLocaleString("en-US")} bytes in all) stay ` +
        "as they are",
      where,
    );
  return { gathered, quantized: { tensors: quantized, operators: quantizedAt } };
}

/**
 * False, with a note, for a table that only look-ups read and that holds NaN or infinity, as masks
 * do: no integers stand for those.
 */
function isFiniteTable(source: WeightSource, where: string, note: Note): boolean {
  const { tensor } = source.constant;
  const values = readFloatTensor(tensor, source.name, { allowNonFinite: true });
  const bad = findNonFinite(values);
  if (bad === undefined) return true;
  note(
    `the table ${quoteName(source.name)} holds ${bad.count} NaN or infinite values and stays in ` +
      "float",
    where,
  );
  return false;
}

/** The work of all uses; of the branches of an If only the one that does most runs. */
function workOf(uses: readonly GatheredUse[], depth = 0): number {
  let work = 0;
  const choices = new Map<number, Map<number, GatheredUse[]>>();
  for (const use of uses) {
    const at = use.place?.branches[depth];
    if (at === undefined) {
      work += use.macs;
      continue;
    }
    const branches = choices.get(at.choice) ?? new Map<number, GatheredUse[]>();
    choices.set(at.choice, branches);
    branches.set(at.branch, [...(branches.get(at.branch) ?? []), use]);
  }
  for (const branches of choices.values())
    work += Math.max(...[...branches.values()].map((inner) => workOf(inner, depth + 1)));
  return work;
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
function requireCountable({ uses, operand }: Gathered, name: string): void {
  const { inputShape, outputShape } = operand;
  const macs = workOf(uses);
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
  /** Node indices are those of the main graph. */
  readonly bindings: readonly LayerBinding[];
  /** The same with the nodes of bodies among the uses, by their indices in the flat graph. */
  readonly flatBindings: readonly LayerBinding[];
  readonly quantized: QuantizedParts;
}

/**
 * Finds the weight tensors of a graph and the work done with each. A tensor that several nodes use
 * is one layer, with the kind, shapes and layout of its first use and the MACs of all; of uses in
 * the branches of an If those of the branch that does most. Weights that are quantized already, and
 * tables that hold infinities, are left and noted.
 * @param index of the flat graph
 * @param known weights that have been read before, by tensor
 * @throws InvalidModelError when shapes contradict each other; UnsupportedError for weights that
 *   are sparse; InvalidDataError for weights that are NaN or infinite
 */
export function findLayers(
  flat: FlatGraph,
  index: GraphIndex,
  shapes: InferredShapes,
  note: Note,
  known: ReadonlyMap<string, Float32Array> = new Map(),
): FoundLayers {
  const { gathered, quantized } = gatherLayers(flat, index, shapes, note, known);
  const names = nameLayers(index, gathered);
  const plain = ({ macs: _, place: __, ...use }: GatheredUse): WeightUse => use;
  const flatBindings = [...gathered].map(([weight, { uses }]) => ({
    layer: names.get(weight)!,
    weight,
    uses: uses.map(plain),
  }));
  const bindings = [...gathered].map(([weight, { uses }]): LayerBinding => {
    const inner = uses.filter(({ node }) => flat.nodeOf[node] === -1);
    const nested = inner.map(({ node }) => describeNode(index.graph.node[node]!, node));
    return {
      layer: names.get(weight)!,
      weight,
      uses: uses.flatMap((use) => {
        const node = flat.nodeOf[use.node]!;
        return node < 0 ? [] : [{ ...plain(use), node }];
      }),
      ...(nested.length > 0 && { nested }),
    };
  });
  const inputs = upstreamLayers(index, flatBindings, note);
  const layers = [...gathered].map(([weight, layer], position): LayerSpec => {
    const { source, roles, inputGroups, inputShape, outputShape } = layer.operand;
    requireCountable(layer, names.get(weight)!);
    const stored: AxisRoles[] = [];
    source.storedAxis.forEach((axis, i) => {
      stored[axis] = roles[i]!;
    });
    const weightLayout = {
      ...storedLayout(source.constant.dims, stored),
      ...(inputGroups !== undefined && { inputGroups }),
    };
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
      macs: workOf(layer.uses),
      inputShape,
      outputShape,
      weights,
      weightLayout,
      ...(upstream === undefined ? {} : { inputs: upstream }),
    };
  });
  return { layers, bindings, flatBindings, quantized };
}
