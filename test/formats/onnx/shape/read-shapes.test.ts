import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { indexGraph } from "../../../../src/formats/onnx/graph/graph-index.js";
import { describeNode } from "../../../../src/formats/onnx/graph/node-place.js";
import { ARITHMETIC } from "../../../../src/formats/onnx/shape/fold-arithmetic.js";
import { inferShapes } from "../../../../src/formats/onnx/shape/infer-shapes.js";
import type { FoldedTensor } from "../../../../src/formats/onnx/shape/shape-context.js";
import {
  TensorProto_DataType as DataType,
  type NodeProto,
  type TensorProto,
} from "../../../../src/formats/onnx/wire/onnx_pb.js";
import {
  type AttributeValue,
  bytesOf,
  integers,
  model,
  node,
  value,
  weights,
} from "../graph-builder.js";

interface Case {
  readonly title: string;
  readonly inputs?: Readonly<Record<string, readonly number[]>>;
  readonly initializers?: readonly TensorProto[];
  readonly nodes: readonly NodeProto[];
  readonly outputs?: readonly string[];
  readonly outputType?: number;
  readonly opset?: number;
}

/** One node that reads `x` (and initializers) and writes `y`. */
function one(
  opType: string,
  x: readonly number[],
  attributes: Record<string, AttributeValue> = {},
  initializers: readonly TensorProto[] = [],
  rest: Partial<Case> = {},
): Case {
  return {
    title: `${opType} [${x}] ${JSON.stringify(attributes)}`,
    inputs: { x },
    initializers,
    nodes: [node(opType, ["x", ...initializers.map(({ name }) => name)], ["y"], attributes)],
    ...rest,
  };
}

const int64 = { outputType: DataType.INT64 };
const bool = { outputType: DataType.BOOL };
const w = (...dims: number[]) => weights("w", dims);
const i = (name: string, ...values: number[]) => integers(name, values);
const scalar = (name: string, v: number) => integers(name, [v], []);

