import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LayerQuantConfig } from "../../../src/genome/layer-quant-config.js";
import { QuantizationGenome } from "../../../src/genome/quantization-genome.js";
import {
  latencyTableFromApq,
  latencyTableFromHaq,
  parseLatencyTable,
} from "../../../src/hardware/table/latency-table.js";
import { LatencyTableCostModel } from "../../../src/hardware/table/latency-table-cost-model.js";
import type { LayerSpec, ModelSpec } from "../../../src/model/layer-spec.js";
import {
  contractModel,
  describeHardwareCostModel,
  uniformGenome,
} from "../../_contracts/hardware-cost-model.js";

const origin = { target: "bitfusion", device: "BitFusion", source: "a simulator of the authors" };
const WIDTHS = [1, 32] as const;

/** Costs of the contract's layers at the four corners; between them all is interpolated. */
const corners = {
  schemaVersion: 1,
  ...origin,
  averagePowerW: 2,
  overheadPerGraphMs: 0.5,
  entries: contractModel.layers.flatMap(({ name }, i) =>
    WIDTHS.flatMap((weightBits) =>
      [4, 32].map((activationBits) => ({
        layer: name,
        weightBits,
        activationBits,
        latencyMs: (i + 1) * (weightBits + 2 * activationBits),
      })),
    ),
  ),
};

describeHardwareCostModel(
  "LatencyTableCostModel",
  () => new LatencyTableCostModel(corners, { missing: "interpolate" }),
);

const conv: LayerSpec = {
  name: "any",
  kind: "conv",
  parameterCount: 96 * 456,
  macs: 96 * 456 * 196,
  inputShape: [1, 96, 14, 14],
  outputShape: [1, 456, 14, 14],
};
const model = (...layers: LayerSpec[]): ModelSpec => ({ name: "m", source: "user", layers });

function cost(
  costs: LatencyTableCostModel,
  spec: ModelSpec,
  weightBits: 4 | 6 | 8,
  activationBits: 4 | 8 | 16,
) {
  return costs.estimate(spec, uniformGenome(spec, { weightBits, activationBits }));
}

