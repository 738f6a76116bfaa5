import { describe, expect, it } from "vitest";
import { loadOnnxModel } from "../../../../src/formats/onnx/read/load-onnx-model.js";
import type { OnnxModel } from "../../../../src/formats/onnx/read/onnx-model.js";
import { TensorProto_DataType as DataType } from "../../../../src/formats/onnx/wire/onnx_pb.js";
import type { LayerSpec } from "../../../../src/model/layer-spec.js";
import { bytesOf, graph, integers, model, node, value, weights } from "../graph-builder.js";

const load = (parts: Parameters<typeof model>[0], options?: Parameters<typeof loadOnnxModel>[1]) =>
  loadOnnxModel(bytesOf(model(parts)), options);

function only(loaded: OnnxModel): LayerSpec {
  expect(loaded.layers).toHaveLength(1);
  return loaded.layers[0]!;
}

const image = [value("x", ["batch", 4, 8, 6])];

describe("layers of loadOnnxModel", () => {
  it("Conv: view [O, I*kh*kw], exact MACs, node name, bias left in float", async () => {
    const loaded = await load({
      inputs: image,
      initializers: [weights("w", [5, 4, 3, 3]), weights("b", [5])],
      nodes: [
        node("Conv", ["x", "w", "b"], ["y"], { pads: [1, 1, 1, 1], strides: [2, 2] }, "conv1"),
      ],
      outputs: [value("y", ["batch", 5, 4, 3])],
    });
    expect(only(loaded)).toMatchObject({
      name: "conv1",
      kind: "conv",
      parameterCount: 180,
      macs: 5 * 4 * 3 * 36,
      inputShape: [1, 4, 8, 6],
      outputShape: [1, 5, 4, 3],
      weightLayout: { shape: [5, 36], channelAxis: 0, groupAxis: 1 },
      inputs: [],
    });
    const use = {
      ...{ node: 0, activationInput: 0, channelAxis: 1, sourceInput: 0 },
      ...{ weightInput: 1, readsState: false, biasInput: 2 },
    };
    expect(loaded.bindings).toEqual([{ layer: "conv1", weight: "w", uses: [use] }]);
    expect(loaded.spec).toMatchObject({ name: "test", source: "onnx", floatParameterCount: 5 });
    expect(loaded.spec.layers).toBe(loaded.layers);
    expect(loaded).toMatchObject({
      opset: 13,
      inputs: [{ name: "x", elementType: DataType.FLOAT, dims: [-1, 4, 8, 6] }],
      outputs: [{ name: "y", elementType: DataType.FLOAT, dims: [-1, 5, 4, 3] }],
      notes: [],
    });
    expect(only(loaded).weights!.slice(0, 3)).toEqual(Float32Array.of(0.01, -0.02, 0.03));
  });

  it.each([
    [4, 1, "depthwise-conv", [8, 9], 8 * 48 * 9],
    [2, 2, "conv", [8, 18], 8 * 48 * 18],
  ] as const)("Conv in %i groups", async (group, perGroup, kind, shape, macs) => {
    const loaded = await load({
      inputs: image,
      initializers: [weights("w", [8, perGroup, 3, 3])],
      nodes: [node("Conv", ["x", "w"], ["y"], { group, pads: [1, 1, 1, 1] })],
    });
    expect(only(loaded)).toMatchObject({
      name: "w",
      kind,
      macs,
      weightLayout: { shape, channelAxis: 0, groupAxis: 1 },
    });
  });

  it("ConvTranspose: channels on axis 1, groups along axis 0", async () => {
    const loaded = await load({
      inputs: image,
      initializers: [weights("w", [4, 3, 2, 2])],
      nodes: [node("ConvTranspose", ["x", "w"], ["y"], { group: 2, strides: [2, 2] })],
    });
    expect(only(loaded)).toMatchObject({
      kind: "conv-transpose",
      macs: 4 * 48 * 3 * 4,
      outputShape: [1, 6, 16, 12],
      weightLayout: {
        ...{ shape: [6, 8], channelAxis: 0, groupAxis: 1 },
        order: { shape: [2, 2, 3, 2, 2], permutation: [0, 2, 1, 3, 4] },
      },
    });
  });

  it.each([
    [{}, [3, 5], { shape: [3, 5], channelAxis: 1, groupAxis: 0 }, 2 * 15],
    [{ transB: 1 }, [5, 3], { shape: [5, 3], channelAxis: 0, groupAxis: 1 }, 2 * 15],
    [{ transA: 1 }, [2, 5], { shape: [2, 5], channelAxis: 1, groupAxis: 0 }, 3 * 10],
  ] as const)("Gemm %j", async (attributes, dims, weightLayout, macs) => {
    const loaded = await load({
      inputs: [value("x", [2, 3])],
      initializers: [weights("w", dims), weights("c", [5])],
      nodes: [node("Gemm", ["x", "w", "c"], ["y"], { ...attributes, alpha: { f: 2 } })],
    });
    expect(only(loaded)).toMatchObject({ kind: "gemm", macs, weightLayout });
  });

  it("Gemm with the stored operand first", async () => {
    const loaded = await load({
      inputs: [value("x", [3, 2])],
      initializers: [weights("w", [3, 5])],
      nodes: [node("Gemm", ["w", "x"], ["y"], { transA: 1 })],
    });
    expect(only(loaded)).toMatchObject({
      macs: 5 * 2 * 3,
      weightLayout: { shape: [3, 5], channelAxis: 1, groupAxis: 0 },
      outputShape: [5, 2],
    });
    expect(loaded.bindings[0]!.uses).toMatchObject([
      { node: 0, activationInput: 1, channelAxis: -2, sourceInput: 1, biasInput: 2 },
    ]);
  });

  it.each([
    [
      "right",
      [2, 7, 3],
      [3, 5],
      ["x", "w"],
      { shape: [3, 5], channelAxis: 1, groupAxis: 0 },
      2 * 7 * 15,
      0,
    ],
    [
      "batched right",
      [2, 7, 3],
      [2, 3, 5],
      ["x", "w"],
      {
        ...{ shape: [10, 3], channelAxis: 0, groupAxis: 1 },
        order: { shape: [2, 3, 5], permutation: [0, 2, 1] },
      },
      210,
      0,
    ],
    [
      "left",
      [2, 3, 7],
      [5, 3],
      ["w", "x"],
      { shape: [5, 3], channelAxis: 0, groupAxis: 1 },
      2 * 7 * 15,
      1,
    ],
    [
      "vector times",
      [3],
      [3, 5],
      ["x", "w"],
      { shape: [3, 5], channelAxis: 1, groupAxis: 0 },
      15,
      0,
    ],
  ] as const)(
    "MatMul, %s",
    async (_title, x, dims, inputs, weightLayout, macs, activationInput) => {
      const loaded = await load({
        inputs: [value("x", x)],
        initializers: [weights("w", dims)],
        nodes: [node("MatMul", inputs, ["y"])],
      });
      expect(only(loaded)).toMatchObject({ kind: "matmul", macs, weightLayout, inputShape: x });
      expect(loaded.bindings[0]!.uses).toMatchObject([
        {
          ...{ node: 0, activationInput, channelAxis: activationInput === 0 ? -1 : -2 },
          biasInput: -1,
        },
      ]);
    },
  );

  it("Gather: a table is an embedding without MACs", async () => {
    const loaded = await load({
      inputs: [value("ids", ["batch", 6], DataType.INT64)],
      initializers: [weights("table", [10, 4])],
      nodes: [node("Gather", ["table", "ids"], ["y"])],
    });
    expect(only(loaded)).toMatchObject({
      kind: "embedding",
      macs: 0,
      inputShape: [1, 6],
      outputShape: [1, 6, 4],
      weightLayout: { shape: [10, 4], channelAxis: 0, groupAxis: 1 },
    });
    expect(loaded.bindings[0]!.uses).toMatchObject([
      { node: 0, activationInput: -1, sourceInput: 1, readsState: false },
    ]);
  });

  it.each([
    ["LSTM", 4],
    ["GRU", 3],
    ["RNN", 1],
  ] as const)("%s: W and R are two layers", async (op, gates) => {
    const loaded = await load({
      inputs: [value("x", [5, "batch", 3], DataType.FLOAT)],
      initializers: [
        weights("w", [1, gates * 2, 3]),
        weights("r", [1, gates * 2, 2]),
        weights("h", [2, 4]),
      ],
      nodes: [
        node(op, ["x", "w", "r"], ["y"], { hidden_size: 2 }, "rnn"),
        node("Squeeze", ["y"], ["s"], { axes: [1] }),
        node("MatMul", ["s", "h"], ["z"], {}, "head"),
      ],
      opset: 11,
    });
    expect(
      loaded.layers.map(({ name, kind, macs, inputs }) => ({ name, kind, macs, inputs })),
    ).toEqual([
      { name: "rnn/W", kind: "recurrent", macs: 5 * gates * 2 * 3, inputs: [] },
      { name: "rnn/R", kind: "recurrent", macs: 5 * gates * 2 * 2, inputs: ["rnn/W"] },
      { name: "head", kind: "matmul", macs: 5 * 8, inputs: ["rnn/W", "rnn/R"] },
    ]);
    expect(loaded.layers[0]!.weightLayout).toEqual({
      shape: [1, gates * 2, 3],
      channelAxis: 1,
      groupAxis: 2,
    });
    const uses = loaded.bindings.map(({ uses }) => uses[0]!);
    expect(uses.map(({ activationInput }) => activationInput)).toEqual([0, -1, 0]);
    expect(uses.map(({ readsState }) => readsState)).toEqual([false, true, false]);
    expect(uses[0]).toMatchObject({ sourceInput: 0, biasInput: 3 });
  });

  it("permutes the layout back to the stored axes behind Transpose, Identity and Cast", async () => {
    const parts = {
      inputs: image,
      initializers: [
        weights("hwio", [3, 3, 4, 5]),
        weights("vd", [7, 5]),
        weights("ihwo", [4, 3, 3, 5]),
      ],
      nodes: [
        node("Transpose", ["hwio"], ["t"], { perm: [3, 2, 0, 1] }),
        node("Identity", ["t"], ["w"]),
        node("Conv", ["x", "w"], ["y"], {}, "conv"),
        node("Cast", ["vd"], ["c"], { to: DataType.FLOAT }),
        node("Transpose", ["c"], ["dv"]),
        node("GlobalAveragePool", ["y"], ["p"]),
        node("Flatten", ["p"], ["f"]),
        node("MatMul", ["f", "dv"], ["z"], {}, "head"),
        node("Transpose", ["ihwo"], ["t2"], { perm: [3, 0, 1, 2] }),
        node("Conv", ["x", "t2"], ["y2"], {}, "conv2"),
      ],
    };
    const loaded = await load(parts, { fold: false });
    expect(loaded.layers.map(({ name, weightLayout }) => [name, weightLayout])).toEqual([
      ["conv", { shape: [36, 5], channelAxis: 1, groupAxis: 0 }],
      ["head", { shape: [7, 5], channelAxis: 0, groupAxis: 1 }],
      ["conv2", { shape: [36, 5], channelAxis: 1, groupAxis: 0 }],
    ]);
    expect(loaded.bindings.map(({ weight }) => weight)).toEqual(["hwio", "vd", "ihwo"]);
    expect(loaded.layers[0]!.outputShape).toEqual([1, 5, 6, 4]);
    const folded = await load(parts);
    expect(folded.layers.map(({ weightLayout }) => weightLayout!.shape)).toEqual([
      [5, 36],
      [5, 7],
      [5, 36],
    ]);
  });

  it("reads weights of Constant nodes, and initializers that are also inputs", async () => {
    const loaded = await load({
      inputs: [value("x", [1, 3]), value("w1", [3, 4])],
      initializers: [weights("w1", [3, 4])],
      nodes: [
        node("Constant", [], ["w2"], { value: weights("", [4, 2]) }),
        node("MatMul", ["x", "w1"], ["h"]),
        node("MatMul", ["h", "w2"], ["y"]),
      ],
    });
    expect(loaded.layers.map(({ name, inputs }) => [name, inputs])).toEqual([
      ["w1", []],
      ["w2", ["w1"]],
    ]);
    expect(loaded.inputs.map(({ name }) => name)).toEqual(["x"]);
  });

  it("a shared weight is one layer with the MACs of all uses", async () => {
    const loaded = await load({
      inputs: [value("ids", [1, 6], DataType.INT64)],
      initializers: [weights("table", [10, 4])],
      nodes: [
        node("Gather", ["table", "ids"], ["e"], {}, "embed"),
        node("Transpose", ["table"], ["t"]),
        node("MatMul", ["e", "t"], ["logits"], {}, "head"),
      ],
    });
    expect(only(loaded)).toMatchObject({
      name: "embed",
      kind: "embedding",
      macs: 6 * 40,
      parameterCount: 40,
      inputs: [],
    });
    expect(loaded.bindings[0]!.uses).toMatchObject([
      { node: 0, activationInput: -1 },
      { node: 2, activationInput: 0 },
    ]);
  });

  it("names layers by unique node names, else by tensors, always uniquely", async () => {
    const initializers = ["a", "b", "conv", "__proto__"].map((name) => weights(name, [3, 3]));
    const loaded = await load({
      inputs: [value("x", [1, 3])],
      initializers,
      nodes: [
        node("MatMul", ["x", "a"], ["1"], {}, "twice"),
        node("MatMul", ["1", "b"], ["2"], {}, "twice"),
        node("MatMul", ["2", "__proto__"], ["3"], {}, "conv"),
        node("MatMul", ["3", "conv"], ["4"]),
      ],
    });
    expect(loaded.layers.map(({ name }) => name)).toEqual(["a", "b", "conv", "conv#2"]);
    expect(loaded.bindings.map(({ layer, weight }) => [layer, weight])).toEqual([
      ["a", "a"],
      ["b", "b"],
      ["conv", "__proto__"],
      ["conv#2", "conv"],
    ]);
  });

  it("tells attention projections by name", async () => {
    const names = [
      "/b.0/q/MatMul",
      "h.0.self_attn.out",
      "layer/attention/output",
      "k_proj",
      "fc",
      "conv_qkv.w",
      "mlp.up",
    ];
    const loaded = await load({
      inputs: [value("x", [1, 3])],
      initializers: names.map((_, i) => weights(`w${i}`, [3, 3])),
      nodes: names.map((name, i) => node("MatMul", ["x", `w${i}`], [`y${i}`], {}, name)),
    });
    expect(loaded.layers.map(({ kind }) => kind === "attention")).toEqual([
      true,
      true,
      true,
      true,
      false,
      true,
      false,
    ]);
  });

  it("lists the nearest layers upstream through residual sums, not through shapes", async () => {
    const loaded = await load({
      inputs: [value("x", [1, 4])],
      initializers: ["a", "b", "c"].map((name) => weights(name, [4, 4])),
      nodes: [
        node("MatMul", ["x", "a"], ["ya"]),
        node("Relu", ["ya"], ["ra"]),
        node("MatMul", ["ra", "b"], ["yb"]),
        node("Add", ["yb", "ra"], ["sum"]),
        node("Shape", ["yb"], ["shape"]),
        node("Reshape", ["ra", "shape"], ["flat"]),
        node("MatMul", ["flat", "c"], ["yc"]),
        node("MatMul", ["sum", "c"], ["yd"]),
      ],
    });
    expect(loaded.layers.map(({ inputs }) => inputs)).toEqual([[], ["a"], ["a", "b"]]);
    expect(loaded.layers[2]!.macs).toBe(32);
  });

  it("sorts nodes that the file holds out of order", async () => {
    const loaded = await load({
      inputs: [value("x", [1, 4])],
      initializers: [weights("a", [4, 3]), weights("b", [3, 2])],
      nodes: [node("MatMul", ["h", "b"], ["y"]), node("MatMul", ["x", "a"], ["h"])],
    });
    expect(loaded.layers.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(loaded.bindings.map(({ uses }) => uses[0]!.node)).toEqual([1, 0]);
  });

  it("leaves bodies that are not folded, other operators and products of constants, and says so", async () => {
    const branch = graph({
      initializers: [weights("inner", [4, 4])],
      nodes: [node("MatMul", ["x", "inner"], ["b"])],
      outputs: [value("b", [1, 4])],
    });
    const loaded = await load(
      {
        inputs: [value("x", [1, 4]), value("cond", [], DataType.BOOL)],
        initializers: [weights("a", [4, 4]), weights("big", [64, 64]), weights("p", [4, 2])],
        nodes: [
          node("If", ["cond"], ["i"], { then_branch: branch, else_branch: branch }),
          node("MatMul", ["x", "a"], ["y"]),
          node("MatMul", ["a", "p"], ["folded"]),
          node("Mystery", ["y", "big"], ["z"], {}, "odd", "com.example"),
          node("ReduceSum", ["a"], ["s"], {}, "norm"),
        ],
      },
      { fold: false },
    );
    expect(only(loaded).name).toBe("a");
    expect(loaded.spec.floatParameterCount).toBe(2 * 16 + 64 * 64 + 8);
    expect(loaded.notes!.join("\n")).toMatch(
      /"big" \[64, 64\], read by Mystery "odd": .* stays in float \(4,096 elements in all\)/,
    );
    expect(loaded.notes!.join("\n")).toMatch(
      /also reads the weights of layer "a" \(MatMul node 2, ReduceSum "norm"\)/,
    );
    const empty = { ...weights("inner", [4, 4]), rawData: new Uint8Array(0) };
    branch.initializer = [empty];
    await expect(
      load({
        inputs: [value("x", [1, 4]), value("cond", [], DataType.BOOL)],
        initializers: [weights("a", [4, 4])],
        nodes: [
          node("If", ["cond"], ["i"], { then_branch: branch }),
          node("MatMul", ["x", "a"], ["y"]),
        ],
      }),
    ).rejects.toMatchObject({ code: "INVALID_MODEL", path: "inner" });
  });

  it("counts one position where the activation's shape is unknown, and says so", async () => {
    const bare = value("x", []);
    if (bare.type?.value.case === "tensorType") bare.type.value.value.shape = undefined;
    const nodes = [
      ["Conv", weights("c", [2, 3, 3, 3]), 54],
      ["ConvTranspose", weights("c", [3, 2, 3, 3]), 54],
      ["MatMul", weights("c", [3, 5]), 15],
      ["LSTM", weights("c", [1, 8, 3]), 24],
    ] as const;
    for (const [op, tensor, macs] of nodes) {
      const loaded = await load({
        inputs: [bare],
        initializers: [tensor],
        nodes: [node(op, ["x", "c"], ["y"])],
      });
      expect(only(loaded).macs, op).toBe(macs);
      expect(loaded.notes!.join(), op).toMatch(/a shape is unknown/);
      for (const shape of [only(loaded).inputShape, only(loaded).outputShape])
        expect(shape.length).toBeGreaterThan(0);
    }
    const ids = await load({
      inputs: [bare],
      initializers: [weights("t", [4, 2])],
      nodes: [node("Gather", ["t", "x"], ["y"])],
    });
    expect(only(ids)).toMatchObject({ inputShape: [1], outputShape: [1, 2] });
  });

  it("uses the sizes given for symbolic dimensions", async () => {
    const parts = {
      inputs: [value("x", ["batch", "time", 3])],
      initializers: [weights("w", [3, 5])],
      nodes: [node("MatMul", ["x", "w"], ["y"])],
    };
    expect(only(await load(parts)).macs).toBe(15);
    expect(only(await load(parts, { dimensions: { time: 7 }, name: "m" })).macs).toBe(105);
    expect((await load(parts, { name: "m" })).name).toBe("m");
    await expect(load(parts, { dimensions: { Tine: 7 } })).rejects.toThrow(
      'dimensions.Tine: the model has no dimension "Tine" (did you mean time?); allowed: ' +
        '"batch", "time"',
    );
    const fixed = { ...parts, inputs: [value("x", [2, 3])] };
    await expect(load(fixed, { dimensions: { time: 7 } })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      path: "dimensions.time",
      message: expect.stringMatching(/allowed: none, as the file names no dimension$/),
    });
  });
});

