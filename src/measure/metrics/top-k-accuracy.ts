import { fingerprint } from "../../numeric/fingerprint.js";
import { checkInteger, checkMetricOptions } from "./check-metric.js";
import type { Metric, MetricOptions } from "./metric.js";
import {
  type ClassIndices,
  classIndicesOf,
  readClassIndices,
  scoreRows,
} from "./outputs/score-rows.js";
import { readOutputs } from "./outputs/select-output.js";
import { judgedShare } from "./scores/judged-share.js";

/** How {@link topKAccuracy} judges. */
export interface TopKAccuracyOptions extends MetricOptions {
  /** Classes among which the right one must be, an integer from 1. Default 5. */
  readonly k?: number | undefined;
}

/**
 * Share of samples whose right class is among the k greatest scores (ties: the first classes).
 * Error: Wilson's interval (see `wilsonInterval`).
 * @param labels class of each sample, in the order of the samples; negative = not judged
 * @throws InvalidArgumentError or InvalidDataError when the labels are no class indices, or `k` is
 *   no integer from 1; from `evaluate` EvaluationError when they do not fit the output
 */
export function topKAccuracy(labels: ClassIndices, options: TopKAccuracyOptions = {}): Metric {
  checkMetricOptions(options, ["k"]);
  const { k = 5, output } = options;
  checkInteger("k", k, 1);
  const wanted = readClassIndices(labels, "labels");
  return {
    name: `top-${k}`,
    identity: `top-${k} ${output ?? ""} ${fingerprint(wanted)}`,
    outputs: readOutputs(output),
    judgesPart: true,
    evaluate(outputs, _, call) {
      const scores = scoreRows(outputs, output, call);
      const { data, classes } = scores;
      const labels = classIndicesOf(wanted, scores, "labels", call?.partial === true);
      const share = judgedShare(scores, (row) => {
        const label = labels[row]!;
        if (label < 0) return undefined;
        const own = data[row * classes + label]!;
        let before = 0;
        for (let c = 0; c < classes; c++) {
          const other = data[row * classes + c]!;
          if (other > own || (other === own && c < label)) before++;
        }
        return before < k;
      });
      return { ...share, chance: Math.min(1, k / classes) };
    },
  };
}
