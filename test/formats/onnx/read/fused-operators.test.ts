import { create } from "@bufbuild/protobuf";
import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { indexGraph } from "../../../../src/formats/onnx/graph/graph-index.js";
import { loadOnnxModel } from "../../../../src/formats/onnx/read/load-onnx-model.js";
import { inferShapes } from "../../../../src/formats/onnx/shape/infer-shapes.js";
import {
  TensorProto_DataType as DataType,
  FunctionProtoSchema,
  type ModelProto,
  type NodeProto,
  OperatorSetIdProtoSchema,
  type TensorProto,
  TensorProtoSchema,
} from "../../../../src/formats/onnx/wire/onnx_pb.js";
import type { Batch } from "../../../../src/measure/batches/tensor-data.js";
import { expectAgreement } from "../agreement.js";
import {
  type AttributeValue,
  bytesOf,
  type GraphParts,
  integers,
  model,
  node,
  value,
  weights,
} from "../graph-builder.js";
import { normals } from "../small-models.js";

const MICROSOFT = "com.microsoft";

function ms(
  opType: string,
  inputs: readonly string[],
  made: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
): NodeProto {
  return node(opType, inputs, made, attributes, `${opType}_${made[0]}`, MICROSOFT);
}

function withMicrosoft(parts: GraphParts): ModelProto {
  const proto = model({ ...parts, opset: 17 });
  proto.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: MICROSOFT, version: 1n }));
  return proto;
}

function codes(name: string, dims: readonly number[], dataType: DataType, least = 0): TensorProto {
  const count = dims.reduce((a, b) => a * b, 1);
  const rawData = Uint8Array.from({ length: count }, (_, i) => ((i * 37) % 200) + least);
  return create(TensorProtoSchema, { name, dims: dims.map(BigInt), dataType, rawData });
}

const small = (name: string, dims: readonly number[]) =>
  weights(
    name,
    dims,
    normals(
      name,
      dims.reduce((a, b) => a * b, 1),
    ).map((w) => 0.2 * w),
  );

const floats = (name: string, ...dims: number[]) => ({
  [name]: {
    data: normals(
      name,
      dims.reduce((a, b) => a * b, 1),
    ),
    dims,
  },
});

const ids = (name: string, ...dims: number[]) => ({
  [name]: {
    data: Int32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => i % 7),
    dims,
  },
});

interface Case {
  readonly inputs: Batch;
  readonly initializers: readonly TensorProto[];
  readonly nodes: readonly NodeProto[];
  /** Name, kind, elements and MACs of each layer. */
  readonly layers: readonly (readonly [string, string, number, number])[];
  readonly tolerance?: number;
}

