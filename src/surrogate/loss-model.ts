import { nonNegativeRidge } from "../numeric/non-negative-ridge.js";
import { type Belief, fitGaussianProcess } from "./gaussian-process.js";

/** What was measured of one candidate. */
export interface LossObservation {
  /** Power of the noise from each source (a layer's weights, an activation), not negative. */
  readonly noise: Float64Array;
  /** What the noise cost, on any scale where 0 is nothing; may be a little below 0. */
  readonly loss: number;
  /** Square of the standard error of `loss`. */
  readonly variance: number;
}

/** What is thought of each source before anything is measured. */
export interface LossPrior {
  /** Sensitivities up to a common factor, above 0. */
  readonly sensitivity: Float64Array;
  /**
   * How far off each may be, as a share of it, above 0: what is known well is not learned again
   * from little.
   */
  readonly deviation: Float64Array;
}

/** Predicts what noise costs. */
export interface LossModel {
  /** Learned loss per power of noise, by source. */
  readonly sensitivity: Float64Array;
  /**
   * The loss on the scale on which the model is sure to the same degree everywhere: asinh(loss /
   * resolution).
   */
  toScale(loss: number): number;
  fromScale(value: number): number;
  /** On that scale. */
  predict(noise: Float64Array): Belief;
}

/** The linear trend is believed to be right to so much of a loss. */
const TREND_ERROR = 0.3;
/**
 * Least share of its prior that a sensitivity keeps: nothing measured shows that a layer bears any
 * noise.
 */
const LEAST_SHARE = 0.2;
/**
 * Newest observations that the Gaussian process is fitted on; its cost is the cube of their number.
 */
const MOST_POINTS = 250;
const LEAST_VARIANCE = 1e-10;
/** Share of the observations whose errors are below the resolution of the scale. */
const FINEST = 0.1;
/**
 * How much a factor e in height counts beside the composition, whose distances are at most the root
 * of 2.
 */
const HEIGHT = 0.5;

/**
 * Fits a model of loss on what was measured. First a trend: something that all lose, and from each
 * source its noise times a sensitivity, none negative (second-order expansion of the loss, the
 * cross terms left out), by weighted least squares held to the prior. Then a Gaussian process on
 * what the trend leaves, on the scale asinh(loss / resolution), which is linear within the error of
 * the finest measurements and logarithmic beyond. It tells candidates apart by which shares of the
 * trend come from where, and by its height. A pure function of its arguments.
 * @param observations one or more, oldest first, with noise of the prior's length
 */
export function fitLossModel(
  observations: readonly LossObservation[],
  prior: LossPrior,
): LossModel {
  const resolution = finestError(observations);
  const { sensitivity, floor } = fitTrend(observations, prior, resolution);
  const toScale = (loss: number) => Math.asinh(loss / resolution);
  const trendOf = (noise: Float64Array) => floor + dot(sensitivity, noise);
  const position = (noise: Float64Array) => {
    const trend = trendOf(noise);
    if (!(trend > 0)) return new Float64Array(sensitivity.length + 1);
    const shares = noise.map((power, k) => Math.sqrt((sensitivity[k]! * power) / trend));
    return Float64Array.of(...shares, HEIGHT * Math.log(trend / resolution));
  };
  const newest = observations.slice(-MOST_POINTS);
  const left = Float64Array.from(
    newest,
    ({ loss, noise }) => toScale(loss) - toScale(trendOf(noise)),
  );
  const variances = Float64Array.from(newest, (one) => scaleVariance(one, resolution));
  const offset = weightedMean(left, variances);
  const rest = fitGaussianProcess({
    rows: newest.map(({ noise }) => position(noise)),
    targets: left.map((value) => value - offset),
    noise: variances,
  });
  return {
    sensitivity,
    toScale,
    fromScale: (value) => resolution * Math.sinh(value),
    predict(noise) {
      const belief = rest?.predict(position(noise)) ?? { mean: 0, deviation: 0 };
      return { mean: toScale(trendOf(noise)) + offset + belief.mean, deviation: belief.deviation };
    },
  };
}

/** Variance of an observation on the scale, to first order. */
function scaleVariance({ loss, variance }: LossObservation, resolution: number): number {
  return Math.max(variance, LEAST_VARIANCE) / (resolution * resolution + loss * loss);
}

/**
 * A standard error that a tenth of the observations fall below: nearly lossless candidates are to
 * be told apart too.
 */
function finestError(observations: readonly LossObservation[]): number {
  const variances = observations
    .map(({ variance }) => Math.max(variance, LEAST_VARIANCE))
    .sort((a, b) => a - b);
  return Math.sqrt(variances[Math.floor((variances.length - 1) * FINEST)]!);
}

function fitTrend(
  observations: readonly LossObservation[],
  prior: LossPrior,
  resolution: number,
): { readonly sensitivity: Float64Array; readonly floor: number } {
  const weights = observations.map(
    ({ loss, variance }) => 1 / Math.sqrt(variance + resolution ** 2 + (TREND_ERROR * loss) ** 2),
  );
  let products = 0;
  let squares = 0;
  for (const [i, { noise, loss }] of observations.entries()) {
    const expected = weights[i]! * dot(prior.sensitivity, noise);
    products += expected * weights[i]! * loss;
    squares += expected * expected;
  }
  const scale = squares > 0 && products > 0 ? products / squares : resolution;
  const expected = prior.sensitivity.map((weight) =>
    Math.max(scale * weight, Number.MIN_VALUE * 1e100),
  );
  // Unknowns are sensitivities in units of the prior, and the floor in units of the resolution:
  // well scaled for the solver.
  const sources = expected.length;
  const rows = observations.map(({ noise }, i) => {
    const row = new Float64Array(sources + 1);
    for (let k = 0; k < sources; k++) row[k] = weights[i]! * noise[k]! * expected[k]!;
    row[sources] = weights[i]! * resolution;
    return row;
  });
  const targets = Float64Array.from(
    observations,
    ({ loss, noise }, i) => weights[i]! * (loss - LEAST_SHARE * dot(expected, noise)),
  );
  // Nothing is thought of the floor beforehand.
  const centers = Float64Array.from([...expected.map(() => 1 - LEAST_SHARE), 0]);
  const strengths = Float64Array.from([...prior.deviation.map((share) => 1 / share), 0]);
  const found = nonNegativeRidge(rows, targets, centers, strengths);
  return {
    sensitivity: expected.map((value, k) => (LEAST_SHARE + found[k]!) * value),
    floor: found[sources]! * resolution,
  };
}

/** Mean on the scale, exact observations counted for no more than the trend is believed. */
function weightedMean(values: Float64Array, variances: Float64Array): number {
  let [sum, total] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const weight = 1 / (variances[i]! + TREND_ERROR ** 2);
    sum += weight * values[i]!;
    total += weight;
  }
  return sum / total;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}