const cases: Case[] = [
  one("Conv", [1, 3, 9, 8], { strides: [2, 2], pads: [1, 1, 1, 1] }, [w(4, 3, 3, 3)]),
  one("Conv", [1, 4, 9, 8], { group: 2, dilations: [2, 1], pads: [0, 1, 2, 0] }, [w(6, 2, 3, 3)]),
  one("Conv", [1, 3, 9, 8], { auto_pad: "SAME_UPPER", strides: [2, 3] }, [w(4, 3, 3, 3)]),
  one("Conv", [1, 3, 9, 8], { auto_pad: "VALID" }, [w(4, 3, 3, 3)]),
  one("Conv", [1, 3, 20], { strides: [3] }, [w(5, 3, 4)]),
  one("ConvTranspose", [1, 3, 5, 6], { strides: [2, 2], pads: [1, 0, 1, 0] }, [w(3, 4, 3, 3)]),
  one("ConvTranspose", [1, 4, 5], { strides: [3], output_padding: [1], group: 2 }, [w(4, 3, 4)]),
  one("ConvTranspose", [1, 3, 5, 6], { strides: [2, 2], output_shape: [10, 12] }, [w(3, 4, 3, 3)]),
  one("ConvTranspose", [1, 3, 5], { strides: [2], dilations: [2] }, [w(3, 4, 3)]),
  one("ConvTranspose", [1, 3, 5], { strides: [2], auto_pad: "SAME_UPPER" }, [w(3, 4, 3)]),
  one("MaxPool", [1, 2, 7, 8], { kernel_shape: [2, 3], strides: [2, 2] }),
  one("MaxPool", [1, 2, 7, 8], { kernel_shape: [2, 3], strides: [2, 2], ceil_mode: 1 }),
  one("MaxPool", [1, 2, 7, 7], {
    kernel_shape: [1, 1],
    strides: [3, 2],
    pads: [0, 0, 0, 0],
    ceil_mode: 1,
  }),
  one("AveragePool", [1, 2, 7, 8], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 1] }),
  one("AveragePool", [1, 2, 7, 8], {
    kernel_shape: [3, 3],
    auto_pad: "SAME_LOWER",
    strides: [2, 2],
  }),
  one("GlobalAveragePool", [1, 2, 7, 8]),
  one("GlobalMaxPool", [1, 2, 7]),
  one("Gemm", [2, 3], { transB: 1, alpha: { f: 0.5 } }, [w(5, 3)]),
  one("Gemm", [3, 2], { transA: 1 }, [w(3, 5)]),
  one("MatMul", [2, 4, 3], {}, [w(3, 5)]),
  one("MatMul", [4, 3], {}, [w(2, 3, 5)]),
  one("MatMul", [3], {}, [w(3, 5)]),
  one("MatMul", [2, 5, 3], {}, [w(3)]),
  one("MatMul", [2, 1, 4, 3], {}, [w(6, 3, 2)]),
  one("Gather", [5, 3], { axis: 1 }, [integers("ids", [0, 2, 1, 0], [2, 2])]),
  one("Gather", [5, 3], {}, [scalar("ids", 2)]),
  one("GatherND", [2, 5, 3], {}, [integers("ids", [0, 1, 1, 2], [2, 2])]),
  one("GatherElements", [5, 3], { axis: 0 }, [integers("ids", [0, 1, 1, 2, 0, 3], [2, 3])]),
  one("Add", [2, 1, 3], {}, [w(4, 1)]),
  one("Where", [2, 3], {}, [], {
    initializers: [w(2, 1)],
    nodes: [node("Greater", ["x", "w"], ["c"]), node("Where", ["c", "x", "w"], ["y"])],
  }),
  one("Max", [2, 1], {}, [w(1, 3), weights("v", [4, 1, 1])]),
  one("Less", [2, 3], {}, [w(3)], bool),
  one("Relu", [2, 3]),
  one("Clip", [2, 3]),
  one("Dropout", [2, 3]),
  one("Cast", [2, 3], { to: DataType.INT64 }, [], int64),
  one("Softmax", [2, 3], { axis: -1 }),
  one(
    "BatchNormalization",
    [1, 3, 4, 4],
    {},
    ["s", "b", "m", "v"].map((n) => weights(n, [3], [1, 1, 1])),
  ),
  one("LayerNormalization", [2, 3, 4], {}, [weights("s", [4])], { opset: 17 }),
  one("InstanceNormalization", [1, 3, 4], {}, [weights("s", [3]), weights("b", [3])]),
  one("LRN", [1, 3, 4, 4], { size: 3 }),
  one("Reshape", [2, 3, 4], {}, [i("s", 0, -1)]),
  one("Reshape", [2, 3, 4], {}, [i("s", 4, 0, -1)]),
  one("Flatten", [2, 3, 4], { axis: 2 }),
  one("Flatten", [2, 3, 4], { axis: -1 }),
  one("Squeeze", [1, 3, 1, 4]),
  one("Squeeze", [1, 3, 1, 4], {}, [i("a", -2)]),
  one("Squeeze", [1, 3, 1, 4], { axes: [0] }, [], { opset: 11 }),
  one("Unsqueeze", [3, 4], {}, [i("a", 0, -1)]),
  one("Unsqueeze", [3, 4], { axes: [1] }, [], { opset: 11 }),
  one("Transpose", [2, 3, 4]),
  one("Transpose", [2, 3, 4], { perm: [1, 0, 2] }),
  one("Concat", [2, 3, 4], { axis: -2 }, [w(2, 5, 4)]),
  one("Split", [6, 4], { axis: 0 }, [], {
    nodes: [node("Split", ["x"], ["y", "z"], { axis: 0 })],
    outputs: ["y", "z"],
  }),
  one("Split", [6, 4], {}, [], {
    initializers: [i("s", 1, 5)],
    nodes: [node("Split", ["x", "s"], ["y", "z"], { axis: 0 })],
    outputs: ["y", "z"],
  }),
  one("Split", [7, 4], {}, [], {
    nodes: [node("Split", ["x"], ["y", "z"], { axis: 0, num_outputs: 2 })],
    outputs: ["y", "z"],
    opset: 18,
  }),
  one("Slice", [7, 8], {}, [i("s", 1, -3), i("e", 100, -1), i("a", 1, 0)]),
  one("Slice", [7, 8], {}, [i("s", -1), i("e", -100), i("a", 0), i("t", -2)]),
  one("Slice", [7, 8], {}, [i("s", 5), i("e", 2)]),
  one("Slice", [7, 8], { starts: [1], ends: [5], axes: [1] }, [], { opset: 9 }),
  one("Expand", [3, 1], {}, [i("s", 2, 1, 4)]),
  one("Tile", [3, 2], {}, [i("r", 2, 3)]),
  one("Pad", [3, 2], {}, [i("p", 1, 0, 2, 3)]),
  one("Pad", [3, 2], { pads: [0, 1, 0, 1] }, [], { opset: 10 }),
  one("Pad", [3, 4, 2], {}, [], {
    initializers: [i("p", 1, 2), i("a", -2)],
    nodes: [node("Pad", ["x", "p", "", "a"], ["y"])],
    opset: 18,
  }),
  one("Resize", [1, 2, 3, 5], {}, [], {
    initializers: [weights("s", [4], [1, 1, 2, 1.5])],
    nodes: [node("Resize", ["x", "", "s"], ["y"])],
  }),
  one("Resize", [1, 2, 3, 5], {}, [], {
    initializers: [i("s", 1, 2, 7, 4)],
    nodes: [node("Resize", ["x", "", "", "s"], ["y"])],
  }),
  one("Resize", [1, 2, 3, 5], {}, [], {
    initializers: [i("s", 7, 4)],
    nodes: [node("Resize", ["x", "", "", "s"], ["y"], { axes: [2, 3] })],
    opset: 18,
  }),
  one("Resize", [1, 2, 3, 5], {}, [weights("s", [4], [1, 1, 2, 2])], { opset: 10 }),
  one("Upsample", [1, 2, 3, 5], {}, [weights("s", [4], [1, 1, 2, 3])], { opset: 9 }),
  one("Upsample", [1, 2, 3, 5], { scales: { floats: [1, 1, 2, 3] } }, [], { opset: 7 }),
  one("DepthToSpace", [1, 8, 3, 5], { blocksize: 2 }),
  one("SpaceToDepth", [1, 2, 4, 6], { blocksize: 2 }),
  one("ReduceMean", [2, 3, 4], { axes: [1] }),
  one("ReduceMean", [2, 3, 4], { axes: [-1, 0], keepdims: 0 }),
  one("ReduceMax", [2, 3, 4], { keepdims: 0 }),
  one("ReduceSum", [2, 3, 4], {}, [i("a", 1)]),
  one("ReduceSum", [2, 3, 4], { noop_with_empty_axes: 1 }),
  one("ArgMax", [2, 3, 4], { axis: 1, keepdims: 0 }, [], int64),
  one("ArgMin", [2, 3, 4], { axis: -1 }, [], int64),
  one("TopK", [2, 6], {}, [], {
    initializers: [i("k", 3)],
    nodes: [node("TopK", ["x", "k"], ["y", "ids"], { axis: 1 })],
  }),
  one("Shape", [2, 3, 4], {}, [], int64),
  one("Shape", [2, 3, 4], { start: 1 }, [], { ...int64, opset: 15 }),
  one("Size", [2, 3, 4], {}, [], int64),
  one("CumSum", [2, 3], {}, [scalar("a", 1)]),
  one("Einsum", [2, 3, 4], { equation: "bij,jk->bik" }, [w(4, 5)]),
  one("Einsum", [3, 4], { equation: "ij,jk" }, [w(4, 5)]),
  {
    title: "OneHot",
    initializers: [i("ids", 1, 2, 3), scalar("depth", 6), weights("v", [2], [0, 1])],
    nodes: [node("OneHot", ["ids", "depth", "v"], ["y"], { axis: 0 })],
  },
  {
    title: "Range of integers",
    initializers: [scalar("a", 2), scalar("b", 11), scalar("c", 3)],
    nodes: [node("Range", ["a", "b", "c"], ["y"])],
    outputType: DataType.INT64,
  },
  {
    title: "LSTM",
    inputs: { x: [5, 1, 3] },
    initializers: [w(1, 16, 3), weights("r", [1, 16, 4])],
    nodes: [node("LSTM", ["x", "w", "r"], ["y", "h", "c"], { hidden_size: 4 })],
    outputs: ["y", "h", "c"],
  },
  {
    title: "GRU in both directions",
    inputs: { x: [5, 1, 3] },
    initializers: [w(2, 12, 3), weights("r", [2, 12, 4])],
    nodes: [
      node("GRU", ["x", "w", "r"], ["y", "h"], { hidden_size: 4, direction: "bidirectional" }),
    ],
    outputs: ["y", "h"],
  },
  {
    title: "a shape computed as PyTorch's Flatten and view export it",
    inputs: { x: [2, 3, 4, 5] },
    initializers: [i("zero", 0), i("one", 1), i("minus", -1), scalar("two", 2)],
    nodes: [
      node("Shape", ["x"], ["s"]),
      node("Gather", ["s", "two"], ["d2"]),
      node("Add", ["d2", "two"], ["m"]),
      node("Unsqueeze", ["m", "zero"], ["mu"]),
      node("Slice", ["s", "zero", "one"], ["head"]),
      node("Concat", ["head", "mu", "minus"], ["shape"], { axis: 0 }),
      node("Reshape", ["x", "shape"], ["y"]),
    ],
  },
  {
    title: "a shape chosen by Where and Equal, as Expand is exported",
    inputs: { x: [3, 1] },
    initializers: [i("wanted", -1, 4), i("minus", -1, -1), i("len", 2)],
    nodes: [
      node("ConstantOfShape", ["len"], ["ones"], { value: i("v", 1) }),
      node("Equal", ["wanted", "minus"], ["eq"]),
      node("Where", ["eq", "ones", "wanted"], ["shape"]),
      node("Expand", ["x", "shape"], ["y"]),
    ],
  },
  {
    title: "paddings turned round, as PyTorch's pad is exported",
    inputs: { x: [1, 2, 6, 6] },
    initializers: [
      i("len", 4),
      i("given", 1, 2, 3, 4),
      i("rows", -1, 2),
      i("a", -1),
      i("b", -100),
      i("ax", 0),
      i("flat", -1),
    ],
    nodes: [
      node("ConstantOfShape", ["len"], ["zeros"], { value: i("v", 0) }),
      node("Concat", ["given", "zeros"], ["all"], { axis: 0 }),
      node("Reshape", ["all", "rows"], ["two"]),
      node("Slice", ["two", "a", "b", "ax", "a"], ["back"]),
      node("Transpose", ["back"], ["t"], { perm: [1, 0] }),
      node("Reshape", ["t", "flat"], ["pads"]),
      node("Cast", ["pads"], ["p"], { to: DataType.INT64 }),
      node("Pad", ["x", "p"], ["y"]),
    ],
  },
  {
    title: "sizes of a Resize, expanded and gathered",
    inputs: { x: [1, 2, 3, 5] },
    initializers: [scalar("seven", 7), i("two", 2), i("zero", 0), i("from", 0, 1)],
    nodes: [
      node("Expand", ["seven", "two"], ["hw"]),
      node("Shape", ["x"], ["s"]),
      node("Gather", ["s", "from"], ["nc"], { axis: 0 }),
      node("Concat", ["nc", "hw"], ["sizes"], { axis: 0 }),
      node("Resize", ["x", "", "", "sizes"], ["y"]),
    ],
  },
  {
    title: "scales of a Resize as a quotient of floats",
    inputs: { x: [1, 2, 4, 4] },
    initializers: [weights("num", [4], [2, 2, 5, 6]), weights("den", [1], [2])],
    nodes: [node("Div", ["num", "den"], ["scales"]), node("Resize", ["x", "", "scales"], ["y"])],
  },
  {
    title: "integer arithmetic in a Range's limit",
    inputs: { x: [7, 5] },
    initializers: [scalar("z", 0), scalar("o", 1), scalar("t", 2), i("ax", 0)],
    nodes: [
      node("Size", ["x"], ["n"]),
      node("Div", ["n", "t"], ["half"]),
      node("Sub", ["half", "o"], ["less"]),
      node("Mod", ["less", "t"], ["odd"]),
      node("Add", ["half", "odd"], ["m"]),
      node("Max", ["m", "t"], ["limit"]),
      node("Range", ["z", "limit", "o"], ["ids"]),
      node("Shape", ["ids"], ["len"]),
      node("ReduceProd", ["len"], ["prod"], { keepdims: 0 }),
      node("Unsqueeze", ["prod", "ax"], ["shape"]),
      node("ConstantOfShape", ["shape"], ["y"]),
    ],
  },
];

