import { nonNegativeRidge } from "../numeric/non-negative-ridge.js";
import { type Belief, fitGaussianProcess } from "./gaussian-process.js";

/** The measurement of one candidate. */
export interface LossObservation {
  /** Noise power of each source (a layer's weights or an activation), not negative. */
  readonly noise: Float64Array;
  /** The measured loss increase, on any scale where 0 means none. May be a little below 0. */
  readonly loss: number;
  /** Square of the standard error of `loss`. */
  readonly variance: number;
}

/** What is assumed of each source before any measurement. */
export interface LossPrior {
  /** Sensitivities up to a common factor, above 0. */
  readonly sensitivity: Float64Array;
  /**
   * Relative uncertainty of each sensitivity, above 0. A small one keeps the fit from changing it
   * on little data.
   */
  readonly deviation: Float64Array;
}

/** Predicts the loss increase from the noise of each source. */
export interface LossModel {
  /** Learned loss per power of noise, by source. */
  readonly sensitivity: Float64Array;
  /** A loss on the model's scale, asinh(loss / resolution), on which its uncertainty is even. */
  toScale(loss: number): number;
  /** The loss of a value on the model's scale; the inverse of `toScale`. */
  fromScale(value: number): number;
  /** Predicts the loss on the model's scale, for the noise of each source. */
  predict(noise: Float64Array): Belief;
}

/** Assumed relative error of the linear trend. */
const TREND_ERROR = 0.3;
/**
 * Least share of its prior that a sensitivity keeps. No measurement shows that a layer tolerates
 * any noise.
 */
const LEAST_SHARE = 0.2;
/** Number of newest observations in the Gaussian process, whose cost is cubic in it. */
const MOST_POINTS = 250;
const LEAST_VARIANCE = 1e-10;
/** Share of the observations whose errors lie below the resolution of the scale. */
const FINEST = 0.1;
/**
 * Weight of a factor e in height beside the composition, whose distances are at most the root of 2.
 */
const HEIGHT = 0.5;

/**
 * Fits a loss model to measurements in two steps. The first is a linear trend: a common floor, and
 * for each source its noise times a sensitivity, none negative. It is the second-order expansion of
 * the loss without cross terms, by weighted least squares regularized to the prior.
 *
 * The second is a Gaussian process on the residuals of the trend, on the scale asinh(loss /
 * resolution). That scale is linear within the error of the finest measurements and logarithmic
 * above. The process distinguishes candidates by the share of each source in the trend, and by the
 * trend's height.
 *
 * A pure function of its arguments.
 * @param observations one or more, oldest first, with as many sources as the prior
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

/** Variance of an observation on the model's scale, to first order. */
function scaleVariance({ loss, variance }: LossObservation, resolution: number): number {
  return Math.max(variance, LEAST_VARIANCE) / (resolution * resolution + loss * loss);
}

/**
 * The standard error that a tenth of the observations fall below, so that nearly lossless
 * candidates stay distinguishable.
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
  // The unknowns are well scaled for the solver: sensitivities in units of the prior, and the floor
  // in units of the resolution.
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
  // There is no prior for the floor.
  const centers = Float64Array.from([...expected.map(() => 1 - LEAST_SHARE), 0]);
  const strengths = Float64Array.from([...prior.deviation.map((share) => 1 / share), 0]);
  const found = nonNegativeRidge(rows, targets, centers, strengths);
  return {
    sensitivity: expected.map((value, k) => (LEAST_SHARE + found[k]!) * value),
    floor: found[sources]! * resolution,
  };
}

/** Mean on the model's scale. The error of the trend bounds the weight of exact observations. */
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
