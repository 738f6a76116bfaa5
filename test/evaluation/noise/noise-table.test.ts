import { describe, expect, it } from "vitest";
import { InvalidArgumentError, InvalidDataError } from "../../../src/errors.js";
import { createNoiseTable } from "../../../src/evaluation/noise/noise-table.js";
import { LayerQuantConfig } from "../../../src/genome/layer-quant-config.js";
import type { ModelSpec } from "../../../src/model/layer-spec.js";
import { gaussianWeights, layer, smallModel } from "../small-models.js";

const config = (fields: ConstructorParameters<typeof LayerQuantConfig>[0]) =>
  new LayerQuantConfig(fields);

/** Symmetric, balanced range, whole range per block, mean over rows: rounding written out. */
function rowNoise(
  values: Float32Array,
  rowLength: number,
  blockLength: number,
  bits: number,
): number {
  const levels = 2 ** (bits - 1) - 1;
  let sum = 0;
  for (let start = 0; start < values.length; start += rowLength) {
    let noise = 0;
    let signal = 0;
    for (let from = start; from < start + rowLength; from += blockLength) {
      const block = values.subarray(from, from + blockLength);
      const scale = Math.fround(block.reduce((max, x) => Math.max(max, Math.abs(x)), 0) / levels);
      for (const x of block) {
        noise += (Math.round(x / scale) * scale - x) ** 2;
        signal += x * x;
      }
    }
    sum += noise / signal;
  }
  return sum / (values.length / rowLength);
}