const CASES: Readonly<Record<string, Case>> = {
  FusedMatMul: {
    inputs: floats("x", 3, 16),
    initializers: [small("w", [8, 16])],
    nodes: [ms("FusedMatMul", ["x", "w"], ["y"], { transB: 1, alpha: { f: 0.5 } })],
    layers: [["FusedMatMul_y", "matmul", 128, 3 * 128]],
  },
  "FusedMatMul of a stored left side": {
    inputs: floats("x", 5, 16),
    initializers: [small("w", [16, 8])],
    nodes: [ms("FusedMatMul", ["w", "x"], ["y"], { transA: 1, transB: 1 })],
    layers: [["FusedMatMul_y", "matmul", 128, 5 * 128]],
  },
  FusedGemm: {
    inputs: floats("x", 3, 16),
    initializers: [small("w", [16, 8]), small("b", [8])],
    nodes: [ms("FusedGemm", ["x", "w", "b"], ["y"], { activation: "Relu" })],
    layers: [["FusedGemm_y", "gemm", 128, 3 * 128]],
  },
  FusedConv: {
    inputs: floats("x", 1, 4, 6, 6),
    initializers: [small("w", [8, 4, 3, 3]), small("b", [8])],
    nodes: [ms("FusedConv", ["x", "w", "b"], ["y"], { activation: "Relu" })],
    layers: [["FusedConv_y", "conv", 288, 16 * 288]],
  },
  Attention: {
    inputs: floats("x", 1, 5, 16),
    initializers: [small("w", [16, 48]), small("b", [48])],
    nodes: [ms("Attention", ["x", "w", "b"], ["y", "present"], { num_heads: 4 })],
    layers: [["Attention_y", "attention", 768, 5 * 768]],
  },
  "EmbedLayerNormalization and SkipLayerNormalization": {
    inputs: { ...ids("i", 1, 5), ...ids("s", 1, 5) },
    initializers: [
      ...[small("words", [40, 16]), small("places", [9, 16]), small("segments", [7, 16])],
      ...[small("g", [16]), small("b", [16]), small("w", [16, 16])],
    ],
    nodes: [
      ms(
        "EmbedLayerNormalization",
        ["i", "s", "words", "places", "segments", "g", "b"],
        ["e", "mask"],
      ),
      node("MatMul", ["e", "w"], ["m"], {}, "product"),
      ms("BiasGelu", ["m", "b"], ["u"]),
      ms("SkipLayerNormalization", ["u", "e", "g", "b"], ["y"]),
    ],
    layers: [
      ["EmbedLayerNormalization_e/word", "embedding", 640, 0],
      ["EmbedLayerNormalization_e/position", "embedding", 144, 0],
      ["EmbedLayerNormalization_e/segment", "embedding", 112, 0],
      ["product", "matmul", 256, 5 * 256],
    ],
  },
  "MultiHeadAttention between projections": {
    inputs: floats("x", 1, 5, 16),
    initializers: ["q", "k", "v", "o"].map((name) => small(`w${name}`, [16, 16])),
    nodes: [
      ...["q", "k", "v"].map((name) => node("MatMul", ["x", `w${name}`], [name], {}, `p_${name}`)),
      ms("MultiHeadAttention", ["q", "k", "v"], ["a"], { num_heads: 4 }),
      node("MatMul", ["a", "wo"], ["y"], {}, "out"),
    ],
    layers: [
      ...["q", "k", "v"].map((name) => [`p_${name}`, "attention", 256, 5 * 256] as const),
      ["out", "matmul", 256, 5 * 256],
    ],
  },
};

async function outputDims(proto: ModelProto, inputs: Batch): Promise<Map<string, number[]>> {
  const session = await ort.InferenceSession.create(bytesOf(proto), { logSeverityLevel: 4 });
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, { data, dims }]) => [
      name,
      data instanceof Int32Array
        ? new ort.Tensor("int32", data, dims)
        : data instanceof Uint8Array
          ? new ort.Tensor("uint8", data, dims)
          : new ort.Tensor("float32", data as Float32Array, dims),
    ]),
  );
  const results = await session.run(feeds);
  await session.release();
  return new Map(Object.entries(results).map(([name, tensor]) => [name, [...tensor.dims]]));
}

function protoOf({ inputs, initializers, nodes }: Omit<Case, "layers">): ModelProto {
  const types = (data: unknown) =>
    data instanceof Int32Array
      ? DataType.INT32
      : data instanceof Uint8Array
        ? DataType.UINT8
        : DataType.FLOAT;
  const made = nodes.flatMap(({ output }) => output).filter((name) => /^[yz]/.test(name));
  return withMicrosoft({
    inputs: Object.entries(inputs).map(([name, { data, dims }]) => value(name, dims, types(data))),
    outputs: made.map((name) => {
      const info = value(name, [], nodes.at(-1)!.opType.startsWith("Quant") ? DataType.UINT8 : 1);
      if (info.type?.value.case === "tensorType") info.type.value.value.shape = undefined;
      return info;
    }),
    ...{ initializers, nodes },
  });
}

