import {
  type DeploymentPlan,
  type PlannedWeight,
  plannedActivations,
} from "../../../deploy/deployment-plan.js";
import { intAttribute } from "../graph/node-attributes.js";
import { outerNames } from "../graph/outer-names.js";
import type { OnnxModel, WeightUse } from "../read/onnx-model.js";
import type { GraphProto, NodeProto } from "../wire/onnx_pb.js";
import { type SeenWeight, seenWeight } from "./seen-weight.js";
import { storageType } from "./storage-type.js";
import { firstOutput, storedTensors } from "./stored-tensors.js";
import { storedChannelAxis, type WrittenWeight } from "./weight-nodes.js";

/**
 * How quantized weights stand in the file. Each form means the values of the plan at every
 * optimization level; they differ in what ONNX Runtime makes of them.
 * - `integer`: INT8 codes and DequantizeLinear, which it fuses into integer kernels.
 * - `float`: codes times scales, which it computes once, when it loads the file.
 * - `lookup`: rows are looked up as codes, and the rows found are dequantized.
 * - `blocks`: MatMulNBits on packed codes of 4 bits, with float activations (accuracy level 0).
 * - `recurrent`: DynamicQuantizeLSTM, which quantizes its input and state at every step.
 */
export type WeightForm = "integer" | "float" | "lookup" | "blocks" | "recurrent";

/** Where an operator reads a weight tensor. */
export interface FormedUse {
  /** The first output of the operator. */
  readonly operator: string;
  readonly opType: string;
  readonly seen: SeenWeight;
}

/** A weight tensor with its form. */
export interface FormedWeight extends WrittenWeight {
  readonly form: WeightForm;
  /** The operators of the layer. */
  readonly uses: readonly FormedUse[];
  /** Why the form has no fast kernel. */
  readonly note?: string | undefined;
}

/** Group sizes for which MatMulNBits is fast in float. */
const BLOCK_SIZES: ReadonlySet<number> = new Set([64, 128, 256]);

const EIGHT_BITS = 8;

/**
 * The form of each weight tensor that a plan quantizes.
 * @param avoidSaturation unsigned codes of 8 bits stay so beside quantized activations: the kernels
 *   for them are slower, and their sums do not overflow on any processor
 */
export function weightForms(
  model: OnnxModel,
  plan: DeploymentPlan,
  avoidSaturation = false,
): FormedWeight[] {
  const graph = model.proto.graph!;
  const stored = storedTensors(graph);
  const producers = producersOf(graph);
  const readers = readerCounts(graph);
  const widths = activationWidths(plan);
  const layers = new Map(model.layers.map((layer) => [layer.name, layer]));
  const bindings = new Map(model.bindings.map((binding) => [binding.weight, binding]));
  const sites = plan.flatMap((entry): Site[] => {
    if (entry.role !== "weight" || entry.format !== "integer") return [];
    const { tensor, layer, storage } = entry;
    const { dims } = stored.get(tensor)!;
    const kept = { rank: dims.length, floatType: storage.floatType };
    const binding = bindings.get(tensor)!;
    const uses = binding.uses.map((use): SiteUse => {
      const node = graph.node[use.node]!;
      const operator = firstOutput(node);
      const bits = widths.get(JSON.stringify([operator, use.activationInput]));
      const seen = seenWeight(node, use, tensor, kept, producers);
      return { operator, opType: node.opType, seen, node, use, bits };
    });
    const direct = uses.filter(({ seen }) => seen.direct).length;
    const readOnce = (name: string) => readers.get(name) === 1;
    return [
      {
        weight: entry,
        dims,
        order: layers.get(layer)?.weightLayout?.order,
        uses,
        nested: binding.nested !== undefined,
        readElsewhere: (readers.get(tensor) ?? 0) > direct,
        keepUnsigned: avoidSaturation && !storage.signed && entry.parameters.bits === EIGHT_BITS,
        alone: uses.length === 1 && [tensor, ...uses[0]!.seen.chain].every(readOnce),
      },
    ];
  });
  const recurrent = recurrentPairs(sites);
  return sites.map((site) => {
    const { weight, dims, order, uses, keepUnsigned } = site;
    return { weight, dims, order, uses, keepUnsigned, ...formOf(site, recurrent) };
  });
}

