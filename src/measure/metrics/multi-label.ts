import { fingerprint } from "../../numeric/fingerprint.js";
import { naturalThreshold, requireLabels } from "./binary-classification.js";
import { checkChoice, checkMetricOptions, checkNumber } from "./check-metric.js";
import type { Metric, MetricOptions } from "./metric.js";
import { type ClassIndices, readClassIndices, scoreRows } from "./outputs/score-rows.js";
import { readOutputs } from "./outputs/select-output.js";
import { jackknifeResult } from "./scores/jackknife.js";
import {
  areaUnderCurve,
  countDecisions,
  f1Score,
  type RankedScores,
  rankScores,
} from "./scores/ranking.js";

/** How {@link multiLabel} judges. */
export interface MultiLabelOptions extends MetricOptions {
  /** `auc`: area under the ROC curve. `f1`: of the labels that hold. Default auc. */
  readonly measure?: "auc" | "f1" | undefined;
  /**
   * `macro`: mean over the classes that have one (for AUC positives and negatives, for F1 anything
   * true or found). `micro`: all decisions together. Default macro.
   */
  readonly average?: "macro" | "micro" | undefined;
  /** Scores above it are positive. Default: 0.5 where all are from 0 to 1, else 0. */
  readonly threshold?: number | undefined;
}

/**
 * Judges scores [..., classes] of which each is a decision of its own (tags, sounds). The value is
 * the score; neither is a mean over samples, so there are no scores of samples, and errors are
 * those of the delete-a-group jackknife.
 * @param labels [..., classes] flattened: 1 or more holds, 0 does not, below 0 not judged
 * @throws InvalidArgumentError or InvalidDataError for other labels or options; from `evaluate`
 *   EvaluationError when they do not fit the output
 */
export function multiLabel(labels: ClassIndices, options: MultiLabelOptions = {}): Metric {
  checkMetricOptions(options, ["measure", "average", "threshold"]);
  const { measure = "auc", average = "macro", threshold, output } = options;
  checkChoice("measure", measure, ["auc", "f1"]);
  checkChoice("average", average, ["macro", "micro"]);
  if (threshold !== undefined) checkNumber("threshold", threshold);
  const truth = readClassIndices(labels, "labels");
  const name = `multi-label ${average} ${measure}`;
  return {
    name,
    identity: `${name} ${threshold} ${output ?? ""} ${fingerprint(truth)}`,
    outputs: readOutputs(output),
    judgesPart: true,
    evaluate(outputs, _, call) {
      const { data, rows, classes, starts } = scoreRows(outputs, output, call);
      requireLabels(truth, data.length, call?.partial === true);
      const own = truth.subarray(0, data.length);
      const sampleOf = new Int32Array(rows);
      for (let s = 0; s + 1 < starts.length; s++) sampleOf.fill(s, starts[s], starts[s + 1]);
      const groups = average === "micro" ? 1 : classes;
      const of = (group: number) => (index: number) => groups === 1 || index % classes === group;
      const limit = threshold ?? naturalThreshold(data);
      const ranked =
        measure === "auc" ? splitRanks(rankScores(data, own), groups, classes) : undefined;
      const statistic = (keep: (sample: number) => boolean) => {
        const kept = (index: number) => keep(sampleOf[Math.floor(index / classes)]!);
        const found: number[] = [];
        for (let group = 0; group < groups; group++) {
          const value =
            ranked === undefined
              ? f1Score(
                  countDecisions(data, own, limit, (index) => of(group)(index) && kept(index)),
                )
              : areaUnderCurve(ranked[group]!, kept);
          if (value !== undefined) found.push(value);
        }
        if (found.length === 0) return undefined;
        return found.reduce((sum, value) => sum + value, 0) / found.length;
      };
      return jackknifeResult(starts.length - 1, statistic, measure === "auc" ? 0.5 : 1);
    },
  };
}

/** The ranks of each class. */
function splitRanks(all: RankedScores, groups: number, classes: number): RankedScores[] {
  if (groups === 1) return [all];
  const orders = Array.from({ length: groups }, (): number[] => []);
  for (const index of all.order) orders[index % classes]!.push(index);
  return orders.map((order) => ({ ...all, order }));
}