describe("LatencyTableCostModel", () => {
  it("sums entries, divided by the batch, and says where they are from", () => {
    const costs = new LatencyTableCostModel({
      schemaVersion: 1,
      ...origin,
      batch: 4,
      overheadPerGraphMs: 2,
      entries: [
        { layer: "a", weightBits: 4, activationBits: 8, latencyMs: 8, energyMj: 12 },
        { layer: "b", weightBits: 4, activationBits: 8, latencyMs: 4, energyMj: 20 },
      ],
    });
    const spec = model(
      { ...conv, name: "a" },
      { ...conv, name: "b", inputShape: conv.outputShape },
    );
    const estimate = cost(costs, spec, 4, 8);
    expect(estimate.kind).toBe("predicted");
    expect(estimate.latencyMs).toBe(2 / 4 + 8 / 4 + 4 / 4);
    expect(estimate.energyMj).toBe(12 / 4 + 20 / 4);
    expect(estimate.layers.map(({ latencyMs, energyMj }) => [latencyMs, energyMj])).toEqual([
      [2, 3],
      [1, 5],
    ]);
    expect(estimate.source).toBe(
      "sum of layers from a latency table of BitFusion: a simulator of the authors",
    );
    expect(estimate.notes).toEqual([]);
    // 4-bit codes and a float32 scale a channel, twice; the two outputs are alive at once.
    expect(estimate.storedBytes).toBe(2 * ((96 * 456) / 2 + 456 * 4));
    expect(estimate.memoryFootprintMb * 1e6).toBeCloseTo(estimate.storedBytes + 2 * 456 * 196, 6);
  });

  it("refuses what the table does not have, with the reason", () => {
    const costs = new LatencyTableCostModel({
      schemaVersion: 1,
      ...origin,
      averagePowerW: 1,
      entries: [{ layer: "any", weightBits: 4, activationBits: 8, latencyMs: 8 }],
    });
    const config = new LayerQuantConfig({ weightBits: 6, activationBits: 8 });
    expect(costs.supports(conv, config)).toMatchObject({
      status: "refused",
      reasons: ['The table has layer "any", and not with 6-bit weights and 8-bit activations.'],
    });
    expect(() => cost(costs, model(conv), 6, 8)).toThrow(/not with 6-bit weights/);
    const other = { ...conv, name: "other", kind: "gemm" as const };
    expect(() => cost(costs, model(other), 4, 8)).toThrow(/no layer "other", nor one of its shape/);
    expect(costs.supports(conv, config.with({ weightBits: 4 })).status).toBe("native");
  });

  it("interpolates between widths, linear in each, and never beyond", () => {
    const costs = new LatencyTableCostModel(
      {
        schemaVersion: 1,
        ...origin,
        averagePowerW: 3,
        entries: [4, 8].flatMap((weightBits) =>
          [4, 8].map((activationBits) => ({
            layer: "any",
            weightBits,
            activationBits,
            latencyMs: 10 * weightBits + activationBits,
          })),
        ),
      },
      { missing: "interpolate" },
    );
    const estimate = cost(costs, model(conv), 6, 8);
    expect(estimate.latencyMs).toBeCloseTo(68, 10);
    expect(estimate.energyMj).toBeCloseTo(204, 10);
    expect(estimate.layers[0]?.support.status).toBe("emulated");
    expect(estimate.notes).toEqual([
      "Interpolated between the measured widths of the layer. (any)",
    ]);
    expect(() => cost(costs, model(conv), 6, 16)).toThrow(
      /do not enclose 6-bit weights and 16-bit/,
    );
  });

  it("interpolates between layers of a kind in the logarithm of their work", () => {
    const shaped = (channels: number, latencyMs: number) => ({
      shape: {
        kind: "conv",
        inputShape: [1, channels, 8, 8],
        outputShape: [1, channels, 8, 8],
        parameterCount: channels * channels,
      },
      weightBits: 8,
      activationBits: 8,
      latencyMs,
    });
    const costs = new LatencyTableCostModel(
      {
        schemaVersion: 1,
        ...origin,
        averagePowerW: 1,
        entries: [shaped(64, 16), shaped(16, 1), shaped(256, 300)],
      },
      { missing: "interpolate" },
    );
    const layer = (channels: number, kind: LayerSpec["kind"] = "conv"): LayerSpec => ({
      name: `c${channels}`,
      kind,
      parameterCount: channels * channels,
      macs: channels * channels * 64,
      inputShape: [1, channels, 8, 8],
      outputShape: [1, channels, 8, 8],
    });
    expect(cost(costs, model(layer(64)), 8, 8).latencyMs).toBe(16);
    expect(cost(costs, model(layer(32)), 8, 8).latencyMs).toBeCloseTo(4, 10);
    expect(() => cost(costs, model(layer(8)), 8, 8)).toThrow(/with fewer and with more work/);
    expect(() => cost(costs, model(layer(32, "depthwise-conv")), 8, 8)).toThrow(
      /no depthwise-conv layers/,
    );
    fc.assert(
      fc.property(fc.integer({ min: 16, max: 256 }), fc.integer({ min: 16, max: 256 }), (a, b) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)];
        const [first, second] = [less, more].map(
          (c) => cost(costs, model(layer(c)), 8, 8).latencyMs,
        );
        expect(first).toBeLessThanOrEqual(second! * (1 + 1e-12));
        expect(first).toBeGreaterThanOrEqual(1 - 1e-12);
        expect(second).toBeLessThanOrEqual(300 * (1 + 1e-12));
      }),
    );
  });

  it("names a layer that the genome lacks, and an option that is none", () => {
    const costs = new LatencyTableCostModel(corners, { missing: "interpolate" });
    const genome = new QuantizationGenome({ layerConfigs: { ffn: {} } });
    expect(() => costs.estimate(contractModel, genome)).toThrow(
      /no settings for layer "embedding"/,
    );
    expect(() => new LatencyTableCostModel(corners, { missing: "guess" as "refuse" })).toThrow(
      /missing is "guess"/,
    );
  });
});

