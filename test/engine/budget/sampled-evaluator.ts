import type {
  AccuracyEstimate,
  AccuracyEvaluator,
  QuantizationGenome,
} from "../../../src/index.js";
import { wilsonInterval } from "../../../src/numeric/confidence.js";
import { Random } from "../../../src/random/random.js";

/**
 * An evaluator of samples by formula: every sample has a margin and a direction in which each
 * layer's noise pushes it; it is right as long as its margin holds. Counts what it was asked.
 */
export function sampledEvaluator(
  sensitivities: Readonly<Record<string, number>>,
  sampleCount = 256,
): AccuracyEvaluator & { readonly asked: { key: string; samples: number }[] } {
  const random = new Random("sampled evaluator");
  const margins = Float64Array.from(
    { length: sampleCount },
    () => 0.02 + Math.abs(random.normal()),
  );
  const pushes = new Map(
    Object.keys(sensitivities).map((name) => [
      name,
      Float64Array.from({ length: sampleCount }, () => random.normal()),
    ]),
  );
  const estimate = (scores: Float32Array): AccuracyEstimate => {
    const accuracy = scores.reduce((sum, score) => sum + score, 0) / scores.length;
    return {
      kind: "measured",
      accuracy,
      metric: "top-1",
      metricValue: accuracy,
      samples: scores.length,
      sampleScores: scores,
      interval: wilsonInterval(accuracy, scores.length),
      source: "test",
    };
  };
  const asked: { key: string; samples: number }[] = [];
  return {
    kind: "measured",
    sampleCount,
    asked,
    baseline: estimate(new Float32Array(sampleCount).fill(1)),
    async evaluate(genome: QuantizationGenome, { samples = sampleCount }) {
      asked.push({ key: genome.key, samples });
      const scores = new Float32Array(samples);
      for (let i = 0; i < samples; i++) {
        let push = 0;
        for (const [name, config] of genome.layerConfigs)
          push +=
            Math.sqrt(sensitivities[name] ?? 0) *
            2 ** (1 - config.weightBits) *
            (config.granularity === "per-tensor" ? 1.5 : 1) *
            pushes.get(name)![i]!;
        scores[i] = margins[i]! + push > 0 ? 1 : 0;
      }
      return estimate(scores);
    },
  };
}
