import { describeValue } from "../../check/describe-value.js";
import { EvaluationError, InvalidArgumentError } from "../../errors.js";
import { fingerprint } from "../../numeric/fingerprint.js";
import { rankCorrelation } from "../../numeric/rank-correlation.js";
import { checkChoice, checkInteger, checkMetricOptions } from "./check-metric.js";
import type { Metric, MetricCall, MetricOptions, MetricResult, ModelOutputs } from "./metric.js";
import { outputSamples } from "./outputs/output-samples.js";
import { type ClassIndices, readClassIndices } from "./outputs/score-rows.js";
import {
  readOutputs,
  referenceCall,
  requireReference,
  selectOutput,
} from "./outputs/select-output.js";
import { jackknifeError, normalErrors } from "./scores/jackknife.js";
import { judgedShare } from "./scores/judged-share.js";
import { relativeErrorResult } from "./scores/relative-error.js";

/** Two samples, and how alike they are. */
export interface SimilarPair {
  /** Indices of the samples, from 0. */
  readonly first: number;
  readonly second: number;
  /** In any unit: more is more alike. */
  readonly similarity: number;
}

/** How {@link embeddingSimilarity} judges. */
export interface EmbeddingSimilarityOptions extends MetricOptions {
  /** Default cosine. */
  readonly measure?: "cosine" | "spearman" | "recall" | undefined;
  /** Judged similarities, for spearman. Default: the float model's own. */
  readonly pairs?: readonly SimilarPair[] | undefined;
  /** Neighbours, for recall, an integer from 1. Default 10. */
  readonly k?: number | undefined;
  /**
   * Class of each sample, for recall; below 0 not judged. Default: the float model's neighbours.
   */
  readonly labels?: ClassIndices | undefined;
}

/** Most pairs of samples that spearman ranks. */
const MOST_PAIRS = 20_000;

/**
 * Judges vectors, one for each sample, by the cosine.
 *
 * - `cosine`: mean cosine of a sample's vector and the float model's. The score is 1 - 0.99 e, with
 *   e = (1 - cosine) over that of the best constant vector; 0.01 / e beyond 1. So vectors that all
 *   point in nearly one direction do not seem alike for that.
 * - `spearman`: Spearman's rank correlation of the cosines of pairs with `pairs`, or with the float
 *   model's cosines of all pairs (of 20,000 where there are more, each sample in as many). The
 *   score is the correlation, at least 0; the error that of the delete-a-group jackknife; there are
 *   no scores of samples.
 * - `recall`: the share of the float model's k nearest samples that are among the k nearest, or
 *   with `labels` the share of samples with one of their own class among the k nearest. The score
 *   is the share.
 * @throws InvalidArgumentError or InvalidDataError for other options; from `evaluate`
 *   EvaluationError when vectors differ in length, or there are fewer than 2 samples for pairs
 */
export function embeddingSimilarity(options: EmbeddingSimilarityOptions = {}): Metric {
  checkMetricOptions(options, ["measure", "pairs", "k", "labels"]);
  const { measure = "cosine", k = 10, output, pairs } = options;
  checkChoice("measure", measure, ["cosine", "spearman", "recall"]);
  checkInteger("k", k, 1);
  if (pairs !== undefined) checkPairs(pairs);
  const labels =
    options.labels === undefined ? undefined : readClassIndices(options.labels, "labels");
  const truth = [
    pairs &&
      fingerprint(Float64Array.from(pairs.flatMap((p) => [p.first, p.second, p.similarity]))),
    labels && fingerprint(labels),
  ];
  return {
    name: measure === "recall" ? `recall at ${k}` : `${measure} of embeddings`,
    identity: `embeddings ${measure} ${k} ${output ?? ""} ${truth.join(" ")}`,
    outputs: readOutputs(output),
    needsReference: true,
    judgesPart: true,
    evaluate(outputs, reference, call) {
      const own = unitVectors(outputs, output, call);
      const float = () =>
        unitVectors(requireReference(reference, measure), output, referenceCall(call));
      if (measure === "cosine") return cosineResult(own, float());
      const part = (all: readonly Float64Array[]) => all.slice(0, own.length);
      if (measure === "spearman") return spearmanResult(own, part(float()), pairs);
      return labels === undefined
        ? recallResult(own, part(float()), k)
        : labelledRecall(own, labels, k);
    },
  };
}

function checkPairs(pairs: readonly SimilarPair[]): void {
  const valid = (pair: SimilarPair) =>
    [pair?.first, pair?.second].every((index) => Number.isInteger(index) && index >= 0) &&
    Number.isFinite(pair.similarity);
  if (Array.isArray(pairs) && pairs.length >= 2 && pairs.every(valid)) return;
  throw new InvalidArgumentError(
    "pairs",
    `pairs is ${describeValue(pairs)}; allowed: a list of 2 or more { first, second, similarity }`,
  );
}

