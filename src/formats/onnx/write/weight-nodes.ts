import type { WeightLayout } from "../../../model/layer-spec.js";
import { type QuantizationParams, scaleShape } from "../../../quantization/index.js";
import { makeNode } from "../graph/make-node.js";
import { makeTensor } from "../graph/make-tensor.js";
import type { ModelNames } from "../opset/model-names.js";
import type { WeightUse } from "../read/onnx-model.js";
import type { QuantizedWeights } from "../weights/quantize-layer.js";
import {
  TensorProto_DataType as DataType,
  type NodeProto,
  type TensorProto,
} from "../wire/onnx_pb.js";
import { scaleTensor, zeroPointTensor } from "./scale-tensors.js";

/** What a rewrite adds to a graph. */
export interface GraphPart {
  readonly initializers: readonly TensorProto[];
  readonly nodes: readonly NodeProto[];
}

/** A stored weight tensor. */
export interface StoredWeight {
  readonly name: string;
  readonly dims: readonly number[];
  /** TensorProto.DataType, a float type. */
  readonly dataType: number;
}

/** The tensor that DequantizeLinear works on, and the scales it takes. */
interface DequantizedView {
  readonly dims: readonly number[];
  readonly scaleDims: readonly number[];
  readonly attributes: Readonly<Record<string, number>>;
}

/**
 * The least opset of a quantized model. DequantizeLinear has an axis from 13 on; 10 would do for
 * per-tensor scales, but ONNX Runtime's own quantization of biases then adds a Round, which exists
 * from 11 on only.
 */
const LEAST_OPSET = 13;

/** The least opset that {@link weightNodes} needs for these weights. */
export function weightOpset(weights: QuantizedWeights, shielded: boolean): number {
  const { granularity } = weights.params;
  const grain = granularity === "per-group" || shielded ? 21 : LEAST_OPSET;
  return Math.max(weights.storage.opset, grain, weights.float16Scale ? 19 : 0);
}

/**
 * True when a Reshape must stand between DequantizeLinear and the weights' uses. ONNX Runtime's
 * optimizer fuses DequantizeLinear, operator and QuantizeLinear by pattern, and (in 1.30) also
 * where it has no right kernel: it makes a QLinearConv with 2 bit weights, which does not load, and
 * a MatMulIntegerToFloat with blocks or with scales along the rows, which does not run; its 2 bit
 * MatMulNBits gives wrong numbers; and it rounds biases to multiples of the two scales' product,
 * which is coarse for few bits and overflows for 16. What is left alone are the patterns that it
 * has good kernels for: 8 bits with 8 bits, and 4, 8 and 16 bit weights with float activations.
 * @param uses where the weights meet activations
 * @param activationBits code widths of those activations that are quantized
 */
export function needsShield(
  weights: QuantizedWeights,
  uses: readonly WeightUse[],
  activationBits: readonly number[],
): boolean {
  const { storage, params } = weights;
  if (activationBits.length === 0) return storage.bits === 2;
  const integerKernel = params.bits === 8 && activationBits.every((bits) => bits === 8);
  // A second use, the left side of a product or a stack of matrices may have its scales along the
  // wrong axis.
  const columns =
    params.granularity === "per-tensor" ||
    (params.granularity === "per-channel" &&
      params.shape.length === 2 &&
      uses.length === 1 &&
      uses[0]!.activationInput === 0);
  return !integerKernel || !columns;
}

/**
 * Packed initializers and a DequantizeLinear that makes the tensor `stored.name` again. Per-group
 * weights are dequantized in the view that groups are cut in, and shaped back where that is another
 * shape. DequantizeLinear yields float32 or, with float16 scales, float16; for other types a Cast
 * follows.
 * @param shielded a Reshape follows in any case, see {@link needsShield}
 */