describe("operators that ONNX Runtime's optimizer writes", () => {
  it.each(Object.entries(CASES))("%s: layers, shapes, and files that agree", async (_, one) => {
    const proto = protoOf(one);
    const loaded = await expectAgreement(bytesOf(proto), one.inputs, { tolerance: 0.06 });
    const found = loaded.layers.map(({ name, kind, parameterCount, macs }) => [
      ...[name, kind],
      ...[parameterCount, macs],
    ]);
    expect(found).toEqual(one.layers);
    expect(loaded.notes).toEqual([]);
    const shapes = inferShapes(indexGraph(proto.graph!), 17, new Map(), () => undefined);
    for (const [name, dims] of await outputDims(proto, one.inputs))
      expect(shapes.shapeOf(name)).toEqual(dims);
  });

  it("GroupQueryAttention and RotaryEmbedding have shapes", () => {
    const proto = withMicrosoft({
      inputs: [value("q", [1, 5, 32]), value("k", [1, 5, 16]), value("p", [1, 2, 0, 8])],
      nodes: [
        ms("GroupQueryAttention", ["q", "k", "k", "p", "p"], ["a", "pk", "pv"], {
          ...{ num_heads: 4, kv_num_heads: 2 },
        }),
        ms("RotaryEmbedding", ["a"], ["r"]),
        ms("QuickGelu", ["r"], ["g"]),
      ],
    });
    const shapes = inferShapes(indexGraph(proto.graph!), 17, new Map(), () => undefined);
    expect(["a", "pk", "g"].map(shapes.shapeOf)).toEqual([
      [1, 5, 32],
      [1, 2, 5, 8],
      [1, 5, 32],
    ]);
  });
});

