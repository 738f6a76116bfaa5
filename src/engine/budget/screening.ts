import { totalViolation } from "../../evaluation/constraints.js";
import { type EvaluationContext, metricsOf } from "../../evaluation/evaluate-genome.js";
import type { Individual } from "../../evaluation/individual.js";
import { objectiveVector } from "../../evaluation/objectives.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import { rankConstrained } from "../../search/rank-constrained.js";
import type { LossModel } from "../../surrogate/loss-model.js";
import { greatestGains } from "./hypervolume-gain.js";
import type { MeasuredRecord } from "./measured-record.js";

/**
 * Deviations by which a genome is thought better than expected, so that the unknown is measured
 * too.
 */
const OPTIMISM = 0.5;

/** Asks the surrogate which genomes are worth measuring. */
export class Screening {
  readonly #context: EvaluationContext;
  readonly #record: MeasuredRecord;

  constructor(context: EvaluationContext, record: MeasuredRecord) {
    this.#context = context;
    this.#record = record;
  }

  /**
   * The `count` most promising of the candidates, in their order: those that, at the loss that is
   * expected of them and their known costs, all taken by their ratios, add the most to the
   * hypervolume of the front (see {@link greatestGains}); where fewer add anything or are feasible,
   * also the best of the others by constrained non-dominated rank and crowding distance. The first
   * ones as long as nothing was measured, or when no cost is known.
   */
  choose(
    candidates: readonly QuantizationGenome[],
    front: readonly QuantizationGenome[],
    count: number,
  ): readonly QuantizationGenome[] {
    if (candidates.length <= count || this.#record.size === 0) return candidates.slice(0, count);
    const model = this.#record.lossModel();
    const expected = candidates.flatMap((genome) => this.#expected(genome, model) ?? []);
    if (expected.length === 0) return candidates.slice(0, count);
    const present = front.map((genome) => this.#measured(genome, model));
    const feasible = expected.filter(({ violation }) => violation === 0);
    const there = present.filter(({ violation }) => violation === 0);
    const gainful = greatestGains(feasible.map(relative), there.map(relative), count);
    const chosen = new Set(gainful.map((i) => feasible[i]!.genome.key));
    if (chosen.size < count)
      for (const { genome } of byRank(expected, present)) {
        if (chosen.size === count) break;
        chosen.add(genome.key);
      }
    return candidates.filter((genome) => chosen.has(genome.key));
  }

  /**
   * The genome as it is expected to be; undefined when the cost model fails, which its evaluation
   * will report.
   */
  #expected(genome: QuantizationGenome, model: LossModel): Individual | undefined {
    const { mean, deviation } = model.predict(this.#record.noiseOf(genome));
    const hoped = mean - OPTIMISM * deviation;
    const accuracy = this.#accuracyOf(model.fromScale(hoped));
    try {
      const metrics = metricsOf(genome, this.#context, {
        kind: "predicted",
        accuracy,
        metric: "",
        metricValue: accuracy,
        source: "",
      });
      return {
        genome,
        objectives: [hoped, ...objectiveVector(metrics).slice(1)],
        violation: totalViolation(metrics.violations),
        fitness: metrics.fitnessScore,
      };
    } catch {
      return undefined;
    }
  }

  #measured(genome: QuantizationGenome, model: LossModel): Individual {
    const metrics = genome.metrics!;
    const loss = this.#record.measuredLossOf(genome)?.loss ?? this.#lossOf(metrics.accuracy);
    return {
      genome,
      objectives: [model.toScale(loss), ...objectiveVector(metrics).slice(1)],
      violation: totalViolation(metrics.violations),
      fitness: metrics.fitnessScore,
    };
  }

  /**
   * Scores of samples are parts of the accuracy, their mean, or logarithms whose mean is that of
   * the accuracy.
   */
  get #logarithmic(): boolean {
    const { accuracy = 1, sampleScores } = this.#context.evaluator.baseline ?? {};
    if (sampleScores === undefined || sampleScores.length === 0) return false;
    const mean = sampleScores.reduce((sum, score) => sum + score / sampleScores.length, 0);
    return Math.abs(Math.exp(mean) - accuracy) < Math.abs(mean - accuracy);
  }

  #accuracyOf(loss: number): number {
    const best = this.#context.evaluator.baseline?.accuracy ?? 1;
    return Math.min(1, Math.max(0, this.#logarithmic ? best * Math.exp(-loss) : best - loss));
  }

  #lossOf(accuracy: number): number {
    const best = this.#context.evaluator.baseline?.accuracy ?? 1;
    return this.#logarithmic
      ? Math.log(best / Math.max(accuracy, Number.MIN_VALUE))
      : best - accuracy;
  }
}

/** Objectives by their ratios: half the loss, or half the bytes, is as much anywhere. */
function relative({ objectives: [loss, ...costs] }: Individual): readonly number[] {
  return [loss!, ...costs.map((cost) => Math.log(Math.max(cost, Number.MIN_VALUE)))];
}

/** The expected ones, ranked among themselves and what is there: the best first. */
function byRank(
  expected: readonly Individual[],
  present: readonly Individual[],
): readonly Individual[] {
  const all = [...expected, ...present];
  const { rank, crowding } = rankConstrained(
    Float64Array.from(all.flatMap(({ objectives }) => objectives)),
    Float64Array.from(all, ({ violation }) => violation),
    all[0]!.objectives.length,
  );
  const keyOf = (at: number) => all[at]!.genome.key;
  return expected
    .map((_, at) => at)
    .sort(
      (a, b) =>
        rank[a]! - rank[b]! || crowding[b]! - crowding[a]! || (keyOf(a) < keyOf(b) ? -1 : 1),
    )
    .map((at) => expected[at]!);
}
