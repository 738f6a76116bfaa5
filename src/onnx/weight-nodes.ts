import type { WeightLayout } from "../model/layer-spec.js";
import { scaleShape } from "../quantization/index.js";
import { makeNode } from "./make-node.js";
import { makeTensor } from "./make-tensor.js";
import type { ModelNames } from "./opset/model-names.js";
import type { QuantizedWeights } from "./quantize-layer.js";
import { scaleTensor, zeroPointTensor } from "./scale-tensors.js";
import { TensorProto_DataType as DataType, type NodeProto, type TensorProto } from "./wire/onnx_pb.js";

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

/** The least opset that {@link weightNodes} needs for these weights. */
export function weightOpset(weights: QuantizedWeights): number {
  const { granularity } = weights.params;
  const grain = granularity === "per-group" ? 21 : granularity === "per-channel" ? 13 : 10;
  return Math.max(weights.storage.opset, grain, weights.float16Scale ? 19 : 0);
}

/**
 * Packed initializers and a DequantizeLinear that makes the tensor `stored.name` again. Per-group weights are
 * dequantized in the view that groups are cut in, and shaped back where that is another shape. DequantizeLinear
 * yields float32 or, with float16 scales, float16; for other types a Cast follows.
 */
export function weightNodes(
  stored: StoredWeight,
  layout: WeightLayout,
  weights: QuantizedWeights,
  names: ModelNames,
): GraphPart {
  const { name } = stored;
  const { params, storage, data, float16Scale } = weights;
  const grouped = params.granularity === "per-group";
  const dims = grouped ? layout.shape : stored.dims;
  const scaleDims = scaleShape(params.shape, params.granularity, params.axis, params.groupSize);
  const initializers = [makeTensor(names.fresh(`${name}_q`), dims, storage.dataType, data)];
  initializers.push(scaleTensor(names.fresh(`${name}_scale`), scaleDims, params.scale, float16Scale));
  // Fusions into integer kernels ask for a zero point even where it is 0; blocks would pay for it dearly.
  if (params.scheme === "asymmetric" || !grouped)
    initializers.push(
      zeroPointTensor(names.fresh(`${name}_zero_point`), scaleDims, params.zeroPoint, storage),
    );

  const reshaped = grouped && !sameShape(layout.shape, stored.dims);
  const cast = stored.dataType !== (float16Scale ? DataType.FLOAT16 : DataType.FLOAT);
  const nodes: NodeProto[] = [];
  const emit = (opType: string, inputs: string[], last: boolean, attributes: Record<string, number>) => {
    const output = last ? name : names.fresh(`${name}_${opType}_output`);
    nodes.push(makeNode(opType, names.fresh(`${name}_${opType}`), inputs, [output], attributes));
    return output;
  };
  let made = emit(
    "DequantizeLinear",
    initializers.map((tensor) => tensor.name),
    !reshaped && !cast,
    {
      ...(params.granularity === "per-channel" && { axis: storedChannelAxis(layout, stored.dims) }),
      ...(grouped && {
        axis: layout.groupAxis,
        block_size: Math.min(params.groupSize, layout.shape[layout.groupAxis]!),
      }),
    },
  );
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