describe("weights that are quantized already", () => {
  const head = small("head", [16, 8]);
  const scales = [weights("s", [], [0.02]), codes("z", [], DataType.UINT8, 100)];
  const cases: Readonly<Record<string, readonly [readonly TensorProto[], readonly NodeProto[]]>> = {
    "codes behind DequantizeLinear": [
      [codes("q", [16, 16], DataType.UINT8), ...scales],
      [node("DequantizeLinear", ["q", "s", "z"], ["w"]), node("MatMul", ["x", "w"], ["h"])],
    ],
    "codes behind Cast and Mul": [
      [codes("q", [16, 16], DataType.INT8), ...scales],
      [
        node("Cast", ["q"], ["f"], { to: 1 }),
        node("Mul", ["f", "s"], ["w"]),
        node("MatMul", ["x", "w"], ["h"]),
      ],
    ],
    "floats that QuantizeLinear rounds": [
      [small("q", [16, 16]), ...scales],
      [
        node("QuantizeLinear", ["q", "s", "z"], ["c"]),
        node("DequantizeLinear", ["c", "s", "z"], ["w"]),
        node("MatMul", ["x", "w"], ["h"]),
      ],
    ],
    MatMulNBits: [
      [codes("q", [16, 1, 16], DataType.UINT8), small("ms", [16])],
      [ms("MatMulNBits", ["x", "q", "ms"], ["h"], { K: 16, N: 16, bits: 4, block_size: 32 })],
    ],
    QLinearMatMul: [
      [codes("q", [16, 16], DataType.UINT8), ...scales],
      [
        node("QuantizeLinear", ["x", "s", "z"], ["xq"]),
        node("QLinearMatMul", ["xq", "s", "z", "q", "s", "z", "s", "z"], ["hq"]),
        node("DequantizeLinear", ["hq", "s", "z"], ["h"]),
      ],
    ],
    DynamicQuantizeMatMul: [
      [
        codes("q", [16, 16], DataType.UINT8),
        weights("s", [1], [0.02]),
        codes("z", [1], DataType.UINT8, 90),
      ],
      [ms("DynamicQuantizeMatMul", ["x", "q", "s", "z"], ["h"])],
    ],
  };

  it.each(Object.entries(cases))("%s: are left, counted and noted", async (_, [stored, nodes]) => {
    const bytes = bytesOf(
      withMicrosoft({
        inputs: [value("x", ["n", 16])],
        outputs: [value("y", ["n", 8])],
        initializers: [head, ...stored],
        nodes: [...nodes, node("MatMul", ["h", "head"], ["y"], {}, "float")],
      }),
    );
    const loaded = await expectAgreement(bytes, floats("x", 3, 16), { tolerance: 0.06 });
    expect(loaded.layers.map(({ name }) => name)).toEqual(["float"]);
    const q = stored[0]!;
    const size = q.rawData.length;
    expect(loaded.notes!.join("\n")).toMatch(
      new RegExp(`already quantized \\(${size.toLocaleString("en-US")} bytes in all\\) stay`),
    );
    expect(loaded.notes!.join("\n")).not.toMatch(/"q" \[/);
    if (q.dataType !== DataType.FLOAT) expect(loaded.spec.fixedBytes).toBeGreaterThanOrEqual(size);
  });

  it("GatherBlockQuantized and a table of codes behind Gather, too", async () => {
    const bytes = bytesOf(
      withMicrosoft({
        inputs: [value("i", [1, 5], DataType.INT64)],
        outputs: [value("y", [1, 5, 8])],
        initializers: [
          ...[codes("table", [40, 16], DataType.INT8), weights("s", [40, 1], normals("s", 40))],
          head,
        ],
        nodes: [
          node("Gather", ["table", "i"], ["r"]),
          node("Gather", ["s", "i"], ["rs"]),
          node("Cast", ["r"], ["f"], { to: 1 }),
          node("Mul", ["f", "rs"], ["e"]),
          node("MatMul", ["e", "head"], ["y"], {}, "float"),
        ],
      }),
    );
    const inputs = { i: { data: BigInt64Array.of(1n, 5n, 39n, 0n, 7n), dims: [1, 5] } };
    const loaded = await expectAgreement(bytes, inputs);
    expect(loaded.notes!.join("\n")).toMatch(/Gather node 0: weights that are already quantized/);
    expect(loaded.layers.at(-1)).toMatchObject({ name: "float", inputShape: [1, 5, 16] });
    const packed = withMicrosoft({
      inputs: [value("i", [1, 5], DataType.INT64)],
      initializers: [
        codes("t", [40, 16], DataType.UINT8),
        small("bs", [40, 2]),
        small("h", [32, 8]),
      ],
      nodes: [
        ms("GatherBlockQuantized", ["t", "i", "bs"], ["e"], { bits: 4, block_size: 16 }),
        node("MatMul", ["e", "h"], ["y"], {}, "float"),
      ],
    });
    const read = await loadOnnxModel(bytesOf(packed));
    expect(read.layers[0]).toMatchObject({ name: "float", inputShape: [1, 5, 32], macs: 5 * 256 });
    expect(read.notes!.join("\n")).toMatch(/640 bytes/);
  });

  it("alone are an error that names them", async () => {
    const bytes = bytesOf(
      model({
        inputs: [value("x", ["n", 16])],
        initializers: [codes("q", [16, 16], DataType.UINT8), ...scales],
        nodes: [
          node("DequantizeLinear", ["q", "s", "z"], ["w"]),
          node("MatMul", ["x", "w"], ["y"], {}, "only"),
        ],
      }),
    );
    await expect(loadOnnxModel(bytes)).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringMatching(/"q" are already quantized \(MatMul "only"\)/),
    });
  });
});