describe("inferShapes against the shapes that ONNX Runtime computes", () => {
  it.each(cases.map((c) => [c.title, c] as const))("%s", async (_title, c) => {
    const outputs = c.outputs ?? ["y"];
    const proto = model({
      opset: c.opset ?? 13,
      inputs: Object.entries(c.inputs ?? {}).map(([name, dims]) => value(name, dims)),
      initializers: c.initializers ?? [],
      nodes: c.nodes,
      outputs: outputs.map((name) => value(name, [], c.outputType)),
    });
    for (const output of proto.graph!.output)
      if (output.type?.value.case === "tensorType") output.type.value.value.shape = undefined;
    const session = await InferenceSession.create(bytesOf(proto), { logSeverityLevel: 4 });
    const feeds = Object.fromEntries(
      Object.entries(c.inputs ?? {}).map(([name, dims]) => [
        name,
        new Tensor("float32", new Float32Array(dims.reduce((a, b) => a * b, 1)), [...dims]),
      ]),
    );
    const results = await session.run(feeds);
    const notes: string[] = [];
    const shapes = inferShapes(
      indexGraph(proto.graph!),
      c.opset ?? 13,
      new Map(),
      (text, subject) => notes.push(`${subject}: ${text}`),
    );
    for (const name of outputs) expect(shapes.shapeOf(name), name).toEqual(results[name]!.dims);
    const nodes = proto.graph!.node.filter(({ output }) => output.some((o) => outputs.includes(o)));
    const places = nodes.map((one) => describeNode(one, proto.graph!.node.indexOf(one)));
    const told = notes.filter((text) => places.some((place) => text.startsWith(`${place}:`)));
    expect(told).toEqual([]);
  });
});

