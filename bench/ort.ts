import { InferenceSession, Tensor } from "onnxruntime-node";
import {
  bytesOf,
  type GraphParts,
  model,
  node,
  value,
} from "../test/formats/onnx/graph-builder.js";

/** TensorProto.DataType numbers. */
const FLOAT = 1;
const INT8 = 3;

/**
 * ONNX Runtime on one thread for the kernels that it has, on one float32 tensor. Its outputs are
 * fresh each time.
 */
export interface OrtKernels {
  quantize(): Promise<unknown>;
  quantizePerChannel(): Promise<unknown>;
  dequantize(): Promise<unknown>;
  quantizeDequantize(): Promise<unknown>;
  minMax(): Promise<unknown>;
}

const OPTIONS: InferenceSession.SessionOptions = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  graphOptimizationLevel: "disabled",
};

async function session(parts: GraphParts): Promise<InferenceSession> {
  return InferenceSession.create(bytesOf(model({ ...parts, opset: 13 })), OPTIONS);
}

/** @param channels rows of the tensor, for the per-channel kernel */
export async function ortKernels(
  values: Float32Array,
  codes: Int8Array,
  scale: number,
  channels: number,
): Promise<OrtKernels> {
  const dims = [channels, values.length / channels];
  const x = new Tensor("float32", values, dims);
  const q = new Tensor("int8", codes, dims);
  const s = new Tensor("float32", Float32Array.of(scale), []);
  const z = new Tensor("int8", Int8Array.of(0), []);
  const ss = new Tensor("float32", new Float32Array(channels).fill(scale), [channels]);
  const zz = new Tensor("int8", new Int8Array(channels), [channels]);
  const shape = ["n", "m"];
  const scalars = [value("s", [], FLOAT), value("z", [], INT8)];
  const vectors = [value("s", ["n"], FLOAT), value("z", ["n"], INT8)];
  const quantizer = await session({
    inputs: [value("x", shape, FLOAT), ...scalars],
    outputs: [value("y", shape, INT8)],
    nodes: [node("QuantizeLinear", ["x", "s", "z"], ["y"])],
  });
  const perChannel = await session({
    inputs: [value("x", shape, FLOAT), ...vectors],
    outputs: [value("y", shape, INT8)],
    nodes: [node("QuantizeLinear", ["x", "s", "z"], ["y"], { axis: 0 })],
  });
  const dequantizer = await session({
    inputs: [value("x", shape, INT8), ...scalars],
    outputs: [value("y", shape, FLOAT)],
    nodes: [node("DequantizeLinear", ["x", "s", "z"], ["y"])],
  });
  const both = await session({
    inputs: [value("x", shape, FLOAT), ...scalars],
    outputs: [value("y", shape, FLOAT)],
    nodes: [
      node("QuantizeLinear", ["x", "s", "z"], ["q"]),
      node("DequantizeLinear", ["q", "s", "z"], ["y"]),
    ],
  });
  const range = await session({
    inputs: [value("x", shape, FLOAT)],
    outputs: [value("low", [], FLOAT), value("high", [], FLOAT)],
    nodes: [
      node("ReduceMin", ["x"], ["low"], { keepdims: 0 }),
      node("ReduceMax", ["x"], ["high"], { keepdims: 0 }),
    ],
  });
  return {
    quantize: () => quantizer.run({ x, s, z }),
    quantizePerChannel: () => perChannel.run({ x, s: ss, z: zz }),
    dequantize: () => dequantizer.run({ x: q, s, z }),
    quantizeDequantize: () => both.run({ x, s, z }),
    minMax: () => range.run({ x }),
  };
}
