import { create } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { QuantevoError } from "../../../../src/errors.js";
import { indexGraph } from "../../../../src/formats/onnx/graph/graph-index.js";
import { loadOnnxModel } from "../../../../src/formats/onnx/read/load-onnx-model.js";
import { decodeModel } from "../../../../src/formats/onnx/wire/decode-model.js";
import { encodeModel } from "../../../../src/formats/onnx/wire/encode-model.js";
import { LIMITS } from "../../../../src/formats/onnx/wire/limits.js";
import {
  AttributeProtoSchema,
  TensorProto_DataType as DataType,
  type GraphProto,
  ModelProtoSchema,
  NodeProtoSchema,
  SparseTensorProtoSchema,
} from "../../../../src/formats/onnx/wire/onnx_pb.js";
import { Random } from "../../../../src/random/random.js";
import { bytesOf, graph, integers, model, node, value, weights } from "../graph-builder.js";

/** A small network with every kind of layer and some shape arithmetic. */
function sample() {
  return model({
    inputs: [value("x", ["batch", 2, 8, 8]), value("ids", ["batch", 4], DataType.INT64)],
    initializers: [
      weights("c", [4, 2, 3, 3]),
      weights("b", [4]),
      weights("t", [4, 3, 2, 2]),
      weights("g", [6, 3]),
      weights("table", [9, 6]),
      weights("lw", [1, 8, 6]),
      weights("lr", [1, 8, 2]),
      integers("flat", [0, -1]),
    ],
    nodes: [
      node("Conv", ["x", "c", "b"], ["c1"], { pads: [1, 1, 1, 1], strides: [2, 2] }, "conv"),
      node("Relu", ["c1"], ["r1"]),
      node("ConvTranspose", ["r1", "t"], ["t1"], { strides: [2, 2] }, "up"),
      node("GlobalAveragePool", ["t1"], ["p"]),
      node("Reshape", ["p", "flat"], ["f"]),
      node("Gemm", ["f", "g"], ["o1"], { transB: 1 }, "fc"),
      node("Gather", ["table", "ids"], ["e"], {}, "embed"),
      node("Transpose", ["e"], ["et"], { perm: [1, 0, 2] }),
      node("LSTM", ["et", "lw", "lr"], ["o2"], { hidden_size: 2 }, "lstm"),
    ],
    outputs: [value("o1", ["batch", 6]), value("o2", [4, 1, "batch", 2])],
  });
}

async function endsTyped(bytes: Uint8Array): Promise<"valid" | "refused"> {
  try {
    const loaded = await loadOnnxModel(bytes);
    expect(loaded.layers.length).toBeGreaterThan(0);
    for (const layer of loaded.layers) {
      expect(Number.isSafeInteger(layer.macs) && layer.macs >= 0).toBe(true);
      expect(layer.weights!.length).toBe(layer.weightLayout!.shape.reduce((a, b) => a * b, 1));
    }
    return "valid";
  } catch (error) {
    if (!(error instanceof QuantevoError)) throw error;
    expect(error.message).not.toBe("");
    return "refused";
  }
}

