import { describe, expect, it } from "vitest";
import type { AccuracyEstimate, AccuracyEvaluator } from "../../src/evaluation/evaluator.js";
import type { QuantizationGenome } from "../../src/genome/quantization-genome.js";

/** What the suite needs to know about an evaluator. */
export interface AccuracyEvaluatorCase {
  /** A fresh evaluator; called once per test. */
  readonly create: () => AccuracyEvaluator | Promise<AccuracyEvaluator>;
  /** Quantizes nothing: every layer in float32. */
  readonly float32: QuantizationGenome;
  /** Genomes of the same model, at least two, in no order. */
  readonly genomes: readonly QuantizationGenome[];
  /** Loses clearly against float32, such as all weights in 2 bits. */
  readonly ruined: QuantizationGenome;
}

/** What every accuracy evaluator keeps, built-in or not. */
export function describeAccuracyEvaluator(name: string, subject: AccuracyEvaluatorCase): void {
  describe(`${name} is an AccuracyEvaluator`, () => {
    const ask = async (genome: QuantizationGenome): Promise<AccuracyEstimate> =>
      (await subject.create()).evaluate(genome, {});

    it("gives a labelled accuracy from 0 to 1", async () => {
      const evaluator = await subject.create();
      for (const genome of [subject.float32, subject.ruined, ...subject.genomes]) {
        const estimate = await evaluator.evaluate(genome, {});
        expect(estimate.accuracy).toBeGreaterThanOrEqual(0);
        expect(estimate.accuracy).toBeLessThanOrEqual(1);
        expect(Number.isFinite(estimate.metricValue)).toBe(true);
        expect(estimate.kind).toBe(evaluator.kind);
        expect(estimate.metric).not.toBe("");
        expect(estimate.source).not.toBe("");
        if (estimate.kind === "measured") expect(estimate.samples).toBeGreaterThan(0);
        else expect(estimate.samples).toBeUndefined();
      }
    });

    it("says the same again, from the same evaluator and from another", async () => {
      const evaluator = await subject.create();
      for (const genome of subject.genomes) {
        const first = await evaluator.evaluate(genome, {});
        expect(await evaluator.evaluate(genome, {})).toEqual(first);
        expect(await ask(genome)).toEqual(first);
      }
    });

    it("says the same to many asked at once", async () => {
      const evaluator = await subject.create();
      const together = await Promise.all(
        subject.genomes.map((genome) => evaluator.evaluate(genome, {})),
      );
      for (const [i, genome] of subject.genomes.entries())
        expect(together[i]).toEqual(await ask(genome));
    });

    it("does not depend on a genome's metrics", async () => {
      const [genome] = subject.genomes;
      expect(await ask(genome!.clone())).toEqual(await ask(genome!));
    });

    it("tells a ruined model from the float32 one, and its baseline is the latter", async () => {
      const evaluator = await subject.create();
      const float32 = await evaluator.evaluate(subject.float32, {});
      expect((await evaluator.evaluate(subject.ruined, {})).accuracy).toBeLessThan(
        float32.accuracy,
      );
      if (evaluator.baseline !== undefined)
        expect(evaluator.baseline.accuracy).toBeCloseTo(float32.accuracy, 9);
    });

    it("rejects once its signal is aborted", async () => {
      const evaluator = await subject.create();
      const signal = AbortSignal.abort(new Error("enough"));
      await expect(evaluator.evaluate(subject.genomes[0]!, { signal })).rejects.toThrow();
    });

    it("rejects a genome that lacks a layer", async () => {
      const layers = new Map([...subject.float32.layerConfigs].slice(1));
      if (layers.size === 0) return;
      const evaluator = await subject.create();
      await expect(
        evaluator.evaluate(subject.float32.with({ layerConfigs: layers }), {}),
      ).rejects.toThrow();
    });
  });
}
