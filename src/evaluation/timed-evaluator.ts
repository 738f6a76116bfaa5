import { onAbort } from "../async/on-abort.js";
import { raceAbort } from "../async/race-abort.js";
import { EvaluationError } from "../errors.js";
import type { AccuracyEvaluator } from "./evaluator.js";
import { rewrapEvaluator } from "./rewrap-evaluator.js";

/**
 * An evaluator whose evaluations fail when they take longer than `timeoutMs` milliseconds. The
 * signal tells the evaluator to stop; if it ignores the signal, its late answer is ignored. An
 * evaluation that blocks the thread cannot be timed out.
 */
export function timedEvaluator(evaluator: AccuracyEvaluator, timeoutMs: number): AccuracyEvaluator {
  return rewrapEvaluator(evaluator, async (genome, options) => {
    const { signal } = options;
    const controller = new AbortController();
    const forget = signal && onAbort(signal, () => controller.abort(signal.reason));
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      controller.abort(new Error(`no answer within ${timeoutMs} ms`));
    }, timeoutMs);
    try {
      return await raceAbort(
        evaluator.evaluate(genome, { ...options, signal: controller.signal }),
        controller.signal,
      );
    } catch (cause) {
      if (!late || signal?.aborted) throw cause;
      throw new EvaluationError(
        "evaluator",
        `the evaluator gave no answer within ${timeoutMs} ms (evaluationTimeoutMs)`,
        { cause },
      );
    } finally {
      clearTimeout(timer);
      forget?.();
    }
  });
}
