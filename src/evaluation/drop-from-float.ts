import { Z95 } from "../numeric/confidence.js";
import { pairedDifference } from "../numeric/paired-difference.js";
import type { AccuracyEstimate } from "./evaluator.js";

/** How much worse than the float32 model a genome is; below 0 where it is better. */
export interface DropFromFloat {
  /**
   * Where the metric is an accuracy itself (its value is `accuracy`): the accuracy lost, 0.01 = one
   * point of a hundred. Where it has a unit of its own: the share by which its value is worse, 0.03
   * = a perplexity 3% higher. The side of worse is where `accuracy` is lower. A float32 model whose
   * value is 0 has no shares: there it is the accuracy lost.
   */
  readonly drop: number;
  /**
   * Upper end of the 95% interval of `drop`: paired by samples where both estimates have scores,
   * else from the standard error of the genome's. Undefined when neither is known.
   */
  readonly upperBound: number | undefined;
}

/**
 * Compares an estimate with the float32 model's. One on part of the samples is compared on these.
 */
export function dropFromFloat(estimate: AccuracyEstimate, float: AccuracyEstimate): DropFromFloat {
  const lost = float.accuracy - estimate.accuracy;
  const relative = hasOwnUnit(float);
  const paired = pairedLoss(estimate, float);
  const whole = relative ? relativeDrop(estimate, float) : lost;
  const drop = paired?.part === true ? partialDrop(paired, float, relative) : whole;
  if (relative && paired?.logarithmic === true) {
    const worse = (1 + drop) * Math.exp(Z95 * paired.standardError) - 1;
    return { drop, upperBound: Math.min(Number.MAX_VALUE, worse) };
  }
  const error =
    paired === undefined
      ? estimate.standardError
      : paired.standardError * (paired.logarithmic ? estimate.accuracy : 1);
  if (error === undefined) return { drop, upperBound: undefined };
  const perAccuracy = relative ? slope(whole, lost, float.accuracy) : 1;
  return { drop, upperBound: drop + Z95 * error * perAccuracy };
}

/** The metric is no accuracy itself, and shares of its value mean something. */
function hasOwnUnit({ accuracy, metricValue }: AccuracyEstimate): boolean {
  return metricValue !== 0 && Math.abs(metricValue - accuracy) > 1e-9;
}

function relativeDrop(estimate: AccuracyEstimate, float: AccuracyEstimate): number {
  // An expectation has no value in the metric's unit: as if that were the inverse of accuracy.
  if (estimate.metric !== float.metric)
    return Math.min(Number.MAX_VALUE, float.accuracy / estimate.accuracy - 1 || 0);
  if (estimate.accuracy === float.accuracy) return 0;
  const share = Math.abs((estimate.metricValue - float.metricValue) / float.metricValue);
  return Math.min(Number.MAX_VALUE, share) * (estimate.accuracy < float.accuracy ? 1 : -1);
}

/** Relative drop for each unit of accuracy that is lost. */
function slope(drop: number, lost: number, accuracy: number): number {
  const secant = drop / lost;
  if (Number.isFinite(secant) && secant > 0) return secant;
  return accuracy > 0 ? 1 / accuracy : 1;
}

interface PairedLoss {
  readonly mean: number;
  readonly standardError: number;
  /** The estimate has fewer samples. */
  readonly part: boolean;
  /** Scores are logarithms whose mean is that of the accuracy, not parts of the accuracy. */
  readonly logarithmic: boolean;
}

function pairedLoss(estimate: AccuracyEstimate, float: AccuracyEstimate): PairedLoss | undefined {
  const [scores, others] = [estimate.sampleScores, float.sampleScores];
  if (scores === undefined || others === undefined) return undefined;
  if (scores.length === 0 || scores.length > others.length) return undefined;
  const mean = others.reduce((sum, score) => sum + score / others.length, 0);
  return {
    ...pairedDifference(others, scores),
    part: scores.length < others.length,
    logarithmic: Math.abs(Math.exp(mean) - float.accuracy) < Math.abs(mean - float.accuracy),
  };
}

function partialDrop(
  { mean, logarithmic }: PairedLoss,
  { accuracy }: AccuracyEstimate,
  relative: boolean,
): number {
  if (relative) return logarithmic ? Math.expm1(mean) : mean / Math.max(accuracy, Number.EPSILON);
  return logarithmic ? -accuracy * Math.expm1(-mean) : mean;
}