export function weightNodes(
  stored: StoredWeight,
  layout: WeightLayout,
  weights: QuantizedWeights,
  shielded: boolean,
  names: ModelNames,
): GraphPart {
  const { name } = stored;
  const { params, storage, data, float16Scale } = weights;
  const { dims, scaleDims, attributes } = dequantizedView(stored.dims, layout, params, shielded);
  const initializers = [makeTensor(names.fresh(`${name}_q`), dims, storage.dataType, data)];
  initializers.push(
    scaleTensor(names.fresh(`${name}_scale`), scaleDims, params.scale, float16Scale),
  );
  // Fusions into integer kernels ask for a zero point even where it is 0; blocks would pay for it
  // dearly.
  if (params.scheme === "asymmetric" || params.granularity !== "per-group")
    initializers.push(
      zeroPointTensor(names.fresh(`${name}_zero_point`), scaleDims, params.zeroPoint, storage),
    );

  const reshaped = !sameShape(dims, stored.dims);
  const cast = stored.dataType !== (float16Scale ? DataType.FLOAT16 : DataType.FLOAT);
  const nodes: NodeProto[] = [];
  const emit = (
    opType: string,
    inputs: string[],
    last: boolean,
    settings: Readonly<Record<string, number>>,
  ) => {
    const output = last ? name : names.fresh(`${name}_${opType}_output`);
    nodes.push(makeNode(opType, names.fresh(`${name}_${opType}`), inputs, [output], settings));
    return output;
  };
  const operands = initializers.map((tensor) => tensor.name);
  let made = emit("DequantizeLinear", operands, !reshaped && !cast, attributes);
  if (reshaped) {
    const shape = makeTensor(
      names.fresh(`${name}_shape`),
      [stored.dims.length],
      DataType.INT64,
      int64Bytes(stored.dims),
    );
    initializers.push(shape);
    made = emit("Reshape", [made, shape.name], !cast, {});
  }
  if (cast) emit("Cast", [made], true, { to: stored.dataType });
  return { initializers, nodes };
}

/**
 * Another shape than the stored one when `shielded`, with scales that are no scalar: those pass
 * through Reshape.
 */
function dequantizedView(
  stored: readonly number[],
  layout: WeightLayout,
  params: QuantizationParams,
  shielded: boolean,
): DequantizedView {
  const scaleDims = scaleShape(params.shape, params.granularity, params.axis, params.groupSize);
  if (params.granularity === "per-group") {
    const axis = layout.groupAxis;
    const block = Math.min(params.groupSize, layout.shape[axis]!);
    return shielded && sameShape(layout.shape, stored)
      ? {
          dims: [1, ...stored],
          scaleDims: [1, ...scaleDims],
          attributes: { axis: axis + 1, block_size: block },
        }
      : { dims: layout.shape, scaleDims, attributes: { axis, block_size: block } };
  }
  if (shielded && params.scale.length === 1) {
    const count = stored.reduce((product, extent) => product * extent, 1);
    return { dims: [1, count], scaleDims: [1, 1], attributes: { axis: 1, block_size: count } };
  }
  if (params.granularity === "per-tensor") return { dims: stored, scaleDims, attributes: {} };
  const axis = storedChannelAxis(layout, stored);
  return shielded
    ? { dims: [1, ...stored], scaleDims, attributes: { axis: axis + 1 } }
    : { dims: stored, scaleDims, attributes: { axis } };
}

/** The stored axis behind the layout's channel axis, which no layout merges with others. */
export function storedChannelAxis(layout: WeightLayout, dims: readonly number[]): number {
  const { shape, channelAxis } = layout;
  const channels = shape[channelAxis];
  const before = shape.slice(0, channelAxis).reduce((product, extent) => product * extent, 1);
  let outer = 1;
  for (let axis = 0; axis < dims.length; axis++) {
    if (outer === before && dims[axis] === channels) return axis;
    outer *= dims[axis]!;
  }
  return channelAxis;
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

function int64Bytes(values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(8 * values.length));
  values.forEach((value, i) => {
    view.setBigInt64(8 * i, BigInt(value), true);
  });
  return new Uint8Array(view.buffer);
}
