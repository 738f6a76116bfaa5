import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { foldModel } from "../../../../src/formats/onnx/fold/fold-model.js";
import { loadOnnxModel } from "../../../../src/formats/onnx/read/load-onnx-model.js";
import { calibrateActivations } from "../../../../src/formats/onnx/session/calibrate-activations.js";
import { decodeModel } from "../../../../src/formats/onnx/wire/decode-model.js";
import { encodeModel } from "../../../../src/formats/onnx/wire/encode-model.js";
import { TensorProto_DataType as DataType } from "../../../../src/formats/onnx/wire/onnx_pb.js";
import { quantizeOnnx } from "../../../../src/formats/onnx/write/quantize-onnx.js";
import type { Batch } from "../../../../src/measure/batches/tensor-data.js";
import type { GraphParts } from "../graph-builder.js";
import { bytesOf, graph, integers, model, node, value, weights } from "../graph-builder.js";
import { relativeDifference, runModel, uniform } from "../run-model.js";
import { normals, normalWeights } from "../small-models.js";
import { halved, randomGraph } from "./random-graphs.js";

/** All outputs, by name, without the runtime's own fusions. */
async function outputsOf(bytes: Uint8Array, inputs: Batch): Promise<Map<string, number[]>> {
  const session = await ort.InferenceSession.create(bytes, {
    graphOptimizationLevel: "disabled",
    intraOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, { data, dims }]) => [
      name,
      new ort.Tensor("float32", data as Float32Array, dims),
    ]),
  );
  const results = await session.run(feeds);
  const found = session.outputNames.map((name): [string, number[]] => [
    name,
    Array.from(results[name]!.data as Float32Array, Number),
  ]);
  await session.release();
  return new Map(found);
}

function fold(bytes: Uint8Array): { bytes: Uint8Array; notes: string[]; operators: string[] } {
  const notes: string[] = [];
  const decoded = decodeModel(bytes);
  const folded = foldModel(decoded, 13, (text) => notes.push(text));
  const operators = folded.graph.node.map(({ opType }) => opType);
  return { bytes: folded === decoded ? bytes : encodeModel(folded), notes, operators };
}

function folded(parts: GraphParts & { readonly opset?: number }) {
  return fold(bytesOf(model(parts)));
}

const image = [value("x", ["n", 2, 5, 5])];
const bn = ["g", "b", "m", "v"];
const statistics = (channels: number) => [
  normalWeights("g", [channels]),
  normalWeights("b", [channels]),
  normalWeights("m", [channels]),
  weights("v", [channels], normals("v", channels).map(Math.abs)),
];

