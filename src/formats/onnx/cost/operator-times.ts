import type { PlacedOperator } from "../../../deploy/placement.js";
import { KERNEL_TIMES } from "./kernel-times.js";
import { convolutionUs, productUs, recurrentUs } from "./layer-times.js";
import { type OperatorWork, RECURRENT } from "./operator-work.js";

const { node, integerNode, smallNode, quantize, dequantize } = KERNEL_TIMES;
const { broadcastRun, plainPool, elementwise, otherElementwise } = KERNEL_TIMES;
const VIEWS: ReadonlySet<string> = new Set(KERNEL_TIMES.views);
const ACTIVATIONS: ReadonlySet<string> = new Set(KERNEL_TIMES.activations);
const PRODUCTS: ReadonlySet<string> = new Set(["MatMul", "Gemm"]);
/** What they leave out takes no time. */
const SELECTS: ReadonlySet<string> = new Set(["Slice", "Gather"]);
const CONVOLUTIONS: ReadonlySet<string> = new Set(["Conv", "ConvTranspose"]);
const MICRO = 1e-3;

/**
 * Microseconds of an operator in float.
 * @param before the operator that makes what it reads first
 * @param coldMb megabytes that one run of the graph writes
 */
export function floatUs(
  operator: PlacedOperator,
  work: OperatorWork,
  before: PlacedOperator | undefined,
  coldMb: number,
): number {
  const { type, reads, makes, layers, inner } = operator;
  if (reads.length === 0 && makes.length === 0) return smallNode.hot;
  if (CONVOLUTIONS.has(type)) return convolutionUs(work, false, coldMb);
  if (RECURRENT.has(type)) return recurrentUs(work, false);
  const size = elementsOf(operator, work);
  const clampUs = operator.clamp === undefined ? 0 : elementUs("Clip", size, coldMb);
  if (PRODUCTS.has(type)) {
    // Only a matrix product of two axes takes the sum and the clamp behind it along.
    const alone = type === "MatMul" && work.rank !== 2;
    const sumUs = operator.bias === undefined ? 0 : elementUs("Add", work.outputs, coldMb);
    return productUs(work, false, coldMb) + (alone ? sumUs + clampUs : 0);
  }
  if (layers.length > 0) return nodeUs(node, coldMb) + 0.1 * MICRO * work.outputs;
  if (VIEWS.has(type)) return nodeUs(node, coldMb);
  // The runtime computes these while it writes the result of the layer.
  const joins = before !== undefined && CONVOLUTIONS.has(before.type) && ACTIVATIONS.has(type);
  if (joins)
    return type === "Relu" || type === "Clip" ? 0 : 0.5 * MICRO * kernelOf(type).float * size;
  const nodes = inner === undefined || type !== "HardSwish" ? 1 : inner.length + 1;
  return nodes * elementUs(type, size, coldMb) + MICRO * broadcastRun * work.runs + clampUs;
}

const kernelOf = (type: string) => elementwise[type] ?? otherElementwise;

/** Microseconds of a node. */
export const nodeUs = ({ hot, cold }: { hot: number; cold: number }, coldMb: number) =>
  hot + cold * coldMb;

function elementUs(type: string, size: number, coldMb: number): number {
  return nodeUs(node, coldMb) + kernelOf(type).float * MICRO * size;
}

/** Elements that an operator goes through. */
function elementsOf({ type, reads }: PlacedOperator, { outputs, inputs }: OperatorWork): number {
  if (SELECTS.has(type)) return outputs;
  return Math.max(outputs, inputs / Math.max(1, reads.length));
}

/** Microseconds of a normalization: the last of its operators stands for all of it. */
export function normalizationUs(
  operator: PlacedOperator,
  work: OperatorWork,
  isLast: boolean,
  coldMb: number,
): number {
  return isLast ? elementUs("LayerNormalization", elementsOf(operator, work), coldMb) : 0;
}

/** Microseconds that MaxPool in float takes more where channels are not blocked. */
export function plainPoolUs({ type }: PlacedOperator, { inputs }: OperatorWork): number {
  return type === "MaxPool" ? MICRO * (plainPool - kernelOf(type).float) * inputs : 0;
}

/** Microseconds that an operator in float takes more where channels are last. */
export function channelsLastUs(operator: PlacedOperator, work: OperatorWork): number {
  const { float, last = float } = kernelOf(operator.type);
  const runs = work.expands ? broadcastRun * (work.places - work.runs) : 0;
  return MICRO * ((last - float) * elementsOf(operator, work) + runs);
}

/** Microseconds of an operator that computes on codes. */
export function integerUs(operator: PlacedOperator, work: OperatorWork, coldMb: number): number {
  const { type } = operator;
  if (CONVOLUTIONS.has(type)) return convolutionUs(work, true, coldMb);
  if (PRODUCTS.has(type)) return productUs(work, true, coldMb);
  if (VIEWS.has(type)) return nodeUs(node, coldMb);
  const { integer = otherElementwise.integer!, nodes = 1, place = 0, between } = kernelOf(type);
  const size = elementsOf(operator, work);
  if (between === true)
    return (
      elementUs(type, size, coldMb) +
      nodeUs(quantize, coldMb) +
      nodeUs(dequantize, coldMb) +
      MICRO * (quantize.element + dequantize.element) * size
    );
  return nodes * nodeUs(integerNode, coldMb) + MICRO * (integer * size + place * work.places);
}