describe("Einsum with a stored operand", () => {
  const cases: readonly (readonly [string, number[], number[], boolean, number])[] = [
    ["bd,de->be", [3, 16], [16, 8], true, 3 * 128],
    ["bsd,ed->bse", [2, 3, 16], [8, 16], true, 6 * 128],
    ["...d,de->...e", [2, 3, 16], [16, 8], true, 6 * 128],
    ["de,bd", [3, 16], [16, 8], false, 3 * 128],
    ["bshd,hde->bse", [1, 3, 2, 8], [2, 8, 8], true, 3 * 128],
    ["bshd,hde->bshe", [1, 3, 2, 8], [2, 8, 8], true, 3 * 128],
    ["bds,de->bse", [1, 16, 3], [16, 8], true, 3 * 128],
  ];

  it.each(cases)("%s is a matrix product", async (equation, x, w, right, macs) => {
    const operands = right ? ["x", "w"] : ["w", "x"];
    const proto = model({
      ...{ inputs: [value("x", x)], outputs: [value("y", [])], opset: 13 },
      initializers: [small("w", w)],
      nodes: [node("Einsum", operands, ["y"], { equation }, "sum")],
    });
    const output = proto.graph!.output[0]!.type!.value;
    if (output.case === "tensorType") output.value.shape = undefined;
    const loaded = await expectAgreement(bytesOf(proto), floats("x", ...x));
    expect(loaded.layers).toMatchObject([
      { name: "sum", kind: "matmul", parameterCount: 128, macs },
    ]);
    const dims = await outputDims(proto, floats("x", ...x));
    expect(loaded.layers[0]!.outputShape).toEqual(dims.get("y"));
    const plain = /^(bd,de->be|bsd,ed->bse|\.{3}d,de->\.{3}e)$/.test(equation);
    expect(loaded.proto.graph!.node.at(-1)!.opType).toBe(plain ? "MatMul" : "Einsum");
    const unfolded = await loadOnnxModel(bytesOf(proto), { fold: false });
    expect(unfolded.layers[0]).toMatchObject({ kind: "matmul", parameterCount: 128, macs });
  });

  it.each(["bd,d->bd", "bd,be->de", "dd,de->de"])("%s is none", async (equation) => {
    const proto = model({
      inputs: [value("x", [16, 16])],
      initializers: [small("w", equation === "bd,d->bd" ? [1, 16] : [16, 8]), small("v", [16, 8])],
      nodes: [
        node("Einsum", ["x", "w"], ["h"], { equation: equation.replace(",d->", ",cd->") }),
        node("MatMul", ["x", "v"], ["y"], {}, "product"),
      ],
    });
    const { layers } = await loadOnnxModel(bytesOf(proto));
    expect(layers.map(({ name }) => name)).toEqual(
      equation === "bd,be->de" ? ["w", "product"] : ["product"],
    );
  });
});

describe("what is not finite, and what is told once", () => {
  it("a table of look-ups that holds infinities stays in float", async () => {
    const mask = weights(
      "mask",
      [16, 16],
      Array.from({ length: 256 }, (_, i) => (i % 3 ? 0 : -Infinity)),
    );
    const loaded = await loadOnnxModel(
      bytesOf(
        model({
          inputs: [value("i", [4], DataType.INT64), value("x", [4, 16])],
          initializers: [mask, small("w", [16, 16])],
          nodes: [
            node("Gather", ["mask", "i"], ["m"], {}, "rows"),
            node("MatMul", ["x", "w"], ["h"], {}, "product"),
            node("Add", ["h", "m"], ["y"]),
          ],
        }),
      ),
    );
    expect(loaded.layers.map(({ name }) => name)).toEqual(["product"]);
    expect(loaded.notes!.join("\n")).toMatch(/Gather "rows": the table "mask" holds 86 NaN or inf/);
  });

  it("notes of one kind are one line", async () => {
    const many = Array.from({ length: 60 }, (_, i) => i);
    const loaded = await loadOnnxModel(
      bytesOf(
        model({
          inputs: [value("x", [4, 16])],
          initializers: [small("w", [16, 16]), ...many.map((i) => small(`t${i}`, [16, 16]))],
          nodes: [
            node("MatMul", ["x", "w"], ["h0"]),
            ...many.map((i) =>
              node("Odd", [`h${i}`, `t${i}`], [`h${i + 1}`], {}, "", "com.example"),
            ),
          ],
        }),
      ),
    );
    expect(loaded.notes).toHaveLength(2);
    expect(loaded.notes![0]).toMatch(
      /^unknown operator, .* \(Odd node 1, Odd node 2, Odd node 3, Odd node 4 and 56 more\)$/,
    );
    expect(loaded.notes![1]).toMatch(/stays in float \(15,360 elements in all\) \("t0" \[16, 16\]/);
  });

  it("a default opset that is listed twice is one; two versions are none", async () => {
    const proto = model({
      inputs: [value("x", [4, 16])],
      initializers: [small("w", [16, 16])],
      nodes: [node("MatMul", ["x", "w"], ["y"])],
    });
    proto.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: "ai.onnx", version: 13n }));
    expect((await loadOnnxModel(bytesOf(proto))).opset).toBe(13);
    proto.opsetImport[1]!.version = 14n;
    await expect(loadOnnxModel(bytesOf(proto))).rejects.toThrow(/version 13 and 14; allowed: one/);
  });

  it("a graph without layers is told what stands in their place", async () => {
    const refuse = (parts: GraphParts) => loadOnnxModel(bytesOf(model(parts)));
    await expect(
      refuse({
        inputs: [value("x", [4, 4])],
        initializers: [integers("one", [1])],
        nodes: [
          node("Relu", ["x"], ["r"]),
          node("MatMul", ["x", "r"], ["a"]),
          node("MatMul", ["a", "r"], ["y"]),
        ],
      }),
    ).rejects.toThrow(
      /found: 1 MatMul with what Relu makes and an input of the graph as operand, 1/,
    );
    await expect(
      refuse({ inputs: [value("x", [4])], nodes: [node("Relu", ["x"], ["y"])] }),
    ).rejects.toThrow(/found: 1 Relu$/);
  });
});

