import type { GraphIndex } from "../graph/graph-index.js";
import { findAttribute, intAttribute, isStandardDomain } from "../graph/node-attributes.js";
import { readFloatTensor } from "../graph/tensor-values.js";
import type { NodeProto } from "../wire/onnx_pb.js";

/** What a node does to each channel of its input: times `factor`, plus `offset`. */
export interface ChannelAffine {
  /** One entry for each channel. */
  readonly factor: Float64Array;
  readonly offset: Float64Array;
}

/**
 * What a node does to the channels of one input, axis 1 of a value of `rank`, where that is a
 * factor and an offset for each: BatchNormalization at inference, and Mul, Div, Add or Sub with a
 * stored operand. Computed in float64.
 * @param input which input of the node the value is
 * @returns undefined for any other node, and where an operand is not stored, varies along another
 *   axis, or holds what is not finite
 */
export function channelAffine(
  node: NodeProto,
  input: number,
  channels: number,
  rank: number,
  index: GraphIndex,
): ChannelAffine | undefined {
  if (!isStandardDomain(node.domain)) return undefined;
  if (node.opType === "BatchNormalization")
    return input === 0 ? batchNormalization(node, channels, index) : undefined;
  const stored = node.input[1 - input];
  if (stored === undefined || node.input.length !== 2) return undefined;
  const operand = channelOperand(stored, channels, rank, index);
  if (operand === undefined) return undefined;
  const ones = new Float64Array(channels).fill(1);
  const zeros = new Float64Array(channels);
  switch (node.opType) {
    case "Mul":
      return { factor: operand, offset: zeros };
    case "Div":
      return input === 0 && operand.every((value) => value !== 0)
        ? { factor: operand.map((value) => 1 / value), offset: zeros }
        : undefined;
    case "Add":
      return { factor: ones, offset: operand };
    case "Sub":
      return input === 0
        ? { factor: ones, offset: operand.map((value) => -value) }
        : { factor: ones.fill(-1), offset: operand };
    default:
      return undefined;
  }
}

function batchNormalization(
  node: NodeProto,
  channels: number,
  index: GraphIndex,
): ChannelAffine | undefined {
  if (intAttribute(node, "training_mode", 0) !== 0 || intAttribute(node, "spatial", 1) !== 1)
    return undefined;
  if (node.output.slice(1).some((name) => name !== "")) return undefined;
  const [scale, bias, mean, variance] = node.input
    .slice(1)
    .map((name) => storedFloats(name, index)) as (Float32Array | undefined)[];
  if (scale === undefined || bias === undefined || mean === undefined || variance === undefined)
    return undefined;
  if ([scale, bias, mean, variance].some(({ length }) => length !== channels)) return undefined;
  const epsilon = findAttribute(node, "epsilon")?.f ?? 1e-5;
  const factor = Float64Array.from(scale, (s, c) => s / Math.sqrt(variance[c]! + epsilon));
  const offset = Float64Array.from(bias, (b, c) => b - mean[c]! * factor[c]!);
  return factor.every(Number.isFinite) && offset.every(Number.isFinite)
    ? { factor, offset }
    : undefined;
}

/** A stored operand that varies along axis 1 of a value of `rank` at most; one entry a channel. */
function channelOperand(
  name: string,
  channels: number,
  rank: number,
  index: GraphIndex,
): Float64Array | undefined {
  const dims = index.constants.get(name)?.dims;
  if (dims === undefined || dims.length > rank) return undefined;
  const channelAxis = dims.length - rank + 1;
  if (dims.some((extent, axis) => extent !== 1 && (axis !== channelAxis || extent !== channels)))
    return undefined;
  const values = storedFloats(name, index);
  return values && Float64Array.from({ length: channels }, (_, c) => values[c % values.length]!);
}

/** The values of a stored float tensor; undefined for others, and where one is not finite. */
export function storedFloats(name: string, index: GraphIndex): Float32Array | undefined {
  const constant = index.constants.get(name);
  if (constant === undefined) return undefined;
  try {
    return readFloatTensor(constant.tensor, name);
  } catch {
    // Not float, or NaN or infinity among the values: whoever reads it as weights says so.
    return undefined;
  }
}
