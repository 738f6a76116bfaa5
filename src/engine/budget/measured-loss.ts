import type { AccuracyEstimate } from "../../evaluation/evaluator.js";
import { pairedDifference } from "../../numeric/paired-difference.js";

/** How much worse than the float32 model a genome was, with the error of it. */
export interface MeasuredLoss {
  /**
   * Mean over samples of the float32 model's score less the genome's; without scores of samples, of
   * the accuracy.
   */
  readonly loss: number;
  readonly variance: number;
}

/**
 * The loss behind an estimate, on the samples that it has. Where both estimates have scores of
 * samples, it is their mean difference: what the samples have in common (some are hard) cancels
 * out.
 */
export function measuredLoss(
  estimate: AccuracyEstimate,
  baseline: AccuracyEstimate | undefined,
): MeasuredLoss {
  const { sampleScores } = estimate;
  const float = baseline?.sampleScores;
  if (sampleScores !== undefined && float !== undefined && float.length >= sampleScores.length) {
    const { mean, standardError } = pairedDifference(float, sampleScores);
    return { loss: mean, variance: standardError ** 2 };
  }
  return {
    loss: (baseline?.accuracy ?? 1) - estimate.accuracy,
    variance: (estimate.standardError ?? 0) ** 2,
  };
}