describe("published tables", () => {
  it("maps HAQ's: layer by weight bits less 1 by activation bits less 1", () => {
    const values = Array.from({ length: 2 * 64 }, (_, i) => BigInt(i + 1));
    const table = latencyTableFromHaq(values, ["first", "second"], {
      ...origin,
      averagePowerW: 1,
      unitMs: 0.001,
    });
    expect(table.batch).toBe(16);
    const costs = new LatencyTableCostModel(table);
    const spec = model({ ...conv, name: "second" });
    // Layer 1, row 3 (4 bits), column 7 (8 bits).
    expect(cost(costs, spec, 4, 8).latencyMs).toBeCloseTo(((64 + 3 * 8 + 7 + 1) * 0.001) / 16, 12);
    expect(() => latencyTableFromHaq([1, 2], ["first"], { ...origin, unitMs: 1 })).toThrow(
      /values has 2 entries; allowed: 64/,
    );
    expect(() =>
      latencyTableFromHaq(Array(64).fill(0), ["a"], { ...origin, averagePowerW: 1, unitMs: 1 }),
    ).toThrow(/entries.0.latencyMs/);
  });

  it("maps APQ's: shapes, bits, milliseconds and millijoules", () => {
    const table = latencyTableFromApq(
      {
        "(96, 456, 14, 1, 1, 0, 1)-W4A4": { energy: 0.1, latency: 0.06 },
        "(488, 488, 14, 3, 2, 1, 488)-W4A8": { energy: 0.05, latency: 0.04 },
        head: { energy: 0.3, latency: 0.2 },
        tail: { energy: 0.4, latency: 0.1 },
      },
      origin,
    );
    expect(table.overheadPerGraphMs).toBeCloseTo(0.3, 12);
    const costs = new LatencyTableCostModel(table);
    const estimate = cost(costs, model(conv), 4, 4);
    expect(estimate.latencyMs).toBeCloseTo(0.36, 12);
    expect(estimate.layers[0]?.energyMj).toBe(0.1);
    const depthwise: LayerSpec = {
      name: "dw",
      kind: "depthwise-conv",
      parameterCount: 488 * 9,
      macs: 488 * 9 * 49,
      inputShape: [1, 488, 14, 14],
      outputShape: [1, 488, 7, 7],
    };
    expect(cost(costs, model(depthwise), 4, 8).layers[0]?.latencyMs).toBe(0.04);
    expect(() => latencyTableFromApq({ odd: { energy: 1, latency: 1 } }, origin)).toThrow(
      /"odd" is no key of APQ/,
    );
  });
});

describe("parseLatencyTable", () => {
  it("names the field at fault", () => {
    const entry = { layer: "a", weightBits: 8, activationBits: 8, latencyMs: 1, energyMj: 1 };
    const cases: [unknown, RegExp][] = [
      ["[", /not JSON/],
      [{ ...corners, schemaVersion: 2 }, /schemaVersion/],
      [{ ...corners, entries: [] }, /entries/],
      [{ ...corners, entries: [{ ...entry, latencyMs: -1 }] }, /entries.0.latencyMs/],
      [{ ...corners, entries: [{ ...entry, layer: undefined }] }, /entries.0: has layer or shape/],
      [{ ...corners, entries: [entry, entry] }, /entries.1: says again/],
      [
        { ...corners, averagePowerW: undefined, entries: [{ ...entry, energyMj: undefined }] },
        /entries.0.energyMj: is missing/,
      ],
      [{ ...corners, source: "?" }, /source/],
    ];
    for (const [data, message] of cases) expect(() => parseLatencyTable(data)).toThrow(message);
    expect(parseLatencyTable(JSON.stringify(corners)).entries).toHaveLength(corners.entries.length);
  });
});