describe("folding", () => {
  it("keeps the outputs of 200 random graphs within float rounding, and is done at once", async () => {
    let nodes = 0;
    for (let run = 0; run < 200; run++) {
      const { proto, inputs } = randomGraph(`fold ${run}`);
      const bytes = bytesOf(proto);
      const once = fold(bytes);
      expect(fold(once.bytes).bytes, `run ${run}`).toBe(once.bytes);
      nodes += proto.graph!.node.length - once.operators.length;
      const before = await outputsOf(bytes, inputs);
      const after = await outputsOf(once.bytes, inputs);
      expect([...after.keys()]).toEqual([...before.keys()]);
      for (const [name, values] of before) {
        const greatest = Math.max(...values.map(Math.abs), 1e-3);
        const found = after.get(name)!;
        const worst = Math.max(...values.map((x, i) => Math.abs(x - found[i]!)));
        expect(found).toHaveLength(values.length);
        expect(worst / greatest, `run ${run}, ${name}`).toBeLessThan(2e-5);
      }
    }
    expect(nodes).toBeGreaterThan(1000);
  }, 120_000);

  it("leaves a convolution alone whose output somebody else sees", () => {
    const make = (outputs: readonly string[], extra: readonly string[] = []) =>
      folded({
        inputs: image,
        outputs: outputs.map((name) => value(name, [null, null, null, null])),
        initializers: [normalWeights("w", [4, 2, 3, 3]), ...statistics(4)],
        nodes: [
          node("Conv", ["x", "w"], ["c"]),
          node("BatchNormalization", ["c", ...bn], ["y"]),
          ...extra.map((name) => node("Relu", ["c"], [name])),
        ],
      }).operators;
    expect(make(["y"])).toEqual(["Conv"]);
    expect(make(["y", "c"])).toEqual(["Conv", "BatchNormalization"]);
    expect(make(["y", "r"], ["r"])).toEqual(["Conv", "BatchNormalization", "Relu"]);
  });

  it("leaves weights alone that two layers share", () => {
    const { operators } = folded({
      inputs: image,
      outputs: [value("y", [null, null, null, null]), value("z", [null, null, null, null])],
      initializers: [normalWeights("w", [4, 2, 3, 3]), ...statistics(4)],
      nodes: [
        node("Conv", ["x", "w"], ["c"]),
        node("BatchNormalization", ["c", ...bn], ["y"]),
        node("Conv", ["x", "w"], ["z"]),
      ],
    });
    expect(operators).toEqual(["Conv", "BatchNormalization", "Conv"]);
  });

  it("folds normalization into a convolution behind it only without padding", () => {
    const make = (pads: readonly number[]) =>
      folded({
        inputs: image,
        outputs: [value("y", [null, null, null, null])],
        initializers: [normalWeights("w", [4, 2, 3, 3]), ...statistics(2)],
        nodes: [
          node("BatchNormalization", ["x", ...bn], ["n"]),
          node("Conv", ["n", "w"], ["y"], { pads: [...pads] }),
        ],
      }).operators;
    expect(make([0, 0, 0, 0])).toEqual(["Conv"]);
    expect(make([0, 1, 0, 0])).toEqual(["BatchNormalization", "Conv"]);
  });

  it("does not take the positions of a sequence for channels", () => {
    const make = (rank: number) =>
      folded({
        inputs: [value("x", ["n", ...new Array<number>(rank - 1).fill(4)])],
        outputs: [value("y", new Array<null>(rank).fill(null))],
        initializers: [normalWeights("w", [4, 4]), ...statistics(4)],
        nodes: [node("MatMul", ["x", "w"], ["c"]), node("BatchNormalization", ["c", ...bn], ["y"])],
      }).operators;
    expect(make(2)).toEqual(["MatMul", "Add"]);
    expect(make(3)).toEqual(["MatMul", "BatchNormalization"]);
  });

  it("does not fold a constant that makes the output larger or of higher rank", () => {
    const make = (dims: readonly number[]) =>
      folded({
        inputs: image,
        outputs: [value("y", [null, null, null, null])],
        initializers: [normalWeights("w", [1, 2, 3, 3]), normalWeights("c", dims)],
        nodes: [node("Conv", ["x", "w"], ["h"]), node("Mul", ["h", "c"], ["y"])],
      }).operators;
    expect(make([1, 1, 1])).toEqual(["Conv"]);
    for (const dims of [[3, 1, 1], [3], [1, 1, 1, 1, 1], [2, 1, 1, 1]])
      expect(make(dims), dims.join()).toEqual(["Conv", "Mul"]);
  });

  it("keeps float16", async () => {
    const proto = model({
      inputs: [value("x", ["n", 2, 5, 5])],
      outputs: [value("y", [null, null, null, null])],
      initializers: [normalWeights("w", [4, 2, 3, 3]), ...statistics(4)].map(halved),
      nodes: [
        node("Cast", ["x"], ["h"], { to: DataType.FLOAT16 }),
        node("Conv", ["h", "w"], ["c"]),
        node("BatchNormalization", ["c", ...bn], ["n"]),
        node("Cast", ["n"], ["y"], { to: DataType.FLOAT }),
      ],
    });
    const once = fold(bytesOf(proto));
    expect(once.operators).toEqual(["Cast", "Conv", "Cast"]);
    const types = decodeModel(once.bytes).graph.initializer.map(({ dataType }) => dataType);
    expect(types).toEqual([DataType.FLOAT16, DataType.FLOAT16]);
    const inputs = { x: { data: normals("x", 50), dims: [1, 2, 5, 5] } };
    const [before, after] = [bytesOf(proto), once.bytes].map((bytes) => runModel(bytes, inputs));
    expect(relativeDifference(await after!, await before!)).toBeLessThan(0.005);
  });

  it("computes shapes only where every run has them", () => {
    const make = (batch: number | string) =>
      folded({
        inputs: [value("x", [batch, 4, 6])],
        outputs: [value("y", [null, null])],
        initializers: [
          normalWeights("w", [24, 3]),
          integers("one", [-1]),
          integers("zero", [0], []),
        ],
        nodes: [
          node("Shape", ["x"], ["s"]),
          node("Gather", ["s", "zero"], ["n"]),
          node("Unsqueeze", ["n", "axes"], ["u"]),
          node("Concat", ["u", "one"], ["to"], { axis: 0 }),
          node("Reshape", ["x", "to"], ["f"]),
          node("MatMul", ["f", "w"], ["y"]),
          node("Constant", [], ["axes"], { value_ints: [0] }),
        ],
      }).operators;
    expect(make(2)).toEqual(["Reshape", "MatMul"]);
    expect(make("n")).toHaveLength(7);
  });

  it("leaves alone what a subgraph reads", () => {
    const branch = (scale: string) =>
      graph({ nodes: [node("Mul", ["c", scale], ["out"])], outputs: [value("out", [null])] });
    const { operators } = folded({
      inputs: [...image, value("flag", [], DataType.BOOL)],
      outputs: [value("y", [null, null, null, null]), value("z", [null, null, null, null])],
      initializers: [normalWeights("w", [4, 2, 3, 3]), weights("k", [], [2]), ...statistics(4)],
      nodes: [
        node("Conv", ["x", "w"], ["c"]),
        node("BatchNormalization", ["c", ...bn], ["y"]),
        node("If", ["flag"], ["z"], { then_branch: branch("k"), else_branch: branch("k") }),
      ],
    });
    expect(operators).toEqual(["Conv", "BatchNormalization", "If"]);
  });

  it("does no more work than its budget, however the file asks for it", () => {
    const doubling = Array.from({ length: 40 }, (_, i) =>
      node("Concat", [`t${i}`, `t${i}`], [`t${i + 1}`], { axis: 0 }),
    );
    const { bytes } = folded({
      inputs: [value("x", ["n", 16])],
      outputs: [value("y", [null, null])],
      initializers: [normalWeights("t0", [16, 16]), normalWeights("w", [16, 4])],
      nodes: [...doubling, node("MatMul", ["x", "w"], ["y"])],
    });
    expect(bytes.length).toBeLessThan(64e6);
  });
});