describe("arithmetic on known values", () => {
  const a = [-7, 7, 0, 9, 8, -9];
  const b = [2, -2, 3, -4, 8, -3];
  const tensor = (data: readonly number[]) => ({ dims: [data.length], data, integer: true });

  it("is ONNX Runtime's for int64", async () => {
    const numeric = ["Add", "Sub", "Mul", "Div", "Mod", "Min", "Max"];
    const logical = ["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"];
    const both = [...numeric, ...logical];
    const proto = model({
      initializers: [integers("a", a), integers("b", b)],
      nodes: [
        ...both.map((op) => node(op, ["a", "b"], [op])),
        node("Neg", ["a"], ["Neg"]),
        node("Abs", ["a"], ["Abs"]),
        node("Where", ["Less", "a", "b"], ["Where"]),
      ],
      outputs: [...numeric, "Neg", "Abs", "Where"]
        .map((op) => value(op, [6], DataType.INT64))
        .concat(logical.map((op) => value(op, [6], DataType.BOOL))),
      opset: 16,
    });
    const session = await InferenceSession.create(bytesOf(proto), { logSeverityLevel: 4 });
    const results = await session.run({});
    const folded = new Map(
      [...ARITHMETIC].map(([op, rule]) => {
        const inputs =
          op === "Where"
            ? [tensor(a.map((x, at) => (x < b[at]! ? 1 : 0))), tensor(a), tensor(b)]
            : [tensor(a), tensor(b)];
        return [op, rule(op === "Neg" || op === "Abs" ? [tensor(a)] : inputs, [6])!.data];
      }),
    );
    // Adding 0 turns -0 into 0.
    for (const [op, result] of Object.entries(results))
      expect(
        folded.get(op)!.map((x) => x + 0),
        op,
      ).toEqual([...(result.data as BigInt64Array)].map(Number));
  });

  it("does floats, truth values and broadcasting", () => {
    const floats = (...data: number[]) => ({ dims: [data.length], data, integer: false });
    const run = (op: string, dims: number[], ...inputs: FoldedTensor[]) =>
      ARITHMETIC.get(op)!(inputs, dims)!.data;
    expect(run("Div", [2], floats(7, -7), floats(2, 2))).toEqual([3.5, -3.5]);
    expect(run("Pow", [2], tensor([3, 2]), tensor([2, 5]))).toEqual([9, 32]);
    expect(run("Floor", [2], floats(1.5, -1.5))).toEqual([1, -2]);
    expect(run("Ceil", [2], floats(1.5, 2))).toEqual([2, 2]);
    expect(run("Sqrt", [1], floats(9))).toEqual([3]);
    expect(run("And", [4], tensor([0, 0, 1, 1]), tensor([0, 1, 0, 1]))).toEqual([0, 0, 0, 1]);
    expect(run("Or", [4], tensor([0, 0, 1, 1]), tensor([0, 1, 0, 1]))).toEqual([0, 1, 1, 1]);
    expect(run("Not", [2], tensor([0, 1]))).toEqual([1, 0]);
    const column = { dims: [2, 1], data: [10, 20], integer: true };
    expect(run("Add", [2, 3], column, tensor([1, 2, 3]))).toEqual([11, 12, 13, 21, 22, 23]);
  });
});