interface SiteUse extends FormedUse {
  readonly node: NodeProto;
  readonly use: WeightUse;
  /** Width of the activation's codes; undefined where it stays in float. */
  readonly bits: number | undefined;
}

interface Site extends WrittenWeight {
  readonly uses: readonly SiteUse[];
  /** Bodies of If, Loop or Scan read it. */
  readonly nested: boolean;
  /** Something beside the layer's operators reads the stored tensor itself. */
  readonly readElsewhere: boolean;
  /** One operator alone reads the tensor, and what lies between. */
  readonly alone: boolean;
  readonly keepUnsigned: boolean;
}

function producersOf(graph: GraphProto): ReadonlyMap<string, NodeProto> {
  return new Map(graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)));
}

/** How many operands, subgraphs and outputs read each tensor. */
function readerCounts(graph: GraphProto): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const read = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const { name } of graph.output) read(name);
  for (const node of graph.node) {
    node.input.forEach(read);
    for (const name of outerNames(node)) read(name);
  }
  return counts;
}

/** Code widths of the quantized activations, by operator and input. */
function activationWidths(plan: DeploymentPlan): ReadonlyMap<string, number> {
  const widths = new Map<string, number>();
  for (const { parameters, readers } of plannedActivations(plan))
    for (const { operator, input } of readers)
      widths.set(JSON.stringify([operator, input]), parameters.bits);
  return widths;
}

function formOf(
  site: Site,
  recurrent: ReadonlySet<PlannedWeight>,
): { readonly form: WeightForm; readonly note?: string } {
  const { weight, uses, nested } = site;
  if (nested)
    return {
      form: "float",
      note: "bodies of If, Loop and Scan read the weights, and compute in float",
    };
  if (recurrent.has(weight))
    return {
      form: "recurrent",
      note: "input and state are quantized at run time, each by its own range",
    };
  const products = uses.filter(({ opType }) => opType !== "Gather");
  if (products.length === 0) return lookupForm(site);
  const grouped = weight.parameters.granularity === "per-group";
  const blocks = takesBlocks(site);
  if (products.every(({ bits }) => bits === undefined)) {
    if (blocks) return { form: "blocks" };
    return { form: "float", note: `${floatReason(site)}: float speed` };
  }
  const lookedUp = uses.filter(({ opType }) => opType === "Gather");
  const reason = grouped
    ? "there is no integer kernel for scales of groups"
    : lookedUp.some(({ seen }) => !seen.direct)
      ? "the table is looked up transposed"
      : products.map((use) => integerObstacle(site, use)).find((found) => found !== undefined);
  if (reason !== undefined)
    return { form: blocks ? "blocks" : "float", note: `${reason}: float speed` };
  return {
    form: "integer",
    ...(weight.parameters.zeroPoint.some((code) => code !== 0) && {
      note: "weights with zero points have slower integer kernels than symmetric ones",
    }),
  };
}

/** Why a layer computes in float whose activation is not rounded. */
function floatReason(site: Site): string {
  const { weight, uses } = site;
  if (weight.activationBits !== EIGHT_BITS) return "float weights are made when the file is loaded";
  if (weight.parameters.granularity === "per-group")
    return "there is no integer kernel for scales of groups";
  const obstacles = uses.map((use) => integerObstacle(site, { ...use, bits: EIGHT_BITS }));
  return (
    obstacles.find((found) => found !== undefined) ??
    "the integer kernel does not pay here, or what reads the result takes it in other widths"
  );
}

function lookupForm({ weight, uses, readElsewhere }: Site): ReturnType<typeof formOf> {
  const rows = uses.every(({ seen }) => seen.direct) && !readElsewhere;
  if (rows && weight.parameters.granularity !== "per-group") return { form: "lookup" };
  return { form: "float", note: "a float table is made when the file is loaded" };
}

