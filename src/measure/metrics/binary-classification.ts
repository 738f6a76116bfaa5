import { quoteName } from "../../check/quote-name.js";
import { EvaluationError, InvalidArgumentError } from "../../errors.js";
import { fingerprint } from "../../numeric/fingerprint.js";
import { checkChoice, checkMetricOptions, checkNumber } from "./check-metric.js";
import type { Metric, MetricOptions, OutputTensor } from "./metric.js";
import { outputSamples } from "./outputs/output-samples.js";
import { type ClassIndices, type NumberArray, readClassIndices } from "./outputs/score-rows.js";
import { readOutputs, selectOutput } from "./outputs/select-output.js";
import { jackknifeResult } from "./scores/jackknife.js";
import { judgedShare, sampleMeans } from "./scores/judged-share.js";
import {
  areaUnderCurve,
  countDecisions,
  f1Score,
  placements,
  rankScores,
} from "./scores/ranking.js";

/** How {@link binaryClassification} judges. */
export interface BinaryClassificationOptions extends MetricOptions {
  /**
   * `auc`: area under the ROC curve, which needs no threshold. `f1`: of the positives. `accuracy`:
   * share of right decisions. Default auc.
   */
  readonly measure?: "auc" | "f1" | "accuracy" | undefined;
  /** Scores above it are positive. Default: 0.5 where all are from 0 to 1, else 0. */
  readonly threshold?: number | undefined;
}

/**
 * Judges one score a sample: [batch], [batch, 1] or, by the second score less the first, [batch,
 * 2]; wake words, voice activity, fraud. The value is the score. AUC: Hanley and McNeil 1982, its
 * sample scores DeLong's placements, whose mean it is. F1 is no mean over samples and has no scores
 * of samples. Errors of both by the delete-a-group jackknife, of accuracy by Wilson's interval.
 * @param labels 1 or more positive, 0 negative, below 0 not judged; one for each score
 * @throws InvalidArgumentError or InvalidDataError for other labels or options, or labels of one
 *   kind for `auc`; from `evaluate` EvaluationError when they do not fit the output
 */
export function binaryClassification(
  labels: ClassIndices,
  options: BinaryClassificationOptions = {},
): Metric {
  checkMetricOptions(options, ["measure", "threshold"]);
  const { measure = "auc", threshold, output } = options;
  checkChoice("measure", measure, ["auc", "f1", "accuracy"]);
  if (threshold !== undefined) checkNumber("threshold", threshold);
  const truth = readClassIndices(labels, "labels");
  if (measure === "auc" && !(truth.includes(0) && truth.some((label) => label > 0)))
    throw new InvalidArgumentError(
      "labels",
      "labels are all of one kind, which have no AUC; allowed: positives and negatives",
    );
  return {
    name: `binary ${measure}`,
    identity: `binary ${measure} ${threshold} ${output ?? ""} ${fingerprint(truth)}`,
    outputs: readOutputs(output),
    judgesPart: true,
    evaluate(outputs, _, call) {
      const tensor = selectOutput(outputs, output, call);
      const scores = binaryScores(tensor);
      const width = tensor.data.length / scores.length;
      const spans = outputSamples(tensor, call?.batchSizes);
      const starts = [...spans.map(({ start }) => start / width), scores.length];
      requireLabels(truth, scores.length, call?.partial === true);
      const own = truth.subarray(0, scores.length);
      const limit = threshold ?? naturalThreshold(scores);
      if (measure === "accuracy")
        return judgedShare({ rows: scores.length, starts }, (row) =>
          own[row]! < 0 ? undefined : scores[row]! > limit === own[row]! > 0,
        );
      const sampleOf = new Int32Array(scores.length);
      spans.forEach((_, s) => {
        sampleOf.fill(s, starts[s], starts[s + 1]);
      });
      if (measure === "f1")
        return jackknifeResult(
          spans.length,
          (keep) => f1Score(countDecisions(scores, own, limit, (row) => keep(sampleOf[row]!))),
          1,
        );
      const ranked = rankScores(scores, own);
      const result = jackknifeResult(
        spans.length,
        (keep) => areaUnderCurve(ranked, (row) => keep(sampleOf[row]!)),
        // Of a part with one kind only nothing is known.
        0.5,
      );
      return { ...result, sampleScores: sampleMeans(placements(ranked), starts) };
    },
  };
}

/**
 * One score for each row of an output: the second of two less the first, or the only one.
 * @throws EvaluationError for rows of more
 */
function binaryScores(output: OutputTensor & { readonly name: string }): NumberArray {
  const { data, dims: all, batchDims: [dims = all] = [all], name } = output;
  const last = dims.findLast((extent, i) => i > 0 && extent !== 1) ?? 1;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array || last > 2)
    throw new EvaluationError(
      "metric.output",
      `output ${quoteName(name)} has dims [${dims.join(", ")}]; allowed: numbers [batch], ` +
        "[batch, 1] or [batch, 2]",
    );
  if (last === 1) return data;
  return Float64Array.from({ length: data.length / 2 }, (_, i) => data[2 * i + 1]! - data[2 * i]!);
}

/** The threshold of probabilities, or of logits. */
export function naturalThreshold(scores: ArrayLike<number>): number {
  for (let i = 0; i < scores.length; i++) if (!(scores[i]! >= 0 && scores[i]! <= 1)) return 0;
  return 0.5;
}

/** @throws EvaluationError unless there is a label for each score (or, in a part, more) */
export function requireLabels(labels: ArrayLike<unknown>, scores: number, partial: boolean): void {
  if (partial ? labels.length >= scores : labels.length === scores) return;
  throw new EvaluationError(
    "metric.labels",
    `there are ${labels.length} labels for ${scores} scores; allowed: one for each`,
  );
}
