import {
  type ModelProto,
  type TensorProto,
  TensorProto_DataType,
} from "../../../src/formats/onnx/wire/onnx_pb.js";
import type { Batch } from "../../../src/measure/batches/tensor-data.js";
import { encodeFloat16 } from "../../../src/numeric/float16.js";
import { Random } from "../../../src/random/random.js";
import { type AttributeValue, model, node, value, weights } from "./graph-builder.js";

/** A model that a quantizer has to cope with, and inputs for it. */
export interface SmallModel {
  readonly proto: ModelProto;
  readonly inputs: Batch;
}

/** Normal numbers that depend on the label alone. */
export function normals(label: string, count: number): Float32Array {
  const random = new Random(label);
  return Float32Array.from({ length: count }, () => random.normal());
}

/** Weights whose values follow from their name. */
export function normalWeights(name: string, dims: readonly number[]): TensorProto {
  return weights(
    name,
    dims,
    normals(
      name,
      dims.reduce((a, b) => a * b, 1),
    ),
  );
}

function images(label: string, dims: readonly number[]): Batch {
  return {
    x: {
      data: normals(
        label,
        dims.reduce((a, b) => a * b, 1),
      ),
      dims,
    },
  };
}

const same: Record<string, AttributeValue> = { pads: [1, 1, 1, 1] };

/** Two convolutions, the second with a bias, and a classifier. */
export function convNet(opset = 13): SmallModel {
  return {
    proto: model({
      opset,
      inputs: [value("x", ["n", 3, 6, 6])],
      outputs: [value("y", ["n", 5])],
      initializers: [
        normalWeights("c1.w", [4, 3, 3, 3]),
        normalWeights("c2.w", [6, 4, 3, 3]),
        normalWeights("c2.b", [6]),
        normalWeights("fc.w", [5, 6]),
        normalWeights("fc.b", [5]),
      ],
      nodes: [
        node("Conv", ["x", "c1.w"], ["c1.y"], same, "c1"),
        node("Relu", ["c1.y"], ["r1"]),
        node("Conv", ["r1", "c2.w", "c2.b"], ["c2.y"], same, "c2"),
        node("Relu", ["c2.y"], ["r2"]),
        node("GlobalAveragePool", ["r2"], ["p"]),
        node("Flatten", ["p"], ["f"]),
        node("Gemm", ["f", "fc.w", "fc.b"], ["y"], { transB: 1 }, "fc"),
      ],
    }),
    inputs: images("conv net", [4, 3, 6, 6]),
  };
}

function depthwise(): SmallModel {
  return {
    proto: model({
      inputs: [value("x", ["n", 4, 6, 6])],
      outputs: [value("y", ["n", 5, 6, 6])],
      initializers: [normalWeights("dw", [4, 1, 3, 3]), normalWeights("pw", [5, 4, 1, 1])],
      nodes: [
        node("Conv", ["x", "dw"], ["h"], { ...same, group: 4 }, "dw"),
        node("Relu", ["h"], ["r"]),
        node("Conv", ["r", "pw"], ["y"], {}, "pw"),
      ],
    }),
    inputs: images("depthwise", [4, 4, 6, 6]),
  };
}

function convTranspose(): SmallModel {
  return {
    proto: model({
      inputs: [value("x", ["n", 4, 5, 5])],
      outputs: [value("y", ["n", 3, 5, 5])],
      initializers: [normalWeights("w", [4, 3, 3, 3])],
      nodes: [node("ConvTranspose", ["x", "w"], ["y"], same, "up")],
    }),
    inputs: images("conv transpose", [2, 4, 5, 5]),
  };
}

function gemm(): SmallModel {
  return {
    proto: model({
      inputs: [value("x", ["n", 162])],
      outputs: [value("y", ["n", 165])],
      initializers: [
        normalWeights("w1", [190, 162]),
        normalWeights("b1", [190]),
        normalWeights("w2", [190, 165]),
      ],
      nodes: [
        node("Gemm", ["x", "w1", "b1"], ["h"], { transB: 1 }, "g1"),
        node("Relu", ["h"], ["r"]),
        node("Gemm", ["r", "w2"], ["y"], {}, "g2"),
      ],
    }),
    inputs: images("gemm", [4, 162]),
  };
}

function matMul(): SmallModel {
  return {
    proto: model({
      inputs: [value("x", ["n", 3, 64])],
      outputs: [value("y", ["n", 3, 60])],
      initializers: [normalWeights("w1", [64, 200]), normalWeights("w2", [200, 60])],
      nodes: [
        node("MatMul", ["x", "w1"], ["h"], {}, "m1"),
        node("Tanh", ["h"], ["t"]),
        node("MatMul", ["t", "w2"], ["y"], {}, "m2"),
      ],
    }),
    inputs: images("matmul", [4, 3, 64]),
  };
}

