import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../src/errors.js";
import { checkLayers } from "../../src/model/check-layers.js";
import type { LayerSpec } from "../../src/model/layer-spec.js";
import { modelFromLayers } from "../../src/model/model-from-layers.js";
import { referenceLayer, referenceWorkload } from "../../src/model/reference-workload.js";
import { roleOfName } from "../../src/model/role-of-name.js";

function moments(values: Float32Array): { deviation: number; kurtosis: number } {
  let second = 0;
  let fourth = 0;
  for (const value of values) {
    second += value ** 2;
    fourth += value ** 4;
  }
  second /= values.length;
  return { deviation: Math.sqrt(second), kurtosis: fourth / values.length / second ** 2 };
}

describe("roleOfName", () => {
  it.each([
    ["embedding", "embedding"],
    ["Token_Embeddings", "embedding"],
    ["transformer.wte", "embedding"],
    ["encoder_layer_0_attention", "attention"],
    ["selfAttn", "attention"],
    ["h.3.c_qkv", "attention"],
    ["attention.output.dense", "attention"],
    ["blk.0.q_proj", "query"],
    ["query", "query"],
    ["layers.1.key", "key"],
    ["monkey", "other"],
    ["V_PROJ", "value"],
    ["o_proj", "attention"],
    ["two_proj", "output"],
    ["encoder_layer_0_ffn", "ffn"],
    ["mlp.down_proj", "ffn"],
    ["FeedForward", "ffn"],
    ["fc1", "ffn"],
    ["lmHead", "output"],
    ["output_projection", "output"],
    ["classifier", "output"],
    ["logits", "output"],
    ["conv2d_1", "conv"],
    ["depthwise_conv_2", "depthwise-conv"],
    ["layer_0", "other"],
    ["layer1", "other"],
    ["__proto__", "other"],
  ])("%s is %s", (name, role) => {
    expect(roleOfName(name)).toBe(role);
  });
});

describe("referenceWorkload", () => {
  const names = [
    "embedding",
    "block.query",
    "block.key",
    "block.value",
    "block.ffn",
    "conv",
    "dwconv",
    "head",
  ];

  it("is valid and the same every time, whatever stands beside a layer", () => {
    const small = { hiddenSize: 16, vocabularySize: 32 };
    const model = referenceWorkload(names, small);
    checkLayers(model.layers);
    expect(model.source).toBe("reference-workload");
    expect(referenceWorkload(names, small)).toEqual(model);
    expect(referenceWorkload(["head"], small).layers[0]?.weights).toEqual(model.layers[7]?.weights);
    expect(referenceLayer("head", { ...small, seed: 1 }).weights).not.toEqual(
      model.layers[7]?.weights,
    );
    expect(referenceLayer("ffn_1", small).weights).not.toEqual(
      referenceLayer("ffn_2", small).weights,
    );
  });

  it("is valid for any names", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(
          fc.string({ minLength: 1, maxLength: 12 }).filter((name) => name.trim() !== ""),
          { minLength: 1, maxLength: 5 },
        ),
        (some) => {
          const model = referenceWorkload(some, { hiddenSize: 16, vocabularySize: 16 });
          checkLayers(model.layers);
          expect(model.layers.map((layer) => layer.name)).toEqual(some);
        },
      ),
      { numRuns: 20 },
    );
  });

  it("has the documented shapes and work", () => {
    const of = (name: string) => {
      const { kind, parameterCount, macs, outputShape } = referenceLayer(name);
      return { kind, parameterCount, macs, outputShape };
    };
    expect(of("embedding")).toEqual({
      kind: "embedding",
      parameterCount: 2048 * 256,
      macs: 0,
      outputShape: [1, 128, 256],
    });
    expect(of("attention")).toEqual({
      kind: "attention",
      parameterCount: 256 * 768,
      macs: 128 * 256 * 768 + 2 * 128 * 128 * 256,
      outputShape: [1, 128, 256],
    });
    expect(of("ffn")).toEqual({
      kind: "matmul",
      parameterCount: 256 * 1024,
      macs: 128 * 256 * 1024,
      outputShape: [1, 128, 1024],
    });
    expect(of("conv").parameterCount).toBe(128 * 128 * 9);
    expect(of("conv").macs).toBe(196 * 128 * 128 * 9);
    expect(of("depthwise").parameterCount).toBe(256 * 9);
    expect(of("depthwise").kind).toBe("depthwise-conv");
    expect(of("head")).toMatchObject({ kind: "gemm", parameterCount: 256 * 2048 });
    expect(of("layer_0")).toMatchObject({ kind: "matmul", parameterCount: 256 * 512 });
  });

  it("chains the layers, and lets query, key and value share their input", () => {
    expect(referenceWorkload(names).layers.map((layer) => layer.inputs)).toEqual([
      [],
      ["embedding"],
      ["embedding"],
      ["embedding"],
      ["block.query", "block.key", "block.value"],
      ["block.ffn"],
      ["conv"],
      ["dwconv"],
    ]);
    expect(referenceWorkload(["query_1", "query_2"]).layers[1]?.inputs).toEqual(["query_1"]);
  });

  it("spreads weights as the kind of layer does", () => {
    const embedding = moments(referenceLayer("embedding").weights as Float32Array);
    expect(embedding.deviation).toBeCloseTo(1 / 16, 2);
    expect(embedding.kurtosis).toBeGreaterThan(2.8);
    expect(embedding.kurtosis).toBeLessThan(3.2);
    const ffn = moments(referenceLayer("ffn").weights as Float32Array);
    expect(ffn.kurtosis).toBeGreaterThan(5);
    expect(ffn.kurtosis).toBeLessThan(7);
    expect(moments(referenceLayer("attention").weights as Float32Array).kurtosis).toBeGreaterThan(
      6,
    );
    const conv = referenceLayer("conv");
    const widths = Array.from(
      { length: 128 },
      (_, channel) =>
        moments((conv.weights as Float32Array).subarray(channel * 1152, (channel + 1) * 1152))
          .deviation,
    );
    expect(Math.max(...widths) / Math.min(...widths)).toBeGreaterThan(4);
  });

  it("stays small enough for fifty layers", () => {
    const many = Array.from({ length: 50 }, (_, i) =>
      i % 2 === 0 ? `${i}_attention` : `${i}_ffn`,
    );
    let bytes = 0;
    for (const layer of referenceWorkload(many).layers) bytes += layer.weights?.byteLength ?? 0;
    expect(bytes).toBeLessThan(50e6);
  });

  it.each<[string, readonly string[], object]>([
    ["layers", [], {}],
    ["layers.1.name", ["a", ""], {}],
    ["layers.2.name", ["a", "b", "a"], {}],
    ["hiddenSize", ["a"], { hiddenSize: 8 }],
    ["sequenceLength", ["a"], { sequenceLength: 0.5 }],
    ["vocabularySize", ["a"], { vocabularySize: 1e9 }],
  ])("refuses %s", (path, some, options) => {
    expect(() => referenceWorkload(some, options)).toThrow(expect.objectContaining({ path }));
  });
});