describe("decodeModel and encodeModel", () => {
  it("round trip, unknown fields included", () => {
    const writer = new BinaryWriter().raw(bytesOf(sample()));
    const bytes = writer.tag(4000, WireType.LengthDelimited).string("kept").finish();
    const decoded = decodeModel(bytes);
    expect(decoded.graph.node).toHaveLength(9);
    expect(encodeModel(decoded)).toEqual(bytes);
    expect(decodeModel(encodeModel(decoded))).toEqual(decoded);
  });

  it("accepts a packed list that comes unpacked, as older writers write it", () => {
    const tensor = new BinaryWriter();
    for (const extent of [2, 3]) tensor.tag(1, WireType.Varint).int64(extent);
    tensor
      .tag(2, WireType.Varint)
      .int32(DataType.FLOAT)
      .tag(8, WireType.LengthDelimited)
      .string("w");
    for (let i = 0; i < 6; i++) tensor.tag(4, WireType.Bit32).float(i);
    const inner = new BinaryWriter()
      .tag(5, WireType.LengthDelimited)
      .bytes(tensor.finish())
      .finish();
    const bytes = new BinaryWriter().tag(7, WireType.LengthDelimited).bytes(inner).finish();
    expect(decodeModel(bytes).graph.initializer[0]!.floatData).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("refuses to encode what protobuf cannot hold", () => {
    const broken = sample();
    broken.graph!.node[0]!.attribute[0]!.ints = [2n ** 80n];
    expect(() => encodeModel(broken)).toThrow(/cannot be encoded/);
  });

  const refuse = (bytes: Uint8Array, message: RegExp) =>
    expect(() => decodeModel(bytes)).toThrow(
      expect.objectContaining({ code: "INVALID_MODEL", message: expect.stringMatching(message) }),
    );

  it("refuses what is empty, another format, or has no graph", () => {
    refuse(new Uint8Array(0), /empty/);
    refuse(new TextEncoder().encode("<!doctype html><html></html>"), /the model is a web page/);
    refuse(new Uint8Array(64).fill(0xff), /not a valid ONNX file/);
    refuse(Uint8Array.of(8, 8), /no graph/);
  });

  it("refuses wrong wire types, lengths that do not nest and unfinished numbers", () => {
    refuse(Uint8Array.of(7 << 3, 1), /ModelProto.graph has wire type 0 instead of 2/);
    refuse(Uint8Array.of((7 << 3) | 2, 100, 0), /claims 100 bytes/);
    refuse(
      Uint8Array.of((7 << 3) | 2, 2, (5 << 3) | 2, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0),
      /TensorProto|claims 9 bytes/,
    );
    refuse(Uint8Array.of(8, 0x80), /not a valid ONNX file/);
    const tensor = (...fields: number[]) => {
      const inner = Uint8Array.of((5 << 3) | 2, fields.length, ...fields);
      return Uint8Array.of((7 << 3) | 2, inner.length, ...inner);
    };
    refuse(tensor((7 << 3) | 2, 2, 1, 0x80), /unfinished number in int64_data/);
    refuse(tensor((4 << 3) | 2, 3, 0, 0, 0), /float_data of 3 bytes is not a multiple of 4/);
    refuse(tensor((10 << 3) | 2, 4, 0, 0, 0, 0), /multiple of 8/);
    // A number whose bytes run past the end of the message around it.
    refuse(Uint8Array.of((7 << 3) | 2, 2, (11 << 3) | 2, 0x80, 1, 0), /.+/);
    refuse(Uint8Array.of((7 << 3) | 2, 3, (5 << 3) | 2, 1, 8, 1), /runs over its end|TensorProto/);
  });

  it("bounds depth, messages, numbers and nodes", () => {
    let deep: GraphProto = graph({ nodes: [] });
    for (let i = 0; i < 60; i++)
      deep = graph({ nodes: [node("If", [], [], { then_branch: deep })] });
    const nested = model({ nodes: [] });
    nested.graph = deep;
    refuse(bytesOf(nested), /nested deeper than 100/);

    const repeated = (count: number, ...unit: number[]) => {
      const body = new Uint8Array(count * unit.length);
      for (let i = 0; i < body.length; i++) body[i] = unit[i % unit.length]!;
      return new BinaryWriter().tag(7, WireType.LengthDelimited).bytes(body).finish();
    };
    refuse(repeated(LIMITS.messages + 1, (1 << 3) | 2, 0), /more than 1000000 messages/);
    refuse(repeated(LIMITS.messages + 1, (9 << 3) | 0, 1), /more than 1000000 fields/);
    refuse(repeated(LIMITS.nodes + 1, (1 << 3) | 2, 0), /graph has 200001 nodes/);
    const numbers = new BinaryWriter()
      .tag(7, WireType.LengthDelimited)
      .bytes(new Uint8Array(LIMITS.listedNumbers / 4 + 1));
    const tensor = new BinaryWriter()
      .tag(5, WireType.LengthDelimited)
      .bytes(numbers.finish())
      .finish();
    const listed = new BinaryWriter().tag(7, WireType.LengthDelimited).bytes(tensor).finish();
    expect(() => decodeModel(listed)).toThrow(
      expect.objectContaining({
        code: "UNSUPPORTED",
        message: expect.stringMatching(/lists more than 33554432 numbers .* as raw_data/),
      }),
    );
  });
});

describe("broken copies of a model", () => {
  const original = bytesOf(sample());

  it("loads unbroken", async () => {
    expect(await endsTyped(original)).toBe("valid");
    expect((await loadOnnxModel(original)).notes).toEqual([]);
  });

  it("truncated or bit-flipped, each ends in a typed error or a valid result, soon", async () => {
    const random = new Random("broken copies");
    const outcomes = { valid: 0, refused: 0 };
    const start = performance.now();
    for (let copy = 0; copy < 600; copy++) {
      let bytes = original.slice();
      if (copy % 3 === 0) bytes = bytes.slice(0, random.integer(bytes.length));
      else
        for (let flips = 1 + random.integer(copy % 3 === 1 ? 1 : 8); flips > 0; flips--)
          bytes[random.integer(bytes.length)]! ^= 1 << random.integer(8);
      outcomes[await endsTyped(bytes)]++;
    }
    expect(performance.now() - start).toBeLessThan(5000);
    expect(outcomes.refused).toBeGreaterThan(200);
    expect(outcomes.valid).toBeGreaterThan(20);
  });

  it("flipped outside the weights, where every byte counts", async () => {
    const small = sample();
    for (const tensor of small.graph!.initializer) tensor.docString = "";
    const bytes = bytesOf(small);
    const from = bytes.length - 700;
    for (let at = Math.max(from, 0); at < bytes.length; at++) {
      const broken = bytes.slice();
      broken[at]! ^= 1 << (at % 8);
      await endsTyped(broken);
    }
  });

  it("replaced by arbitrary bytes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect(await endsTyped(bytes)).toBe("refused");
      }),
      { numRuns: 300, seed: 7 },
    );
  });
});

