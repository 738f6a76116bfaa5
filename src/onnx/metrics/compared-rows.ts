import { EvaluationError } from "../../errors.js";
import type { ModelOutputs } from "./metric.js";
import { type ScoreRows, scoreRows } from "./score-rows.js";

/**
 * The rows of scores of a model and of the float model that it is compared with.
 * @param metric name, for the message
 * @param output see {@link scoreRows}
 * @param partial the model's rows may be the first of the float model's
 * @throws EvaluationError without a reference, or when the two are not of one shape
 */
export function comparedRows(
  metric: string,
  [outputs, reference]: readonly [ModelOutputs, ModelOutputs | undefined],
  output: string | undefined,
  partial: boolean,
): { readonly scores: ScoreRows; readonly float: ScoreRows } {
  if (reference === undefined)
    throw new EvaluationError("metric", `${metric} needs the float model's outputs; pass them as reference`);
  const scores = scoreRows(outputs, output);
  const float = scoreRows(reference, output);
  const rowsFit = partial ? scores.rows <= float.rows : scores.rows === float.rows;
  if (!rowsFit || scores.classes !== float.classes)
    throw new EvaluationError(
      "metric.output",
      `the output is ${scores.rows} x ${scores.classes} scores, the float model's ${float.rows} x ${float.classes}; allowed: the same`,
    );
  return { scores, float };
}
