import { fingerprint } from "../../numeric/fingerprint.js";
import { checkMetricOptions } from "./check-metric.js";
import type { Metric, MetricOptions } from "./metric.js";
import {
  argMax,
  type ClassIndices,
  classIndicesOf,
  readClassIndices,
  scoreRows,
} from "./outputs/score-rows.js";
import { readOutputs } from "./outputs/select-output.js";
import { judgedShare } from "./scores/judged-share.js";

/**
 * Share of samples whose greatest score is that of the right class (ties: the first class).
 * @param labels class of each sample, in the order of the samples; negative = not judged
 * @throws InvalidArgumentError or InvalidDataError when the labels are no class indices; from
 *   `evaluate` EvaluationError when they do not fit the output
 */
export function topOneAccuracy(labels: ClassIndices, options: MetricOptions = {}): Metric {
  checkMetricOptions(options);
  const wanted = readClassIndices(labels, "labels");
  return {
    name: "top-1",
    identity: `top-1 ${options.output ?? ""} ${fingerprint(wanted)}`,
    outputs: readOutputs(options.output),
    judgesPart: true,
    evaluate(outputs, _, call) {
      const scores = scoreRows(outputs, options.output, call);
      const labels = classIndicesOf(wanted, scores, "labels", call?.partial === true);
      const share = judgedShare(scores, (row) =>
        labels[row]! < 0 ? undefined : argMax(scores, row) === labels[row],
      );
      return { ...share, chance: 1 / scores.classes };
    },
  };
}
