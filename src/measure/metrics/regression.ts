import { quoteName } from "../../check/quote-name.js";
import { EvaluationError } from "../../errors.js";
import { fingerprint } from "../../numeric/fingerprint.js";
import { checkChoice, checkMetricOptions, checkNumber } from "./check-metric.js";
import { areAligned } from "./divergence/difference.js";
import { squaredDifference } from "./divergence/squared-difference.js";
import type { Metric, MetricCall, MetricOptions, MetricResult, ModelOutputs } from "./metric.js";
import { outputSamples, type SampleSpan } from "./outputs/output-samples.js";
import {
  readOutputs,
  referenceCall,
  requireReference,
  selectOutput,
} from "./outputs/select-output.js";
import { decibelResult, decibels } from "./scores/decibels.js";
import { relativeErrorResult } from "./scores/relative-error.js";
import { readTargets, requireTargets } from "./scores/target-values.js";

/** What {@link regression} measures. */
export type RegressionMeasure = "mse" | "mae" | "r2" | "psnr" | "si-sdr";

/** How {@link regression} judges. */
export interface RegressionOptions extends MetricOptions {
  /** Default mse. */
  readonly measure?: RegressionMeasure | undefined;
  /** Greatest possible value less the least, for psnr. Default: the range of the targets. */
  readonly peak?: number | undefined;
}

/**
 * Judges numbers by their distance from targets, or from the float model's output without any.
 *
 * - `mse`, `mae`: mean squared, mean absolute error over all values, in the unit of the output.
 * - `r2`: coefficient of determination, 1 - squared error / squared deviation from the targets'
 *   mean at each place of a sample.
 * - `psnr`: peak signal to noise ratio, 10 log10(peak^2 / mse) in dB, the mean over samples.
 * - `si-sdr`: scale-invariant signal to distortion ratio in dB, the mean over samples (Le Roux et
 *   al., "SDR - half-baked or well done?", 2019); silent targets are not judged.
 *
 * The value is in that unit, dB within -150 to 150. The score is 1 - 0.99 e up to a relative error
 * e of 1, and 0.01 / e beyond. There e is the value over that of the best constant answer (mean of
 * the targets at each place, median for mae); 1 - r2; 10^((psnr of the best constant - psnr) / 10);
 * 10^(-si-sdr / 10). A sample's score is 1 - 0.99 of its own e. The standard error is that of a
 * mean over samples.
 * @param targets values flattened as the output is; undefined: those of the float model
 * @throws InvalidArgumentError or InvalidDataError for other targets or options; from `evaluate`
 *   EvaluationError when they do not fit the output
 */
export function regression(
  targets?: ArrayLike<number> | undefined,
  options: RegressionOptions = {},
): Metric {
  checkMetricOptions(options, ["measure", "peak"]);
  const { measure = "mse", peak, output } = options;
  checkChoice("measure", measure, ["mse", "mae", "r2", "psnr", "si-sdr"]);
  if (peak !== undefined) checkNumber("peak", peak, 0);
  const given = targets === undefined ? undefined : readTargets(targets, "targets");
  return {
    name: measure,
    identity: `${measure} ${peak} ${output ?? ""} ${given ? fingerprint(given) : "float"}`,
    outputs: readOutputs(output),
    needsReference: true,
    judgesPart: true,
    evaluate(outputs, reference, call) {
      const found = selectOutput(outputs, output, call);
      const data = numbersOf(found);
      // Targets are cut into samples as the float model's output is, which has all of them.
      const all =
        reference ?? (given === undefined ? requireReference(reference, measure) : outputs);
      const wanted = targetsOf(given, all, output, call);
      requireTargets(wanted.values.length, data.length, call?.partial === true);
      const spans = outputSamples(found, call?.batchSizes);
      return JUDGES[measure]({ data, spans, ...wanted, peak });
    },
  };
}

interface Judged {
  readonly data: ArrayLike<number>;
  readonly spans: readonly SampleSpan[];
  /** The targets of all samples, and where these lie. */
  readonly values: Float64Array;
  readonly allSpans: readonly SampleSpan[];
  readonly peak: number | undefined;
}

