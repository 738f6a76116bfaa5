import { EvaluationError } from "../errors.js";
import type { AccuracyEvaluator } from "./evaluator.js";
import { rewrapEvaluator } from "./rewrap-evaluator.js";

/** The path of the error of an evaluation whose worker died. */
export const WORKER = "worker";

/** The path of the error of an evaluation that took too long. */
const TIMEOUT = "evaluationTimeoutMs";

/** How often an evaluation is tried again whose worker died. */
const RETRIES = 2;

/**
 * Whether an error means that a worker process or thread of the evaluator died or hung. Such
 * evaluators say so by the error's path.
 */
export function lostWorker(error: unknown): error is EvaluationError {
  return error instanceof EvaluationError && [WORKER, TIMEOUT].includes(error.path);
}

/**
 * An evaluator that tries again, twice at most, when a worker died: the system ends processes for
 * want of memory, which is not the genome's fault. What takes too long is not tried again.
 * @param onLost hears of each death that another try follows
 */
export function retriedEvaluator(
  evaluator: AccuracyEvaluator,
  onLost: (error: EvaluationError) => void,
): AccuracyEvaluator {
  return rewrapEvaluator(evaluator, async (genome, options) => {
    for (let left = RETRIES; ; left--) {
      try {
        return await evaluator.evaluate(genome, options);
      } catch (error) {
        const again = left > 0 && lostWorker(error) && error.path === WORKER;
        if (!again || options.signal?.aborted) throw error;
        onLost(error);
      }
    }
  });
}