/**
 * Why an operator has no integer kernel for its weights; undefined where it has one. Activations of
 * 4 bits count as none: the kernels round biases to the product of both scales, which is coarse
 * then.
 */
function integerObstacle(
  { weight, dims, keepUnsigned }: Site,
  { opType, node, seen, use, bits }: SiteUse,
): string | undefined {
  const { parameters, storage } = weight;
  if (storage.bits > EIGHT_BITS)
    return `there is no integer kernel for ${storage.bits} bit weights`;
  if (bits === undefined) return "the weights also meet activations in float";
  if (bits !== EIGHT_BITS) return `there is no integer kernel for ${bits} bit activations`;
  if (seen.floatType !== "float32") return `there is no integer kernel in ${seen.floatType}`;
  const channel =
    parameters.granularity === "per-tensor"
      ? undefined
      : seen.permutation.indexOf(storedChannelAxis(weight, dims));
  if (opType === "Conv" && keepUnsigned && intAttribute(node, "group", 1) > 1)
    return "a grouped Conv has no fast kernel for unsigned weights";
  if (opType === "Conv")
    return channel === undefined || channel === 0
      ? undefined
      : "the channels are not the first axis";
  if (opType !== "MatMul" && opType !== "Gemm")
    return `${opType} has no integer kernel that reads quantized weights`;
  if (use.activationInput !== 0) return `${opType} has no integer kernel for weights on the left`;
  if (channel === undefined) return undefined;
  if (dims.length !== 2)
    return "there is no integer kernel for a stack of matrices with scales of channels";
  const columns = opType === "Gemm" && intAttribute(node, "transB", 0) !== 0 ? 0 : 1;
  return channel === columns ? undefined : "the scales do not lie along the columns";
}

/** True for a product with 4 bit weights in long groups; it is computed in float. */
function takesBlocks({ weight, dims, uses, alone }: Site): boolean {
  const { parameters, storage } = weight;
  const [only] = uses;
  return (
    alone &&
    only!.opType === "MatMul" &&
    only!.use.activationInput === 0 &&
    only!.seen.floatType === "float32" &&
    dims.length === 2 &&
    storage.bits === 4 &&
    parameters.granularity === "per-group" &&
    BLOCK_SIZES.has(parameters.groupSize) &&
    parameters.shape[parameters.axis]! % parameters.groupSize === 0
  );
}

/**
 * The weights of LSTM nodes that DynamicQuantizeLSTM computes as the genome says: symmetric codes
 * with scales of tensors or channels, and 8 bit activations for input and state.
 */
function recurrentPairs(sites: readonly Site[]): ReadonlySet<PlannedWeight> {
  const pairs = new Map<string, Site[]>();
  for (const site of sites) {
    const { weight, uses, alone } = site;
    const [only] = uses;
    const { parameters, storage } = weight;
    const fits =
      alone &&
      only!.opType === "LSTM" &&
      only!.seen.direct &&
      intAttribute(only!.node, "layout", 0) === 0 &&
      weight.activationBits === EIGHT_BITS &&
      storage.floatType === "float32" &&
      storage.bits <= EIGHT_BITS &&
      storage.signed &&
      parameters.granularity !== "per-group" &&
      parameters.zeroPoint.every((code) => code === 0);
    if (!fits) continue;
    const known = pairs.get(only!.operator);
    if (known === undefined) pairs.set(only!.operator, [site]);
    else known.push(site);
  }
  return new Set(
    [...pairs.values()].flatMap((pair) =>
      pair.length === 2 ? pair.map(({ weight }) => weight) : [],
    ),
  );
}

/** The least opset of a quantized model: DequantizeLinear has an axis from here on. */
const LEAST_OPSET = 13;

/** The least opset that has the types of stored weights. INT16 alone needs none. */
export function weightOpset({ weight, form }: FormedWeight): number {
  const { storage } = weight;
  if (form === "blocks" || storage.bits === 16) return LEAST_OPSET;
  return Math.max(storageType(storage).opset, LEAST_OPSET);
}