describe("shapes without a counterpart in ONNX Runtime's present opset", () => {
  it("Attention of opset 23", () => {
    const shape = (dims: number[], attributes = {}) =>
      infer({
        inputs: ["q", "k", "v"].map((name) => value(name, dims)),
        nodes: [node("Attention", ["q", "k", "v"], ["y"], attributes)],
      }).shapes.shapeOf("y");
    expect(shape([1, 4, 7, 8])).toEqual([1, 4, 7, 8]);
    expect(shape([1, 7, 32], { q_num_heads: 8, kv_num_heads: 4 })).toEqual([1, 7, 64]);
    expect(shape([7, 32])).toBeUndefined();
  });

  it("a batch-first recurrent layer", () => {
    const { shapes } = infer({
      inputs: [value("x", ["batch", 5, 3])],
      initializers: [weights("w", [1, 8, 3]), weights("r", [1, 8, 2])],
      nodes: [node("LSTM", ["x", "w", "r"], ["y", "h"], { layout: 1 })],
    });
    expect([shapes.shapeOf("y"), shapes.shapeOf("h")]).toEqual([
      [1, 5, 1, 2],
      [1, 1, 2],
    ]);
  });
});

function infer(parts: Parameters<typeof model>[0], dimensions: Record<string, number> = {}) {
  const notes: string[] = [];
  const index = indexGraph(model(parts).graph!);
  const shapes = inferShapes(index, 13, new Map(Object.entries(dimensions)), (text, subject) =>
    notes.push(`${subject}: ${text}`),
  );
  return { shapes, notes };
}

