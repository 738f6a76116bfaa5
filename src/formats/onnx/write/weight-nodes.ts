import type { PlannedWeight } from "../../../deploy/deployment-plan.js";
import { type QuantizationParams, scaleShape } from "../../../quantization/index.js";
import { makeNode } from "../graph/make-node.js";
import { makeTensor } from "../graph/make-tensor.js";
import type { ModelNames } from "../opset/model-names.js";
import type { WeightUse } from "../read/onnx-model.js";
import {
  TensorProto_DataType as DataType,
  type NodeProto,
  type TensorProto,
} from "../wire/onnx_pb.js";
import { dataTypeOf } from "./float-types.js";
import { scaleTensor, zeroPointTensor } from "./scale-tensors.js";
import { storageType } from "./storage-type.js";

/** What a rewrite adds to a graph. */
export interface GraphPart {
  readonly initializers: readonly TensorProto[];
  readonly nodes: readonly NodeProto[];
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
export function weightOpset({ parameters, storage }: PlannedWeight, barrier: boolean): number {
  const grain = parameters.granularity === "per-group" || barrier ? 21 : LEAST_OPSET;
  return Math.max(storageType(storage).opset, grain, storage.float16Scale ? 19 : 0);
}

/**
 * True when a fusion barrier, a Reshape, must stand between DequantizeLinear and the weights' uses.
 * ONNX Runtime's optimizer fuses DequantizeLinear, operator and QuantizeLinear by pattern. In 1.30
 * it does so also where it has no right kernel:
 * - It makes a QLinearConv with 2 bit weights, which does not load.
 * - It makes a MatMulIntegerToFloat with blocks or with scales along the rows, which does not run.
 * - Its 2 bit MatMulNBits gives wrong numbers.
 * - It rounds biases to multiples of the two scales' product: coarse for few bits, and they
 *   overflow for 16.
 *
 * The patterns that it has good kernels for are left alone: 8 bits with 8 bits, and 4, 8 and 16 bit
 * weights with float activations.
 * @param uses where the weights meet activations
 * @param activationBits code widths of those activations that are quantized
 */
export function needsFusionBarrier(
  { parameters: params, storage }: PlannedWeight,
  uses: readonly WeightUse[],
  activationBits: readonly number[],
): boolean {
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
 * Packed initializers and a DequantizeLinear that makes the stored tensor again. Per-group
 * weights are dequantized in the view that groups are cut in, and shaped back where that is another
 * shape. DequantizeLinear yields float32 or, with float16 scales, float16; for other types a Cast
 * follows.
 * @param storedDims shape of the stored tensor
 * @param barrier a Reshape follows in any case, see {@link needsFusionBarrier}
 */
export function weightNodes(
  { tensor: name, parameters: params, storage: stored, codes }: PlannedWeight,
  storedDims: readonly number[],
  barrier: boolean,
  names: ModelNames,
): GraphPart {
  const { float16Scale } = stored;
  const dataType = dataTypeOf(stored.floatType);
  const storage = storageType(stored);
  const { dims, scaleDims, attributes } = dequantizedView(storedDims, params, barrier);
  const initializers = [makeTensor(names.fresh(`${name}_q`), dims, storage.dataType, codes)];
  initializers.push(
    scaleTensor(names.fresh(`${name}_scale`), scaleDims, params.scale, float16Scale),
  );
  // Fusions into integer kernels ask for a zero point even where it is 0; blocks would pay much
  // for it.
  if (params.scheme === "asymmetric" || params.granularity !== "per-group")
    initializers.push(
      zeroPointTensor(names.fresh(`${name}_zero_point`), scaleDims, params.zeroPoint, storage),
    );

  const reshaped = !sameShape(dims, storedDims);
  const cast = dataType !== (float16Scale ? DataType.FLOAT16 : DataType.FLOAT);
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
      [storedDims.length],
      DataType.INT64,
      int64Bytes(storedDims),
    );
    initializers.push(shape);
    made = emit("Reshape", [made, shape.name], !cast, {});
  }
  if (cast) emit("Cast", [made], true, { to: dataType });
  return { initializers, nodes };
}

/**
 * Another shape than the stored one when `barrier`, with scales that are no scalar: those pass
 * through Reshape.
 */
function dequantizedView(
  stored: readonly number[],
  params: QuantizationParams,
  barrier: boolean,
): DequantizedView {
  const scaleDims = scaleShape(params.shape, params.granularity, params.axis, params.groupSize);
  if (params.granularity === "per-group") {
    const { axis, shape } = params;
    const block = Math.min(params.groupSize, shape[axis]!);
    return barrier && sameShape(shape, stored)
      ? {
          dims: [1, ...stored],
          scaleDims: [1, ...scaleDims],
          attributes: { axis: axis + 1, block_size: block },
        }
      : { dims: shape, scaleDims, attributes: { axis, block_size: block } };
  }
  if (barrier && params.scale.length === 1) {
    const count = stored.reduce((product, extent) => product * extent, 1);
    return { dims: [1, count], scaleDims: [1, 1], attributes: { axis: 1, block_size: count } };
  }
  if (params.granularity === "per-tensor") return { dims: stored, scaleDims, attributes: {} };
  const axis = storedChannelAxis(params, stored);
  return barrier
    ? { dims: [1, ...stored], scaleDims, attributes: { axis: axis + 1 } }
    : { dims: stored, scaleDims, attributes: { axis } };
}

/** The stored axis behind the channel axis of a layout, which no layout merges with others. */
function storedChannelAxis(
  { shape, axis: channelAxis }: Pick<QuantizationParams, "shape" | "axis">,
  dims: readonly number[],
): number {
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
