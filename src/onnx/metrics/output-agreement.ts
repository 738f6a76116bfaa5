import { EvaluationError } from "../../errors.js";
import { checkMetricOptions } from "../check-arguments.js";
import type { Metric, MetricOptions } from "./metric.js";
import { argMax, scoreRows } from "./score-rows.js";

/** Share of samples for which the model's greatest score is in the same class as the float model's. Needs no labels. */
export function outputAgreement(options: MetricOptions = {}): Metric {
  checkMetricOptions(options);
  return {
    name: "agreement",
    identity: `agreement ${options.output ?? ""}`,
    needsReference: true,
    evaluate(outputs, reference) {
      if (reference === undefined)
        throw new EvaluationError(
          "metric",
          "agreement needs the float model's outputs; pass them as reference",
        );
      const scores = scoreRows(outputs, options.output);
      const float = scoreRows(reference, options.output);
      if (scores.rows !== float.rows || scores.classes !== float.classes)
        throw new EvaluationError(
          "metric.output",
          `the output is ${scores.rows} x ${scores.classes} scores, the float model's ${float.rows} x ${float.classes}; allowed: the same`,
        );
      let same = 0;
      for (let row = 0; row < scores.rows; row++) if (argMax(scores, row) === argMax(float, row)) same++;
      return { score: same / scores.rows, value: same / scores.rows, samples: scores.rows };
    },
  };
}
