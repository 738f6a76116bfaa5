import { describe, expect, it } from "vitest";
import { MeasuredRecord } from "../../../src/engine/budget/measured-record.js";
import { Screening } from "../../../src/engine/budget/screening.js";
import {
  createEvaluationContext,
  type EvaluationContext,
  metricsOf,
} from "../../../src/evaluation/evaluate-genome.js";
import { createNoiseTable } from "../../../src/evaluation/noise/noise-table.js";
import {
  type AccuracyEstimate,
  type CostEstimate,
  type HardwareCostModel,
  LayerQuantConfig,
  QuantizationGenome,
  type WeightBits,
} from "../../../src/index.js";
import { tinyLayer } from "../fakes.js";

const NAMES = ["a", "b", "c", "d"];
const model = { name: "four", layers: NAMES.map(tinyLayer), source: "user" as const };
const noiseTable = createNoiseTable(model, { per: "tensor" });

/** Activations in float32, so that nothing but the weights counts. */
function genome(...bits: readonly WeightBits[]): QuantizationGenome {
  return new QuantizationGenome({
    layerConfigs: new Map(
      NAMES.map((name, i) => [
        name,
        new LayerQuantConfig({
          weightBits: bits[i] ?? bits[0]!,
          activationBits: 32,
          granularity: "per-channel",
        }),
      ]),
    ),
  });
}

/** The loss of a genome: the mean of its weights' noise. */
function lossOf(one: QuantizationGenome): number {
  const noise = NAMES.map((name) =>
    noiseTable.weightNoise(name, one.layerConfigs.get(name)!, one.calibrationMethodOf(name)),
  );
  return noise.reduce((sum, power) => sum + power / NAMES.length, 0);
}

/**
 * Costs nothing beside its bytes; refuses genomes of which a layer has a width that it does not
 * know.
 */
function costModel(refused: readonly WeightBits[] = []): HardwareCostModel {
  return {
    target: "bytes alone",
    supports: () => ({
      status: "native",
      weightStorageBits: 8,
      activationStorageBits: 32,
      computeFormat: "float32",
      reasons: [],
    }),
    estimate: (_, one): CostEstimate => ({
      kind: "predicted",
      latencyMs: 1,
      energyMj: 1,
      memoryFootprintMb: 1,
      storedBytes: 1,
      layers: [],
      notes: [],
      refusedLayers: NAMES.filter((name) =>
        refused.includes(one.layerConfigs.get(name)!.weightBits),
      ),
      source: "test",
    }),
  };
}

function estimateOf(loss: number, standardError: number): AccuracyEstimate {
  const accuracy = Math.max(0, 1 - loss);
  return {
    kind: "measured",
    accuracy,
    metric: "formula",
    metricValue: accuracy,
    standardError,
    source: "test",
  };
}

/** A screening that has measured these, and so the front of them. */
function screened(
  measured: readonly QuantizationGenome[],
  standardError: number,
  refused?: readonly WeightBits[],
) {
  const estimates = new Map(measured.map((one) => [one, estimateOf(lossOf(one), standardError)]));
  const baseline = estimateOf(0, 0);
  const context: EvaluationContext = createEvaluationContext({
    model,
    costModel: costModel(refused),
    evaluator: {
      kind: "measured",
      baseline,
      evaluate: async () => {
        throw new Error("screening measures nothing");
      },
    },
    targets: {},
    weights: { accuracyWeight: 1, compressionWeight: 1, latencyWeight: 1, energyWeight: 1 },
  });
  const layerPrior = { weights: new Map(NAMES.map((name) => [name, 1])), deviations: new Map() };
  const record = new MeasuredRecord({ model, noiseTable, layerPrior, baseline });
  for (const [one, estimate] of estimates) record.add({ genome: one, estimate });
  const front = measured.map((one) =>
    one.with({ metrics: metricsOf(one, context, estimates.get(one)!) }),
  );
  return {
    choose: (candidates: readonly QuantizationGenome[], count: number) =>
      new Screening(context, record).choose(candidates, front, count),
  };
}

/** Error of a measurement: the loss at six bits. */
const COARSE = lossOf(genome(6));

describe("Screening.choose", () => {
  it("fills the gap of a front before it goes on at its ends", () => {
    const { choose } = screened([genome(8), genome(6), genome(2)], 1e-6);
    const [gap, ends] = [genome(4), [genome(8, 8, 8, 16), genome(2, 2, 2, 1)]];
    expect(choose([ends[0]!, gap, ends[1]!], 1)).toEqual([gap]);
    expect(choose([...ends, gap, genome(4, 4, 4, 5)], 1).some((one) => ends.includes(one))).toBe(
      false,
    );
  });

  it("counts bytes by their ratio: half of few is as much as half of many", () => {
    const { choose } = screened([genome(32), genome(2)], COARSE);
    // From 32 bits to 14 at next to no loss; from 32 to 4 at some.
    const [many, few] = [genome(32, 8, 8, 8), genome(4)];
    expect(choose([many, few], 1)).toEqual([few]);
  });

  it("takes none that breaks a limit as long as another one keeps to all", () => {
    const { choose } = screened([genome(8), genome(2)], 1e-6, [3]);
    const [refused, feasible] = [[genome(3, 4, 4, 4), genome(4, 3, 4, 4)], genome(8, 8, 8, 6)];
    expect(choose([...refused, feasible], 1)).toEqual([feasible]);
    // For want of others one that breaks it is measured all the same.
    const two = choose([...refused, feasible], 2);
    expect(two).toContain(feasible);
    expect(two).toHaveLength(2);
  });

  it("takes the first ones as long as nothing was measured", () => {
    const { choose } = screened([], 1e-6);
    const candidates = [genome(8), genome(4), genome(2)];
    expect(choose(candidates, 2)).toEqual(candidates.slice(0, 2));
  });
});
