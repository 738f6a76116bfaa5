import { checkMetricOptions } from "./check-metric.js";
import { comparedRows } from "./compared-rows.js";
import { judgedShare } from "./judged-share.js";
import type { Metric, MetricOptions } from "./metric.js";
import { argMax } from "./score-rows.js";

/**
 * Share of samples for which the model's greatest score is in the same class as the float model's.
 * Needs no labels.
 */
export function outputAgreement(options: MetricOptions = {}): Metric {
  checkMetricOptions(options);
  return {
    name: "agreement",
    identity: `agreement ${options.output ?? ""}`,
    needsReference: true,
    judgesPart: true,
    evaluate(outputs, reference, { partial = false } = {}) {
      const { scores, float } = comparedRows(outputs, reference, {
        metric: "agreement",
        output: options.output,
        partial,
      });
      return judgedShare(scores, (row) => argMax(scores, row) === argMax(float, row));
    },
  };
}