describe("inferShapes on what is unknown", () => {
  const relu = [node("Relu", ["x"], ["y"])];

  it("takes the batch as 1 without a word, another symbol as 1 with a note", () => {
    const { shapes, notes } = infer({
      inputs: [value("x", ["batch", "time", null, 4])],
      nodes: relu,
    });
    expect(shapes.shapeOf("y")).toEqual([1, 1, 1, 4]);
    expect(notes).toHaveLength(2);
    expect(notes[0]).toMatch(/^dimension 1 of "x": symbol "time" is taken as 1/);
    expect(shapes.isDoubtful("y")).toBe(true);
  });

  it("takes sizes of symbols from the caller, names of Object's prototype too", () => {
    const inputs = [value("x", ["__proto__", "constructor", "toString"])];
    const given = Object.fromEntries([
      ["__proto__", 2],
      ["constructor", 3],
    ]);
    const { shapes } = infer({ inputs, nodes: relu }, given);
    expect(shapes.shapeOf("y")).toEqual([2, 3, 1]);
  });

  it("falls back on value_info, then on the first input's shape, for an unknown operator", () => {
    const inputs = [value("x", [1, 4])];
    const nodes = [
      node("Mystery", ["x"], ["y"], {}, "", "com.example"),
      node("Relu", ["y"], ["z"]),
    ];
    expect(infer({ inputs, nodes, valueInfo: [value("y", ["n", 7])] }).shapes.shapeOf("z")).toEqual(
      [1, 7],
    );
    const { shapes, notes } = infer({ inputs, nodes });
    expect(shapes.shapeOf("z")).toEqual([1, 4]);
    expect(notes.join()).toMatch(/Mystery node 0: unknown operator/);
  });

  it("does not guess the shape of If, of NonZero, or of a constructor", () => {
    const inputs = [value("x", [1, 4])];
    for (const name of ["NonZero", "constructor", "__proto__"]) {
      const { shapes } = infer({
        inputs,
        nodes: [node(name, name === "NonZero" ? ["x"] : [], ["y"])],
      });
      expect(shapes.shapeOf("y")).toBeUndefined();
    }
  });

  it("leaves contradictions unknown, with a note", () => {
    const cases: NodeProto[] = [
      node("MatMul", ["x", "w"], ["y"]),
      node("Add", ["x", "w"], ["y"]),
      node("Reshape", ["x", "s"], ["y"]),
      node("Concat", ["x", "w"], ["y"], { axis: 9 }),
      node("Transpose", ["x"], ["y"], { perm: [0, 0] }),
      node("Unsqueeze", ["x"], ["y"], { axes: [0, 0] }),
      node("Slice", ["x", "s", "s", "s", "s"], ["y"]),
      node("Tile", ["x", "big"], ["y"]),
      node("Conv", ["x4", "w4"], ["y"], { strides: [0, 1] }),
      node("Conv", ["x4", "w4"], ["y"], { dilations: [9, 9] }),
    ];
    for (const bad of cases) {
      const { shapes, notes } = infer({
        inputs: [value("x", [2, 3]), value("x4", [1, 1, 4, 4])],
        initializers: [
          w(4, 5),
          weights("w4", [1, 1, 3, 3]),
          i("s", 5, 7),
          i("big", 2 ** 40, 2 ** 40),
        ],
        nodes: [bad],
      });
      expect(shapes.shapeOf("y"), bad.opType).toBeUndefined();
      expect(notes.join(), bad.opType).toContain("could not be inferred");
    }
  });

  it("refuses an input of impossible shape", () => {
    expect(() => infer({ inputs: [value("x", [2 ** 30, 2 ** 30])], nodes: relu })).toThrow(
      /input "x" declares/,
    );
  });
});
