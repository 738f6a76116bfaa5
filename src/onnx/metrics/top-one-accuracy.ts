import { checkMetricOptions } from "../check-arguments.js";
import { fingerprint } from "../fingerprint.js";
import type { Metric, MetricOptions } from "./metric.js";
import { argMax, type ClassIndices, checkClassIndices, readClassIndices, scoreRows } from "./score-rows.js";

/**
 * Share of samples whose greatest score is that of the right class (ties: the first class).
 * @param labels class of each sample, in the order of the samples; negative = not judged
 * @throws InvalidArgumentError or InvalidDataError when the labels are no class indices; from `evaluate`
 *   EvaluationError when they do not fit the output
 */
export function topOneAccuracy(labels: ClassIndices, options: MetricOptions = {}): Metric {
  checkMetricOptions(options);
  const wanted = readClassIndices(labels, "labels");
  const samples = wanted.filter((label) => label >= 0).length;
  return {
    name: "top-1",
    identity: `top-1 ${options.output ?? ""} ${fingerprint(wanted)}`,
    evaluate(outputs) {
      const scores = scoreRows(outputs, options.output);
      checkClassIndices(wanted, scores, "labels");
      let right = 0;
      for (let row = 0; row < scores.rows; row++) if (argMax(scores, row) === wanted[row]) right++;
      return { score: right / samples, value: right / samples, samples };
    },
  };
}