describe("floats that are no tensors", () => {
  it("in attributes and functions are counted and noted", async () => {
    const coefficients = Array.from({ length: 300 }, (_, i) => i / 100);
    const proto = model({
      inputs: [value("x", [4, 16])],
      initializers: [small("w", [16, 300])],
      nodes: [
        node("MatMul", ["x", "w"], ["h"], {}, "product"),
        node(
          "LinearRegressor",
          ["h"],
          ["y"],
          { coefficients: { floats: coefficients } },
          "tree",
          "ai.onnx.ml",
        ),
        node("Later", ["h"], ["z"], {}, "", "test.functions"),
      ],
    });
    proto.functions = [
      create(FunctionProtoSchema, {
        ...{ domain: "test.functions", name: "Later", input: ["a"], output: ["r"] },
        opsetImport: [create(OperatorSetIdProtoSchema, { domain: "", version: 21n })],
        node: [
          node("Constant", [], ["k"], { value: small("k", [300, 8]) }),
          node("MatMul", ["a", "k"], ["r"]),
        ],
      }),
    ];
    const loaded = await loadOnnxModel(bytesOf(proto));
    expect(loaded.spec.floatParameterCount).toBe(300 + 2400);
    expect(loaded.notes!.join("\n")).toMatch(/LinearRegressor "tree": holds its weights in attr/);
    expect(loaded.notes!.join("\n")).toMatch(/function "Later": what local functions store stays/);
  });
});

describe("broken graphs", () => {
  it("with operands missing, or constants that do not fit, have layers where they can", async () => {
    const parts = {
      inputs: [value("x", [4, 16])],
      initializers: [small("w", [16, 16]), small("a", [3, 5]), small("b", [4, 7])],
    };
    const nodes = [
      node("Gather", ["w"], ["g"]),
      node("MatMul", ["", "w"], ["m"]),
      node("Concat", ["a", "b"], ["c"], { axis: 0 }),
      node("Add", ["c", "x"], ["z"]),
      node("MatMul", ["x", "w"], ["y"], {}, "whole"),
    ];
    const loaded = await loadOnnxModel(bytesOf(model({ ...parts, nodes })));
    expect(loaded.bindings).toMatchObject([{ layer: "whole", uses: [{ node: 4 }] }]);
    const alone = loadOnnxModel(bytesOf(model({ ...parts, nodes: nodes.slice(0, 2) })));
    await expect(alone).rejects.toMatchObject({ code: "INVALID_MODEL" });
  });
});