describe("modelFromLayers", () => {
  const user: LayerSpec = {
    name: "mine",
    kind: "gemm",
    parameterCount: 4,
    macs: 4,
    inputShape: [1, 2],
    outputShape: [1, 2],
  };

  it("takes names, layers, both, and models", () => {
    expect(modelFromLayers(["a", "b"]).source).toBe("reference-workload");
    expect(modelFromLayers([user])).toEqual({ name: "layers", source: "user", layers: [user] });
    const mixed = modelFromLayers([user, "ffn"]);
    expect(mixed.source).toBe("user");
    expect(mixed.layers[1]?.parameterCount).toBe(256 * 1024);
    const model = { name: "m", source: "user", layers: [user], floatParameterCount: 3 } as const;
    expect(modelFromLayers(model)).toBe(model);
  });

  it("refuses what is none of these", () => {
    expect(() => modelFromLayers([])).toThrow(InvalidArgumentError);
    expect(() => modelFromLayers([user, "mine"])).toThrow(
      expect.objectContaining({ path: "layers.1.name" }),
    );
    expect(() => modelFromLayers([user, ""])).toThrow(
      expect.objectContaining({ path: "layers.1.name" }),
    );
    expect(() => modelFromLayers(null as never)).toThrow(InvalidArgumentError);
    expect(() => modelFromLayers("ffn" as never)).toThrow(InvalidArgumentError);
    expect(() => modelFromLayers({ name: "m", source: "user", layers: [] })).toThrow(
      InvalidArgumentError,
    );
    expect(() =>
      modelFromLayers({ name: "m", source: "user", layers: [user], floatParameterCount: -1 }),
    ).toThrow(expect.objectContaining({ path: "floatParameterCount" }));
  });

  it("stays small for long lists, and refuses what would not fit in memory", () => {
    const names = (count: number) => Array.from({ length: count }, (_, i) => `layer_${i}`);
    const first = (count: number) => referenceWorkload(names(count)).layers[0]?.parameterCount;
    expect(first(257)).toBe((first(1) as number) / 4);
    expect(() => referenceWorkload(names(10_001))).toThrow(
      /layers has 10001 names; allowed: 1 to 10000/,
    );
  });
});
