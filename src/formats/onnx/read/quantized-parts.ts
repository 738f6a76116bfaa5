import { elementBits } from "../graph/element-type.js";
import type { GraphConstant, GraphIndex } from "../graph/graph-index.js";
import { extentProduct } from "../shape/shape-context.js";
import { LIMITS } from "../wire/limits.js";
import { TensorProto_DataType as DataType, type NodeProto } from "../wire/onnx_pb.js";

/** What a graph holds that is quantized already. */
export interface QuantizedParts {
  /** Stored tensors of weights. */
  readonly tensors: ReadonlySet<string>;
  /** The operators that compute with them, in words. */
  readonly operators: readonly string[];
}

/** Operators that compute with weights which are already integers. */
const QUANTIZED_OPERATORS: ReadonlySet<string> = new Set([
  ...["QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger", "QGemm", "QAttention"],
  ...["MatMulNBits", "MatMulBnb4", "MatMulFpQ4", "GatherBlockQuantized", "DynamicQuantizeMatMul"],
  ...["MatMulIntegerToFloat", "MatMulInteger16", "DynamicQuantizeLSTM", "QEmbedLayerNormalization"],
  ...["QOrderedMatMul", "QOrderedAttention", "QMoE"],
]);

const ROUNDING: ReadonlySet<string> = new Set(["QuantizeLinear", "DequantizeLinear"]);

/** Elements from which a tensor of narrow integers counts as weights. */
const LEAST_CODES = 64;

/** True for what computes with weights that are integers already. */
export function isQuantizedOperator({ opType }: NodeProto): boolean {
  return QUANTIZED_OPERATORS.has(opType);
}

/** Integers and floats of up to 8 bits, in which quantized weights are stored. */
function isCodeType(dataType: number): boolean {
  return (
    dataType !== DataType.BOOL &&
    dataType !== DataType.STRING &&
    (elementBits(dataType) ?? Number.POSITIVE_INFINITY) <= 8
  );
}

/** Bytes that a stored tensor takes. */
export function storedBytes({ tensor, dims }: GraphConstant): number {
  return Math.ceil((extentProduct(dims) * (elementBits(tensor.dataType) ?? 0)) / 8);
}

function isCodes(constant: GraphConstant): boolean {
  return isCodeType(constant.tensor.dataType) && extentProduct(constant.dims) >= LEAST_CODES;
}

/** The tensors of codes among the inputs of a node. */
export function codeInputs(index: GraphIndex, node: NodeProto): string[] {
  return node.input.filter((name) => {
    const constant = index.constants.get(name);
    return constant !== undefined && isCodes(constant);
  });
}

/**
 * The stored weights behind an operand that are quantized already: codes behind DequantizeLinear,
 * Cast, Mul and whatever computes with stored tensors alone, or floats that pass QuantizeLinear.
 * @returns the names of the largest such tensors; none where the operand is computed from inputs
 */
export function quantizedBehind(index: GraphIndex, operand: string): string[] {
  const seen = new Set<string>();
  const open = [operand];
  const codes: { readonly name: string; readonly rank: number; readonly size: number }[] = [];
  let rounded: string | undefined;
  let largest = 0;
  let passesRounding = false;
  while (open.length > 0) {
    const name = open.pop()!;
    if (name === "" || seen.has(name)) continue;
    if (seen.size >= LIMITS.weightChain) return [];
    seen.add(name);
    const constant = index.constants.get(name);
    if (constant !== undefined) {
      const size = extentProduct(constant.dims);
      if (isCodes(constant)) codes.push({ name, rank: constant.dims.length, size });
      if (size > largest) {
        largest = size;
        rounded = name;
      }
      continue;
    }
    const at = index.producers.get(name);
    if (at === undefined) return [];
    const node = index.graph.node[at]!;
    if (ROUNDING.has(node.opType)) passesRounding = true;
    open.push(...node.input);
  }
  // A zero point for each channel is no weight.
  const weights = codes.filter(({ rank, size }) => rank > 1 || size === largest);
  if (weights.length > 0) return weights.map(({ name }) => name);
  return passesRounding && rounded !== undefined ? [rounded] : [];
}