const JUDGES: Readonly<Record<RegressionMeasure, (judged: Judged) => MetricResult>> = {
  mse: (judged) => {
    const errors = judged.spans.map((span) => distance(judged, span, square));
    const values = judged.spans.reduce((count, { start, end }) => count + end - start, 0);
    return relativeErrorResult(relativeSquares(judged), sum(errors) / values);
  },
  r2: (judged) => {
    const errors = relativeSquares(judged);
    return relativeErrorResult(errors, 1 - mean(errors));
  },
  mae: (judged) => {
    const errors = judged.spans.map((span) => distance(judged, span, Math.abs));
    const unit = orOne(mean(absoluteDeviations(judged)), mean(absoluteSizes(judged)));
    const values = judged.spans.reduce((count, { start, end }) => count + end - start, 0);
    return relativeErrorResult(
      errors.map((error) => error / unit),
      sum(errors) / values,
    );
  },
  psnr: (judged) => {
    const { values, allSpans, spans } = judged;
    const range = judged.peak ?? orOne(rangeOf(values), 0);
    const { constantErrors } = squaresOf(judged);
    const psnr = (error: number, { start, end }: SampleSpan) =>
      decibels(range * range, error / (end - start));
    const zero = mean(allSpans.map((span, i) => psnr(constantErrors[i]!, span)));
    return decibelResult(
      spans.map((span) => psnr(distance(judged, span, square), span)),
      // Targets that are one constant are met by it exactly: then by errors as large as the peak.
      zero >= 150 ? 0 : zero,
    );
  },
  "si-sdr": ({ data, spans, values }) => {
    const found = spans.flatMap((span) => siSdr(data, values, span) ?? []);
    if (found.length === 0)
      throw new EvaluationError(
        "metric.targets",
        "the targets of all samples are silent; allowed: one sample or more with a signal",
      );
    return decibelResult(found, 0);
  },
};

/** Squared error of each sample over the mean one of the best constant. */
function relativeSquares(judged: Judged): number[] {
  const { constantErrors, sizes } = squaresOf(judged);
  const unit = orOne(mean(constantErrors), mean(sizes));
  return judged.spans.map((span) => distance(judged, span, square) / unit);
}

function squaresOf({ values, allSpans }: Judged) {
  return squaredDifference({ data: values, dims: [values.length] }, allSpans);
}

function distance(
  { data, values }: Judged,
  { start, end }: SampleSpan,
  of: (difference: number) => number,
): number {
  let total = 0;
  for (let i = start; i < end; i++) total += of(data[i]! - values[i]!);
  return total;
}

const square = (x: number) => x * x;

/** Of each sample, the sum of distances from the median of the targets at each place. */
function absoluteDeviations({ values, allSpans }: Judged): number[] {
  const period = areAligned(allSpans) ? allSpans[0]!.end - allSpans[0]!.start : 1;
  const medians = Float64Array.from({ length: period }, (_, place) => {
    const seen: number[] = [];
    for (const { start, end } of allSpans)
      for (let i = start + place; i < end; i += period) seen.push(values[i]!);
    return seen.sort((a, b) => a - b)[Math.floor((seen.length - 1) / 2)]!;
  });
  return allSpans.map(({ start, end }) => {
    let total = 0;
    for (let i = start; i < end; i++)
      total += Math.abs(values[i]! - medians[(i - start) % period]!);
    return total;
  });
}

function absoluteSizes({ values, allSpans }: Judged): number[] {
  return allSpans.map(({ start, end }) =>
    values.subarray(start, end).reduce((total, value) => total + Math.abs(value), 0),
  );
}

/** In dB; undefined for a silent target. */
function siSdr(
  data: ArrayLike<number>,
  values: Float64Array,
  { start, end }: SampleSpan,
): number | undefined {
  let product = 0;
  let energy = 0;
  for (let i = start; i < end; i++) {
    product += data[i]! * values[i]!;
    energy += values[i]! ** 2;
  }
  if (energy === 0) return undefined;
  const scale = product / energy;
  let noise = 0;
  for (let i = start; i < end; i++) noise += (scale * values[i]! - data[i]!) ** 2;
  // A silent answer has no part of the target and no distortion of it.
  return scale === 0 ? decibels(0, 1) : decibels(scale * scale * energy, noise);
}

function targetsOf(
  given: Float64Array | undefined,
  reference: ModelOutputs,
  output: string | undefined,
  call: MetricCall | undefined,
): { values: Float64Array; allSpans: readonly SampleSpan[] } {
  const own = referenceCall(call);
  const float = selectOutput(reference, output, own);
  const values = given ?? Float64Array.from(numbersOf(float));
  const allSpans = outputSamples(float, own.batchSizes);
  return { values, allSpans };
}

function numbersOf({ data, name }: ReturnType<typeof selectOutput>) {
  if (!(data instanceof BigInt64Array || data instanceof BigUint64Array)) return data;
  throw new EvaluationError(
    "metric.output",
    `output ${quoteName(name)} holds 64-bit integers; allowed: numbers`,
  );
}

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);
const mean = (values: ArrayLike<number>) => sum(values) / values.length;
const orOne = (value: number, other: number) => value || other || 1;

function rangeOf(values: Float64Array): number {
  let [low, high] = [values[0]!, values[0]!];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return high - low;
}