/** The vectors of all samples at length 1; zero stays zero. */
function unitVectors(
  outputs: ModelOutputs,
  output: string | undefined,
  call: MetricCall | undefined,
): Float64Array[] {
  const tensor = selectOutput(outputs, output, call);
  const vectors = outputSamples(tensor, call?.batchSizes).map(({ start, end }) => {
    const vector = Float64Array.from({ length: end - start }, (_, i) =>
      Number(tensor.data[start + i]),
    );
    const length = Math.sqrt(dot(vector, vector));
    return length > 0 ? vector.map((value) => value / length) : vector;
  });
  if (vectors.every(({ length }) => length === vectors[0]!.length)) return vectors;
  throw new EvaluationError(
    "metric.output",
    "the samples' vectors differ in length; allowed: one length; choose another output",
  );
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function cosineResult(own: readonly Float64Array[], float: readonly Float64Array[]): MetricResult {
  if (own[0]!.length !== float[0]!.length || own.length > float.length)
    throw new EvaluationError(
      "metric.output",
      `the vectors are ${own.length} of ${own[0]!.length}, the float model's ${float.length} of ` +
        `${float[0]!.length}; allowed: the same`,
    );
  // The constant of the greatest mean cosine is the direction of the mean.
  const mean = new Float64Array(float[0]!.length);
  for (const vector of float)
    vector.forEach((value, i) => {
      mean[i]! += value / float.length;
    });
  const constant = 1 - Math.sqrt(dot(mean, mean));
  const unit = constant > 1e-12 ? constant : 1;
  const cosines = own.map((vector, i) => Math.min(1, dot(vector, float[i]!)));
  return relativeErrorResult(
    cosines.map((cosine) => (1 - cosine) / unit),
    cosines.reduce((sum, cosine) => sum + cosine, 0) / cosines.length,
  );
}

function spearmanResult(
  own: readonly Float64Array[],
  float: readonly Float64Array[],
  given: readonly SimilarPair[] | undefined,
): MetricResult {
  const n = own.length;
  const pairs = given?.filter(({ first, second }) => first < n && second < n) ?? allPairs(float);
  if (pairs.length < 2)
    throw new EvaluationError(
      "metric.pairs",
      `${n} samples have ${pairs.length} pairs to judge; allowed: 2 or more`,
    );
  const cosines = pairs.map(({ first, second }) => dot(own[first]!, own[second]!));
  const statistic = (keep: (sample: number) => boolean) => {
    const kept = pairs.flatMap(({ first, second }, i) => (keep(first) && keep(second) ? [i] : []));
    if (kept.length < 2) return undefined;
    const found = rankCorrelation(
      kept.map((i) => cosines[i]!),
      kept.map((i) => pairs[i]!.similarity),
    );
    // Equal cosines rank nothing.
    return Number.isNaN(found) ? 0 : found;
  };
  const value = statistic(() => true) ?? 0;
  const score = Math.max(0, value);
  const standardError = Math.min(1, jackknifeError(n, statistic));
  return { score, value, samples: n, ...normalErrors(score, standardError) };
}

/** All pairs, or each sample with as many of those after it as come to {@link MOST_PAIRS}. */
function allPairs(float: readonly Float64Array[]): SimilarPair[] {
  const n = float.length;
  const reach = Math.max(1, Math.min(n - 1, Math.floor(MOST_PAIRS / n)));
  const whole = (n * (n - 1)) / 2 <= MOST_PAIRS;
  const pairs: SimilarPair[] = [];
  for (let first = 0; first < n; first++)
    for (let step = 1; step <= (whole ? n - 1 - first : reach); step++) {
      const second = (first + step) % n;
      pairs.push({ first, second, similarity: dot(float[first]!, float[second]!) });
    }
  return pairs;
}

/** The indices of the k vectors nearest to one, itself left out; equal ones in their order. */
function nearest(vectors: readonly Float64Array[], at: number, k: number): number[] {
  const cosines = vectors.map((vector) => dot(vectors[at]!, vector));
  return cosines
    .map((_, i) => i)
    .filter((i) => i !== at)
    .sort((a, b) => cosines[b]! - cosines[a]! || a - b)
    .slice(0, k);
}

function recallResult(
  own: readonly Float64Array[],
  float: readonly Float64Array[],
  k: number,
): MetricResult {
  requireSeveral(own);
  const most = Math.min(k, own.length - 1);
  const shares = Float32Array.from(own, (_, at) => {
    const wanted = new Set(nearest(float, at, most));
    return nearest(own, at, most).filter((i) => wanted.has(i)).length / most;
  });
  const score = Math.min(1, shares.reduce((sum, share) => sum + share, 0) / shares.length);
  const error = jackknifeError(shares.length, (keep) => {
    const kept = shares.filter((_, i) => keep(i));
    return kept.reduce((sum, share) => sum + share, 0) / kept.length;
  });
  const errors = normalErrors(score, Math.min(1, error));
  return { score, value: score, samples: shares.length, sampleScores: shares, ...errors };
}

function labelledRecall(own: readonly Float64Array[], labels: Int32Array, k: number): MetricResult {
  requireSeveral(own);
  if (labels.length < own.length)
    throw new EvaluationError(
      "metric.labels",
      `there are ${labels.length} labels for ${own.length} samples; allowed: one for each`,
    );
  const starts = Array.from({ length: own.length + 1 }, (_, i) => i);
  return judgedShare({ rows: own.length, starts }, (at) =>
    labels[at]! < 0 ? undefined : nearest(own, at, k).some((other) => labels[other] === labels[at]),
  );
}

function requireSeveral(vectors: readonly Float64Array[]): void {
  if (vectors.length >= 2) return;
  throw new EvaluationError(
    "metric.output",
    `there is ${vectors.length} sample; allowed: 2 or more, to have neighbours`,
  );
}