describe("hostile graphs", () => {
  const x = [value("x", [1, 4])];
  const w = weights("w", [4, 4]);
  const use = node("MatMul", ["x", "w"], ["y"]);
  const refuse = async (parts: Parameters<typeof model>[0], code: string, message: RegExp) => {
    await expect(loadOnnxModel(bytesOf(model(parts)))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  };

  it("cycles, long and of one node", async () => {
    const self = [use, node("Add", ["z", "y"], ["z"], {}, "self")];
    await refuse(
      { inputs: x, initializers: [w], nodes: self },
      "INVALID_MODEL",
      /cycle through Add "self"/,
    );
    const ring = Array.from({ length: 50 }, (_, i) =>
      node("Relu", [`r${i}`], [`r${(i + 1) % 50}`]),
    );
    await refuse({ inputs: x, initializers: [w], nodes: [use, ...ring] }, "INVALID_MODEL", /cycle/);
  });

  it("names defined twice or by nobody", async () => {
    const twice = /defined more than once/;
    await refuse({ inputs: [...x, ...x], nodes: [] }, "INVALID_MODEL", twice);
    await refuse({ inputs: x, initializers: [w, w], nodes: [] }, "INVALID_MODEL", twice);
    await refuse({ inputs: x, initializers: [w], nodes: [use, use] }, "INVALID_MODEL", twice);
    await refuse(
      { inputs: x, initializers: [w], nodes: [node("Relu", ["x"], ["w"])] },
      "INVALID_MODEL",
      twice,
    );
    await refuse({ inputs: x, nodes: [node("Relu", ["x"], ["x"])] }, "INVALID_MODEL", twice);
    await refuse({ inputs: x, nodes: [use] }, "INVALID_MODEL", /MatMul node 0 reads tensor "w"/);
    await refuse(
      { inputs: x, nodes: [node("constructor", ["__proto__"], ["y"])] },
      "INVALID_MODEL",
      /"__proto__"/,
    );
    await refuse(
      { inputs: x, initializers: [w], nodes: [use], outputs: [value("toString", [])] },
      "INVALID_MODEL",
      /graph output "toString"/,
    );
    const branch = graph({ nodes: [node("Relu", ["nowhere"], ["b"])], outputs: [value("b", [])] });
    await refuse(
      {
        inputs: x,
        initializers: [w],
        nodes: [use, node("If", ["x"], ["i"], { then_branch: branch })],
      },
      "INVALID_MODEL",
      /"nowhere"/,
    );
  });

  it("sparse initializers: refused as weights, and twice", async () => {
    const proto = model({ inputs: x, nodes: [use] });
    proto.graph!.sparseInitializer = [create(SparseTensorProtoSchema, { values: w })];
    await expect(loadOnnxModel(bytesOf(proto))).rejects.toMatchObject({ code: "UNSUPPORTED" });
    proto.graph!.sparseInitializer.push(
      create(SparseTensorProtoSchema, {}),
      create(SparseTensorProtoSchema, {}),
    );
    await expect(loadOnnxModel(bytesOf(proto))).rejects.toMatchObject({ code: "INVALID_MODEL" });
  });

  it("huge and negative dimensions, wrong data sizes, long names", async () => {
    const claim = (dims: bigint[]) => ({ inputs: x, initializers: [{ ...w, dims }], nodes: [use] });
    await refuse(claim([2n ** 40n, 2n ** 40n]), "INVALID_MODEL", /at most/);
    await refuse(claim([0n, 2n ** 62n]), "INVALID_MODEL", /at most/);
    await refuse(claim([-4n, -4n]), "INVALID_MODEL", /extents are at least 0/);
    await refuse(claim([4n, 5n]), "INVALID_MODEL", /needs 20 elements, found 64 bytes/);
    await refuse(claim(new Array<bigint>(40).fill(1n)), "INVALID_MODEL", /has 40 dimensions/);
    const name = "n".repeat(LIMITS.nameLength + 1);
    await refuse(
      { inputs: x, initializers: [{ ...w, name }], nodes: [] },
      "INVALID_MODEL",
      /4097 characters/,
    );
    await refuse(
      { inputs: x, nodes: [node("Relu", ["x"], [name])] },
      "INVALID_MODEL",
      /4097 characters/,
    );
    await refuse(
      { inputs: x, nodes: [node("Relu", ["x"], ["y"], {}, name)] },
      "INVALID_MODEL",
      /4097 characters/,
    );
  });

  it("names of Object's prototype are just names", async () => {
    const names = ["__proto__", "constructor", "hasOwnProperty"];
    const loaded = await loadOnnxModel(
      bytesOf(
        model({
          inputs: [value("toString", [1, 4])],
          initializers: names.map((n) => weights(n, [4, 4])),
          nodes: names.map((n, i) =>
            node("MatMul", [i === 0 ? "toString" : `valueOf${i - 1}`, n], [`valueOf${i}`], {}, n),
          ),
        }),
      ),
    );
    expect(loaded.layers.map(({ name }) => name)).toEqual(names);
  });

  it("long chains and wide fans stay fast", async () => {
    const start = performance.now();
    const chain = Array.from({ length: 20_000 }, (_, i) => node("Neg", [`c${i}`], [`c${i + 1}`]));
    const constant = integers("c0", new Array<number>(4096).fill(3));
    const fan = Array.from({ length: 3000 }, (_, i) => node("MatMul", ["t", `w${i}`], [`y${i}`]));
    const sums = Array.from({ length: 3000 }, (_, i) =>
      node("Add", [i === 0 ? "x" : `s${i - 1}`, `y${i}`], [`s${i}`]),
    );
    const matrices = fan.map((_, i) => weights(`w${i}`, [4, 4]));
    const parts = {
      inputs: x,
      initializers: [constant, ...matrices],
      nodes: [
        ...chain,
        node("Identity", ["x"], ["t"]),
        ...fan,
        ...sums,
        node("MatMul", ["s2999", "last"], ["z"]),
      ],
    };
    const loaded = await loadOnnxModel(
      bytesOf(model({ ...parts, initializers: [...parts.initializers, weights("last", [4, 4])] })),
    );
    expect(loaded.layers).toHaveLength(3001);
    expect(loaded.layers.at(-1)!.inputs).toBeUndefined();
    expect(loaded.notes!.join()).toMatch(/too many to list/);
    expect(performance.now() - start).toBeLessThan(15_000);
  });

  it("a chain of Identity longer than the limit is no layer", async () => {
    const chain = Array.from({ length: 70 }, (_, i) =>
      node("Identity", [`w${i === 0 ? "" : i}`], [`w${i + 1}`]),
    );
    const nodes = [...chain, node("MatMul", ["x", "w70"], ["y"])];
    const bytes = bytesOf(model({ inputs: x, initializers: [w], nodes }));
    await expect(loadOnnxModel(bytes, { fold: false })).rejects.toThrow(/no layer/);
    expect((await loadOnnxModel(bytes)).layers).toHaveLength(1);
  });

  it("attributes without a value count as their default or nothing", () => {
    const bare = create(NodeProtoSchema, {
      opType: "Constant",
      output: ["k"],
      attribute: [create(AttributeProtoSchema, { name: "value" })],
    });
    expect(indexGraph(graph({ nodes: [bare] })).sparse.has("k")).toBe(true);
  });

  it("keeps the schema's own model type", () => {
    expect(decodeModel(bytesOf(sample())).$typeName).toBe(ModelProtoSchema.typeName);
  });
});
