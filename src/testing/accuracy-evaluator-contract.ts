import type { AccuracyEvaluator } from "../evaluation/evaluator.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import { assert, assertSame, assertWithin, thrownBy } from "./assertions.js";
import type { ContractCheck } from "./contract-check.js";

/** What {@link accuracyEvaluatorContract} needs to know about an evaluator. */
export interface AccuracyEvaluatorCase {
  /** Makes a fresh evaluator of the same model and data; called more than once for each check. */
  create(): AccuracyEvaluator | Promise<AccuracyEvaluator>;
  /** Quantizes nothing: every layer in float32. */
  readonly float32: QuantizationGenome;
  /** Genomes of the same model, at least two, in no order. */
  readonly genomes: readonly QuantizationGenome[];
  /** Loses clearly against float32, such as all weights in 2 bits. */
  readonly ruined: QuantizationGenome;
}

/**
 * What every {@link AccuracyEvaluator} keeps, built-in or your own: a labelled accuracy from 0 to
 * 1, the same for the same genome, however many are asked for at once.
 * @returns the checks, for a test runner of your choice
 * @example With node:test:
 * ```ts
 * import { test } from "node:test";
 * import { accuracyEvaluatorContract } from "quantevo/testing";
 *
 * const subject = { create: () => new MyEvaluator(model), float32, genomes, ruined };
 * for (const check of accuracyEvaluatorContract(subject)) test(check.name, () => check.run());
 * ```
 */
export function accuracyEvaluatorContract(subject: AccuracyEvaluatorCase): ContractCheck[] {
  const { float32, genomes, ruined } = subject;
  const ask = async (genome: QuantizationGenome) => (await subject.create()).evaluate(genome, {});
  return [
    {
      name: "gives a labelled accuracy from 0 to 1",
      async run() {
        const evaluator = await subject.create();
        for (const genome of [float32, ruined, ...genomes]) {
          const estimate = await evaluator.evaluate(genome, {});
          assertWithin(estimate.accuracy, 0, 1, "accuracy");
          assert(
            Number.isFinite(estimate.metricValue),
            `metricValue is ${estimate.metricValue}; expected: a finite number`,
          );
          assertSame(estimate.kind, evaluator.kind, "kind of the estimate");
          assert(estimate.metric !== "", "metric is empty; expected: its name");
          assert(estimate.source !== "", "source is empty; expected: how it was obtained");
          if (estimate.kind === "measured")
            assert((estimate.samples ?? 0) > 0, "samples is not given; expected: how many");
          else assertSame(estimate.samples, undefined, "samples of a prediction");
        }
      },
    },
    {
      name: "says the same again, from the same evaluator and from another",
      async run() {
        const evaluator = await subject.create();
        for (const genome of genomes) {
          const first = await evaluator.evaluate(genome, {});
          assertSame(await evaluator.evaluate(genome, {}), first, "the second estimate");
          assertSame(await ask(genome), first, "the estimate of another evaluator");
        }
      },
    },
    {
      name: "says the same to many asked at once",
      async run() {
        const evaluator = await subject.create();
        const together = await Promise.all(genomes.map((genome) => evaluator.evaluate(genome, {})));
        for (const [i, genome] of genomes.entries())
          assertSame(together[i], await ask(genome), `estimate ${i} of those asked for at once`);
      },
    },
    {
      name: "does not depend on a genome's metrics",
      async run() {
        const [genome] = genomes;
        assert(genome !== undefined, "genomes is empty; expected: at least two");
        assertSame(await ask(genome.clone()), await ask(genome), "the estimate of a clone");
      },
    },
    {
      name: "tells a ruined model from the float32 one, and its baseline is the latter",
      async run() {
        const evaluator = await subject.create();
        const { accuracy } = await evaluator.evaluate(float32, {});
        const lost = (await evaluator.evaluate(ruined, {})).accuracy;
        assert(
          lost < accuracy,
          `accuracy of the ruined model is ${lost}; expected: below ${accuracy}, that of float32`,
        );
        if (evaluator.baseline !== undefined)
          assertWithin(evaluator.baseline.accuracy - accuracy, -5e-10, 5e-10, "baseline - float32");
      },
    },
    {
      name: "rejects once its signal is aborted",
      async run() {
        const evaluator = await subject.create();
        const signal = AbortSignal.abort(new Error("enough"));
        await thrownBy(() => evaluator.evaluate(genomes[0]!, { signal }), "an aborted evaluation");
      },
    },
    {
      name: "rejects a genome that lacks a layer",
      async run() {
        const layers = new Map([...float32.layerConfigs].slice(1));
        if (layers.size === 0) return;
        const evaluator = await subject.create();
        const genome = float32.with({ layerConfigs: layers });
        await thrownBy(() => evaluator.evaluate(genome, {}), "the evaluation of such a genome");
      },
    },
  ];
}
