import { EvaluationError } from "../../errors.js";
import type { FailedGenome } from "./evaluation-ledger.js";

/** What a run throws when nothing of its first population could be evaluated. */
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
 * An evaluator that works in processes or threads of its own tells by the path that one of them
 * died or hung.
 */
export function lostWorker(error: unknown): boolean {
  return error instanceof EvaluationError && ["worker", "evaluationTimeoutMs"].includes(error.path);
}