describe("loadOnnxModel", () => {
  const parts = {
    inputs: image,
    outputs: [value("y", [null, null, null, null])],
    initializers: [normalWeights("w", [4, 2, 3, 3]), ...statistics(4)],
    nodes: [
      node("Conv", ["x", "w"], ["c"], {}, "conv"),
      node("BatchNormalization", ["c", ...bn], ["y"]),
    ],
  };

  it("folds, says so, and can be told not to", async () => {
    const bytes = bytesOf(model(parts));
    const loaded = await loadOnnxModel(bytes);
    expect(loaded.proto.graph!.node.map(({ opType }) => opType)).toEqual(["Conv"]);
    expect(loaded.notes).toContain(
      "1 BatchNormalization folded into the weights of the layers beside them (the option " +
        "fold: false leaves the graph as it is)",
    );
    expect(decodeModel(loaded.bytes).graph.node).toHaveLength(1);
    const plain = await loadOnnxModel(bytes, { fold: false });
    expect(plain.proto.graph!.node).toHaveLength(2);
    expect(plain.bytes).toBe(bytes);
    await expect(loadOnnxModel(bytes, { fold: 1 as never })).rejects.toThrow(
      "fold is 1; allowed: true, false",
    );
  });

  it("writes the folded graph", async () => {
    const loaded = await loadOnnxModel(bytesOf(model(parts)));
    const inputs = { x: { data: normals("x", 50), dims: [1, 2, 5, 5] } };
    const activationRanges = await calibrateActivations(loaded, [inputs]);
    const written = await quantizeOnnx(loaded, uniform(loaded, { activationBits: 8 }), {
      activationRanges,
    });
    const float = await runModel(bytesOf(model(parts)), inputs);
    expect(relativeDifference(await runModel(written, inputs), float)).toBeLessThan(0.03);
    expect(
      decodeModel(written).graph.node.some(({ opType }) => opType === "BatchNormalization"),
    ).toBe(false);
  });

  it("finds weights behind normalization, slices and a flat tensor", async () => {
    const loaded = await loadOnnxModel(
      bytesOf(
        model({
          inputs: [value("x", ["n", 3])],
          outputs: [value("y", [null, 5])],
          initializers: [
            normalWeights("v", [8, 3]),
            normalWeights("g", [8, 1]),
            normalWeights("flat", [40]),
            integers("to", [8, 5]),
          ],
          nodes: [
            node("ReduceL2", ["v"], ["norm"], { axes: [1] }),
            node("Div", ["v", "norm"], ["unit"]),
            node("Mul", ["unit", "g"], ["w"]),
            node("Gemm", ["x", "w"], ["h"], { transB: 1 }, "normalized"),
            node("Reshape", ["flat", "to"], ["w2"]),
            node("MatMul", ["h", "w2"], ["y"], {}, "shaped"),
          ],
        }),
      ),
    );
    expect(loaded.layers.map(({ name }) => name)).toEqual(["normalized", "shaped"]);
  });

  it("finds weights that are made of parameters by functions", async () => {
    const make = { Exp: ["a"], Tanh: ["a"], Sigmoid: ["a"], Softplus: ["a"], Relu: ["a"] };
    const two = { Max: ["a", "b"], Min: ["a", "b"], Add: ["a", "b"] };
    for (const [operator, operands] of Object.entries({ ...make, ...two })) {
      const bytes = bytesOf(
        model({
          inputs: [value("x", ["n", 8])],
          outputs: [value("y", [null, 4])],
          initializers: [normalWeights("a", [8, 4]), normalWeights("b", [8, 1])],
          nodes: [node(operator, operands, ["w"]), node("MatMul", ["x", "w"], ["y"])],
        }),
      );
      const inputs = { x: { data: normals("x", 24), dims: [3, 8] } };
      const loaded = await loadOnnxModel(bytes);
      expect(
        loaded.layers.map(({ name }) => name),
        operator,
      ).toEqual(["w"]);
      const [found, wanted] = [await runModel(loaded.bytes, inputs), await runModel(bytes, inputs)];
      expect(relativeDifference(found, wanted), operator).toBeLessThan(1e-6);
    }
  });
});
