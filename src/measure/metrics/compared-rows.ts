import { EvaluationError } from "../../errors.js";
import type { ModelOutputs } from "./metric.js";
import { type ScoreRows, scoreRows } from "./score-rows.js";

/**
 * The rows of an output and those of the float model's.
 * @param metric name, for messages
 * @param partial the rows are the first of the float model's
 * @throws EvaluationError without the float model's outputs, and when the two do not fit together
 */
export function comparedRows(
  outputs: ModelOutputs,
  reference: ModelOutputs | undefined,
  { metric, output, partial }: { metric: string; output: string | undefined; partial: boolean },
): { scores: ScoreRows; float: ScoreRows } {
  if (reference === undefined)
    throw new EvaluationError(
      "metric",
      `${metric} needs the float model's outputs; pass them as reference`,
    );
  const scores = scoreRows(outputs, output);
  const float = scoreRows(reference, output);
  if (
    (partial ? scores.rows > float.rows : scores.rows !== float.rows) ||
    scores.classes !== float.classes
  )
    throw new EvaluationError(
      "metric.output",
      `the output is ${scores.rows} x ${scores.classes} scores, the float model's ` +
        `${float.rows} x ${float.classes}; allowed: the same`,
    );
  return { scores, float };
}
