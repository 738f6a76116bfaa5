import { EvaluationError } from "../../errors.js";
import type { FailedGenome } from "./evaluation-ledger.js";

/**
 * The error of a run without a first population.
 * @param count of all failed evaluations; a ledger may remember fewer
 */
export function allFailed(failures: readonly FailedGenome[], count: number): EvaluationError {
  const [first] = failures;
  if (first === undefined)
    return new EvaluationError("evaluator", "no genome of the first population was evaluated");
  const { reason, error } = first;
  return new EvaluationError(
    "evaluator",
    `all ${count} genomes of the first population failed; the first reason: ${reason}`,
    { cause: error },
  );
}
