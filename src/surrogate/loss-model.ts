import { nonNegativeLeastSquares } from "../numeric/non-negative-least-squares.js";
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

/** Predicts what noise costs. */
export interface LossModel {
  /** Learned loss per power of noise, by source. */
  readonly sensitivity: Float64Array;
  /** The loss on the scale on which the model is sure to the same degree everywhere: asinh(loss / resolution). */
  toScale(loss: number): number;
  fromScale(value: number): number;
  /** On that scale. */
  predict(noise: Float64Array): Belief;
}

/** The linear trend is believed to be right to so much of a loss. */
const TREND_ERROR = 0.3;
/** How firmly a sensitivity is held to its prior: deviations of 100% cost as much as this squared in standard errors. */
const PRIOR_STRENGTH = 1;
/** Least share of its prior that a sensitivity keeps: nothing measured shows that a layer bears any noise. */
const LEAST_SHARE = 0.2;
/** Newest observations that the Gaussian process is fitted on; its cost is the cube of their number. */
const MOST_POINTS = 250;
const LEAST_VARIANCE = 1e-10;

/**
 * Fits a model of loss on what was measured. First a trend: each source adds its noise times a sensitivity that is not
 * negative (second-order expansion of the loss, the cross terms left out), by weighted least squares held to the prior.
 * Then a Gaussian process on what the trend leaves, on the scale asinh(loss / resolution), which is linear within the
 * error of a measurement and logarithmic beyond. A pure function of its arguments.
 * @param observations one or more, oldest first, with noise of equal length
 * @param prior sensitivity of each source up to a common factor, above 0
 */
export function fitLossModel(observations: readonly LossObservation[], prior: Float64Array): LossModel {
  const resolution = typicalError(observations);
  const sensitivity = fitTrend(observations, prior, resolution);
  const sources = prior.length;
  const toScale = (loss: number) => Math.asinh(loss / resolution);
  const position = (noise: Float64Array) =>
    noise.map((power, k) => Math.log1p((sources * sensitivity[k]! * power) / resolution));
  const trendOf = (noise: Float64Array) => toScale(dot(sensitivity, noise));
  const [offset, slope] = fitLine(observations, trendOf, toScale, resolution);
  const newest = observations.slice(-MOST_POINTS);
  const rest = fitGaussianProcess({
    rows: newest.map(({ noise }) => position(noise)),
    targets: Float64Array.from(newest, ({ loss, noise }) => toScale(loss) - offset - slope * trendOf(noise)),
    noise: Float64Array.from(newest, (one) => scaleVariance(one, resolution)),
  });
  return {
    sensitivity,
    toScale,
    fromScale: (value) => resolution * Math.sinh(value),
    predict(noise) {
      const left = rest?.predict(position(noise)) ?? { mean: 0, deviation: 0 };
      return { mean: offset + slope * trendOf(noise) + left.mean, deviation: left.deviation };
    },
  };
}

/** Variance of an observation on the scale, to first order. */
function scaleVariance({ loss, variance }: LossObservation, resolution: number): number {
  return Math.max(variance, LEAST_VARIANCE) / (resolution * resolution + loss * loss);
}

/** Median standard error. */
function typicalError(observations: readonly LossObservation[]): number {
  const variances = observations
    .map(({ variance }) => Math.max(variance, LEAST_VARIANCE))
    .sort((a, b) => a - b);
  return Math.sqrt(variances[variances.length >> 1]!);
}

function fitTrend(
  observations: readonly LossObservation[],
  prior: Float64Array,
  resolution: number,
): Float64Array {
  const weights = observations.map(
    ({ loss, variance }) => 1 / Math.sqrt(variance + resolution ** 2 + (TREND_ERROR * loss) ** 2),
  );
  let products = 0;
  let squares = 0;
  for (const [i, { noise, loss }] of observations.entries()) {
    const expected = weights[i]! * dot(prior, noise);
    products += expected * weights[i]! * loss;
    squares += expected * expected;
  }
  const scale = squares > 0 && products > 0 ? products / squares : resolution;
  const expected = prior.map((weight) => Math.max(scale * weight, Number.MIN_VALUE * 1e100));
  // Unknowns are sensitivities in units of the prior: well scaled for the solver.
  const rows: Float64Array[] = observations.map(({ noise }, i) =>
    noise.map((power, k) => weights[i]! * power * expected[k]!),
  );
  const targets = observations.map(
    ({ loss, noise }, i) => weights[i]! * (loss - LEAST_SHARE * dot(expected, noise)),
  );
  for (let k = 0; k < prior.length; k++) {
    const row = new Float64Array(prior.length);
    row[k] = PRIOR_STRENGTH;
    rows.push(row);
    targets.push(PRIOR_STRENGTH * (1 - LEAST_SHARE));
  }
  return nonNegativeLeastSquares(rows, targets).map((factor, k) => (LEAST_SHARE + factor) * expected[k]!);
}

/** Offset and slope of measured against trend, both on the scale, weighted; 0 and 1 when the points do not tell. */
function fitLine(
  observations: readonly LossObservation[],
  trendOf: (noise: Float64Array) => number,
  toScale: (loss: number) => number,
  resolution: number,
): readonly [offset: number, slope: number] {
  let [w, x, y, xx, xy] = [0, 0, 0, 0, 0];
  for (const one of observations) {
    const weight = 1 / (scaleVariance(one, resolution) + TREND_ERROR ** 2);
    const [trend, value] = [trendOf(one.noise), toScale(one.loss)];
    w += weight;
    x += weight * trend;
    y += weight * value;
    xx += weight * trend * trend;
    xy += weight * trend * value;
  }
  const spread = w * xx - x * x;
  if (!(spread > 1e-9 * w * xx)) return [0, 1];
  const slope = (w * xy - x * y) / spread;
  return slope > 0 ? [(y - slope * x) / w, slope] : [0, 1];
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}