function embedding(): SmallModel {
  return {
    proto: model({
      inputs: [value("ids", ["n", 4], TensorProto_DataType.INT64)],
      outputs: [value("y", ["n", 4, 6])],
      initializers: [normalWeights("table", [11, 7]), normalWeights("head", [7, 6])],
      nodes: [
        node("Gather", ["table", "ids"], ["e"], {}, "embed"),
        node("MatMul", ["e", "head"], ["y"], {}, "head"),
      ],
    }),
    inputs: { ids: { data: BigInt64Array.from([0n, 3n, 10n, 2n, 7n, 7n, 1n, 5n]), dims: [2, 4] } },
  };
}

/** Sequence and batch are both 2, so that the batch is first whichever one means. */
function lstm(): SmallModel {
  return {
    proto: model({
      inputs: [value("x", [2, 2, 6])],
      outputs: [value("y", [2, 1, 2, 4])],
      initializers: [normalWeights("w", [1, 16, 6]), normalWeights("r", [1, 16, 4])],
      nodes: [node("LSTM", ["x", "w", "r"], ["y"], { hidden_size: 4 }, "lstm")],
    }),
    inputs: images("lstm", [2, 2, 6]),
  };
}

/** One tensor is the weights of two nodes, of which one sees it transposed. */
function sharedWeights(): SmallModel {
  return {
    proto: model({
      inputs: [value("x", ["n", 8])],
      outputs: [value("y", ["n", 8])],
      initializers: [normalWeights("w", [8, 10])],
      nodes: [
        node("MatMul", ["x", "w"], ["h"], {}, "there"),
        node("Relu", ["h"], ["r"]),
        node("Transpose", ["w"], ["wt"], { perm: [1, 0] }),
        node("Identity", ["wt"], ["wti"]),
        node("MatMul", ["r", "wti"], ["y"], {}, "back"),
      ],
    }),
    inputs: images("shared", [4, 8]),
  };
}

/** The weights are the first operand of a product. */
function leftWeights(): SmallModel {
  return {
    proto: model({
      inputs: [value("x", ["n", 8, 3])],
      outputs: [value("y", ["n", 5, 3])],
      initializers: [normalWeights("w", [5, 8])],
      nodes: [node("MatMul", ["w", "x"], ["y"], {}, "left")],
    }),
    inputs: images("left", [4, 8, 3]),
  };
}

/** One matrix for each head. */
function stackedWeights(): SmallModel {
  return {
    proto: model({
      inputs: [value("x", ["n", 2, 3, 8])],
      outputs: [value("y", ["n", 2, 3, 5])],
      initializers: [normalWeights("w", [2, 8, 5])],
      nodes: [node("MatMul", ["x", "w"], ["y"], {}, "heads")],
    }),
    inputs: images("stack", [4, 2, 3, 8]),
  };
}

function constantWeights(): SmallModel {
  return {
    proto: model({
      inputs: [value("x", ["n", 8])],
      outputs: [value("y", ["n", 5])],
      nodes: [
        node("Constant", [], ["w"], { value: normalWeights("w", [8, 5]) }),
        node("MatMul", ["x", "w"], ["y"], {}, "m"),
      ],
    }),
    inputs: images("constant", [4, 8]),
  };
}

/** As old files are: IR 3, opset 9, every initializer also an input. */
function initializerInputs(): SmallModel {
  const proto = model({
    opset: 9,
    inputs: [value("x", ["n", 8]), value("w", [8, 5])],
    outputs: [value("y", ["n", 5])],
    initializers: [normalWeights("w", [8, 5])],
    nodes: [node("MatMul", ["x", "w"], ["y"], {}, "m")],
  });
  proto.irVersion = 3n;
  return { proto, inputs: images("old", [4, 8]) };
}

/** The tensor in another float type. */
function asType(tensor: TensorProto, dataType: number): TensorProto {
  const values = new Float32Array(tensor.rawData.slice().buffer);
  if (dataType === TensorProto_DataType.FLOAT16)
    tensor.rawData = new Uint8Array(encodeFloat16(values).slice().buffer);
  else tensor.rawData = new Uint8Array(Float64Array.from(values).buffer);
  tensor.dataType = dataType;
  return tensor;
}

/** A matrix product in float16 or double from a float32 input. */
function otherType(dataType: number): SmallModel {
  return {
    proto: model({
      inputs: [value("x", ["n", 16])],
      outputs: [value("y", ["n", 5])],
      initializers: [asType(normalWeights("w", [16, 5]), dataType)],
      nodes: [
        node("Cast", ["x"], ["xh"], { to: dataType }),
        node("MatMul", ["xh", "w"], ["yh"], {}, "m"),
        node("Cast", ["yh"], ["y"], { to: TensorProto_DataType.FLOAT }),
      ],
    }),
    inputs: images("other type", [4, 16]),
  };
}

/** By what is special about them. */
export const SMALL_MODELS: Readonly<Record<string, () => SmallModel>> = {
  "conv net": convNet,
  depthwise,
  "conv transpose": convTranspose,
  gemm,
  matmul: matMul,
  embedding,
  lstm,
  "shared weights": sharedWeights,
  "weights on the left": leftWeights,
  "a stack of matrices": stackedWeights,
  "Constant node weights": constantWeights,
  "initializers that are inputs, opset 9": initializerInputs,
  float16: () => otherType(TensorProto_DataType.FLOAT16),
  double: () => otherType(TensorProto_DataType.DOUBLE),
};
