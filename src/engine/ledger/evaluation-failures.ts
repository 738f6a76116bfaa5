import { EvaluationError } from "../../errors.js";
import type { FailedGenome } from "./evaluation-ledger.js";

/** The error of a run in which every genome of the first population failed. */
export function allFailed(failures: readonly FailedGenome[]): EvaluationError {
  const first = failures[0];
  return new EvaluationError(
    "evaluator",
    `all ${failures.length} genomes of the first population failed; the first reason: ` +
      `${first?.reason ?? "unknown"}`,
    { cause: first?.error },
  );
}

/**
 * Whether an error means that a worker process or thread of the evaluator died or hung. Such
 * evaluators say so by the error's path.
 */
export function lostWorker(error: unknown): boolean {
  return error instanceof EvaluationError && ["worker", "evaluationTimeoutMs"].includes(error.path);
}