describe("createNoiseTable", () => {
  const table = createNoiseTable(smallModel);

  it("is the error that rounding really makes, per channel and per group", () => {
    const wide = smallModel.layers[2]!;
    for (const bits of [2, 3, 4, 6, 8] as const) {
      const perChannel = table.weightNoise("wide", config({ weightBits: bits }), "min-max");
      expect(perChannel / rowNoise(wide.weights!, 64, 64, bits)).toBeCloseTo(1, 4);
      const grouped = config({ weightBits: bits, granularity: "per-group", groupSize: 16 });
      expect(
        table.weightNoise("wide", grouped, "min-max") / rowNoise(wide.weights!, 64, 16, bits),
      ).toBeCloseTo(1, 4);
    }
  });

  it("falls about fourfold per bit and is 0 for float32", () => {
    const noise = ([4, 5, 6] as const).map((weightBits) =>
      table.weightNoise("head", config({ weightBits }), "min-max"),
    );
    expect(noise[0]! / noise[1]!).toBeGreaterThan(3);
    expect(noise[1]! / noise[2]!).toBeLessThan(6);
    expect(table.weightNoise("head", config({ weightBits: 32 }), "min-max")).toBe(0);
    expect(table.activationNoise(config({ activationBits: 32 }), "min-max")).toBe(0);
  });

  it("puts every width and scheme below the power of the weights", () => {
    for (const weightBits of [1, 1.58, 2, 3, 4, 5, 6, 8, 16] as const)
      for (const weightScheme of ["symmetric", "asymmetric", "power-of-two"] as const) {
        const noise = table.weightNoise("__proto__", config({ weightBits, weightScheme }), "mse");
        expect(noise).toBeGreaterThan(0);
        expect(noise).toBeLessThan(1);
      }
  });

  it("orders activations by bits", () => {
    const noise = ([4, 8, 16] as const).map((activationBits) =>
      table.activationNoise(config({ activationBits }), "min-max"),
    );
    expect(noise[0]).toBeGreaterThan(noise[1]!);
    expect(noise[1]).toBeGreaterThan(noise[2]!);
    expect(noise[2]).toBeGreaterThan(0);
  });

  it("notices channels that drown beside a loud one, on any channel axis", () => {
    const values = gaussianWeights("uneven", 8 * 64);
    for (let i = 0; i < 64; i++) values[i]! *= 50;
    const transposed = Float32Array.from(
      values,
      (_, i) => values[(i % 8) * 64 + Math.floor(i / 8)]!,
    );
    const rows = layer("rows", 8, 64, { weights: values });
    const columns = layer("columns", 8, 64, {
      weights: transposed,
      weightLayout: { shape: [64, 8], channelAxis: 1, groupAxis: 0 },
    });
    const uneven = createNoiseTable({ name: "uneven", source: "user", layers: [rows, columns] });
    const perTensor = config({ weightBits: 4, granularity: "per-tensor" });
    expect(uneven.weightNoise("rows", perTensor, "min-max")).toBeGreaterThan(0.8);
    for (const setting of [perTensor, config({ weightBits: 4 })])
      expect(uneven.weightNoise("columns", setting, "min-max")).toBeCloseTo(
        uneven.weightNoise("rows", setting, "min-max"),
        9,
      );
    expect(uneven.weightNoise("rows", config({ weightBits: 4 }), "min-max")).toBeLessThan(0.05);
  });

  it("is that of the whole tensor where it is asked for, however little a channel weighs", () => {
    const values = gaussianWeights("uneven", 8 * 64);
    for (let i = 0; i < 64; i++) values[i]! *= 50;
    const rows = layer("rows", 8, 64, { weights: values });
    const uneven = createNoiseTable(
      { name: "uneven", source: "user", layers: [rows] },
      { per: "tensor" },
    );
    for (const bits of [2, 3, 4, 8] as const) {
      const perTensor = config({ weightBits: bits, granularity: "per-tensor" });
      expect(
        uneven.weightNoise("rows", perTensor, "min-max") / rowNoise(values, 512, 512, bits),
      ).toBeCloseTo(1, 4);
    }
    expect(uneven.weightNoise("rows", config({ weightBits: 32 }), "min-max")).toBe(0);
    // @ts-expect-error neither word
    expect(() => createNoiseTable(smallModel, { per: "row" })).toThrow(InvalidArgumentError);
  });

  it("computes each entry once", () => {
    const setting = config({ weightBits: 3 });
    const first = table.weightNoise("stem", setting, "entropy");
    const { entryCount } = table;
    for (let i = 0; i < 3; i++) expect(table.weightNoise("stem", setting, "entropy")).toBe(first);
    expect(table.entryCount).toBe(entryCount);
    table.weightNoise("stem", setting.with({ weightBits: 5 }), "entropy");
    expect(table.entryCount).toBe(entryCount + 1);
  });

  it("takes a sample of a large layer that is close to the whole", () => {
    const large: ModelSpec = { name: "large", source: "user", layers: [layer("big", 128, 576)] };
    const setting = config({ weightBits: 4 });
    const whole = createNoiseTable(large, { maxElements: 1e9 }).weightNoise(
      "big",
      setting,
      "min-max",
    );
    const sampled = createNoiseTable(large, { maxElements: 8000 }).weightNoise(
      "big",
      setting,
      "min-max",
    );
    expect(sampled).not.toBe(whole);
    expect(sampled / whole).toBeGreaterThan(0.9);
    expect(sampled / whole).toBeLessThan(1.1);
  });

  it("takes a layer without weights for a normal one", () => {
    const { weights: _, ...shapeOnly } = layer("a", 32, 64);
    const { weightLayout: __, ...countsOnly } = shapeOnly;
    const known: ModelSpec = {
      name: "known",
      source: "user",
      layers: [{ ...shapeOnly, weights: gaussianWeights("other", 2048) }],
    };
    const setting = config({ weightBits: 4 });
    const reference = createNoiseTable(known).weightNoise("a", setting, "min-max");
    for (const bare of [shapeOnly, countsOnly]) {
      const noise = createNoiseTable({ ...known, layers: [bare] }).weightNoise(
        "a",
        setting,
        "min-max",
      );
      expect(noise / reference).toBeGreaterThan(0.8);
      expect(noise / reference).toBeLessThan(1.25);
    }
    const huge = {
      ...shapeOnly,
      weightLayout: { shape: [3, 100_000], channelAxis: 0, groupAxis: 1 },
      parameterCount: 300_000,
    };
    expect(
      createNoiseTable({ ...known, layers: [huge] }).weightNoise("a", setting, "min-max"),
    ).toBeGreaterThan(0);
  });

  it("calls weights of zeros exact", () => {
    const zeros: ModelSpec = {
      name: "zeros",
      source: "user",
      layers: [layer("z", 2, 8, { weights: new Float32Array(16) })],
    };
    expect(createNoiseTable(zeros).weightNoise("z", config({ weightBits: 2 }), "min-max")).toBe(0);
  });

  it("has no noise in a layer without parameters, and names one with NaN", () => {
    const bare = layer("a", 1, 0);
    const { weights: _, ...shapeOnly } = bare;
    const broken = layer("nan", 2, 8, { weights: new Float32Array(16).fill(Number.NaN) });
    for (const empty of [bare, shapeOnly]) {
      const none: ModelSpec = { name: "none", source: "user", layers: [empty, broken] };
      const odd = createNoiseTable(none);
      expect(odd.weightNoise("a", config({ weightBits: 4 }), "min-max")).toBe(0);
      expect(() => odd.weightNoise("nan", config({ weightBits: 4 }), "min-max")).toThrow(
        InvalidDataError,
      );
      expect(() => odd.weightNoise("nan", config({ weightBits: 4 }), "min-max")).toThrow("nan");
    }
  });

  it("refuses layers that are not there and sample sizes that are none", () => {
    expect(() => table.weightNoise("nobody", config({}), "min-max")).toThrow('no layer "nobody"');
    for (const maxElements of [0, 1.5, Number.NaN])
      expect(() => createNoiseTable(smallModel, { maxElements })).toThrow(InvalidArgumentError);
  });
});
