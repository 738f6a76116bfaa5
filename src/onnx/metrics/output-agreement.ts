import { EvaluationError } from "../../errors.js";
import { checkMetricOptions } from "../check-arguments.js";
import { judgedShare } from "./judged-share.js";
import type { Metric, MetricOptions } from "./metric.js";
import { argMax, scoreRows } from "./score-rows.js";

/** Share of samples for which the model's greatest score is in the same class as the float model's. Needs no labels. */
export function outputAgreement(options: MetricOptions = {}): Metric {
  checkMetricOptions(options);
  return {
    name: "agreement",
    identity: `agreement ${options.output ?? ""}`,
    needsReference: true,
    judgesPart: true,
    evaluate(outputs, reference, { partial = false } = {}) {
      if (reference === undefined)
        throw new EvaluationError(
          "metric",
          "agreement needs the float model's outputs; pass them as reference",
        );
      const scores = scoreRows(outputs, options.output);
      const float = scoreRows(reference, options.output);
      if (
        (partial ? scores.rows > float.rows : scores.rows !== float.rows) ||
        scores.classes !== float.classes
      )
        throw new EvaluationError(
          "metric.output",
          `the output is ${scores.rows} x ${scores.classes} scores, the float model's ${float.rows} x ${float.classes}; allowed: the same`,
        );
      return judgedShare(scores, (row) => argMax(scores, row) === argMax(float, row));
    },
  };
}