describe("models that loadOnnxModel refuses", () => {
  const x = [value("x", [1, 4, 8, 8])];
  const refuse = async (parts: Parameters<typeof model>[0], code: string, message: RegExp) => {
    await expect(load(parts)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  };

  it("contradictory shapes", async () => {
    const conv = (dims: number[], attributes = {}) => ({
      inputs: x,
      initializers: [weights("w", dims)],
      nodes: [node("Conv", ["x", "w"], ["y"], attributes, "c")],
    });
    await refuse(conv([5, 3, 3, 3]), "INVALID_MODEL", /Conv "c": input \[1,4,8,8\] does not fit/);
    await refuse(conv([5, 2, 3, 3], { group: 2 }), "INVALID_MODEL", /5 output channels/);
    await refuse(conv([5, 4, 9, 9]), "INVALID_MODEL", /window does not fit/);
    for (const [op, dims] of [
      ["ConvTranspose", [3, 4, 2, 2]],
      ["MatMul", [7, 4]],
      ["LSTM", [1, 8, 5]],
    ] as const)
      await refuse(
        { inputs: x, initializers: [weights("w", dims)], nodes: [node(op, ["x", "w"], ["y"])] },
        "INVALID_MODEL",
        /does not fit weights/,
      );
  });

  it("but only notes them where a shape rests on a default", async () => {
    const loaded = await load({
      inputs: [value("x", ["batch", "features"])],
      initializers: [weights("w", [4, 2])],
      nodes: [node("MatMul", ["x", "w"], ["y"])],
    });
    expect(loaded.notes!.join()).toMatch(/does not fit weights \[4,2\].*rests on an assumption/);
  });

  it("no layers, and weights that are already quantized or sparse", async () => {
    await refuse(
      { inputs: x, nodes: [node("Relu", ["x"], ["y"])] },
      "INVALID_MODEL",
      /has no layer/,
    );
    const quantized = [
      node("DequantizeLinear", ["q", "s"], ["w"]),
      node("MatMul", ["x", "w"], ["y"]),
    ];
    await refuse(
      {
        inputs: x,
        initializers: [integers("q", [1, 2], [2, 1]), weights("s", [])],
        nodes: quantized,
      },
      "UNSUPPORTED",
      /"q" are already quantized \(MatMul node 1\)/,
    );
    await refuse(
      {
        inputs: x,
        initializers: [weights("f", [8, 2]), weights("s", [])],
        nodes: [node("QuantizeLinear", ["f", "s"], ["q"]), ...quantized],
      },
      "UNSUPPORTED",
      /"f" are already quantized \(MatMul node 2\)/,
    );
    await refuse(
      { inputs: x, nodes: [node("QLinearConv", ["x"], ["y"], {}, "ql")] },
      "UNSUPPORTED",
      /QLinearConv "ql"/,
    );
    await refuse(
      { inputs: x, nodes: [node("Constant", [], ["w"], {}), node("MatMul", ["x", "w"], ["y"])] },
      "UNSUPPORTED",
      /"w" is sparse/,
    );
  });

  it("opsets below 7 or missing", async () => {
    const parts = {
      inputs: x,
      initializers: [weights("w", [8, 2])],
      nodes: [node("MatMul", ["x", "w"], ["y"])],
    };
    await refuse({ ...parts, opset: 6 }, "UNSUPPORTED", /opset 6/);
    await refuse({ ...parts, opset: 0 }, "INVALID_MODEL", /opset_import gives/);
    const none = model(parts);
    none.opsetImport = [];
    await expect(loadOnnxModel(bytesOf(none))).rejects.toMatchObject({ code: "INVALID_MODEL" });
    expect((await load({ ...parts, opset: 99 })).opset).toBe(99);
  });

  it("NaN and infinite weights, by name, first index and count", async () => {
    await refuse(
      {
        inputs: [value("x", [1, 2])],
        initializers: [weights("w", [2, 2], [1, Number.NaN, 2, Number.POSITIVE_INFINITY])],
        nodes: [node("MatMul", ["x", "w"], ["y"])],
      },
      "INVALID_DATA",
      /"w" holds 2 NaN or infinite float32 values, the first at index 1/,
    );
  });

  it("bad options and missing files", async () => {
    const bytes = bytesOf(model({ nodes: [] }));
    for (const size of [0, -1, 1.5, Number.NaN])
      await expect(loadOnnxModel(bytes, { dimensions: { n: size } })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        path: "dimensions.n",
      });
    await expect(loadOnnxModel("/no/such/file.onnx")).rejects.toMatchObject({ code: "IO" });
    await expect(loadOnnxModel(new URL("file:///no/such"))).rejects.toMatchObject({ code: "IO" });
    const nothing: unknown = null;
    await expect(loadOnnxModel(nothing as string)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });
});
