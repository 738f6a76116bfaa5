import { EvaluationError } from "../errors.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import { fingerprint } from "../numeric/fingerprint.js";
import { checkedEvaluate, reasonOf } from "./checked-evaluate.js";
import type { AccuracyEstimate, AccuracyEvaluator } from "./evaluator.js";
import { rewrapEvaluator } from "./rewrap-evaluator.js";

/** An evaluator's estimate, or the reason why it failed. */
export type EvaluatorAnswer =
  | { readonly estimate: AccuracyEstimate }
  | { readonly failure: { readonly path: string; readonly reason: string } };

/** Keeps the answers of an evaluator, and replays those of an earlier run. */
export interface AnswerRecord {
  /**
   * The earliest answer to this question that was not replayed yet; undefined when there is none.
   */
  recall(question: string): EvaluatorAnswer | undefined;
  /** Keeps a final answer. It is not called for an evaluation that an abort cut short. */
  keep(question: string, answer: EvaluatorAnswer): void;
}

/**
 * An evaluator that records its answers and replays those that the record has. Only an evaluator
 * can be random, slow or measured; everything else in a search follows from seed, configuration and
 * model. So a search that runs again with a record repeats the recorded part without evaluating
 * anything, and continues from there.
 */
export function recordedEvaluator(
  evaluator: AccuracyEvaluator,
  record: AnswerRecord,
): AccuracyEvaluator {
  return rewrapEvaluator(evaluator, async (genome, options) => {
    const question = questionOf(genome, options.samples);
    const known = record.recall(question);
    if (known !== undefined) {
      if ("estimate" in known) return known.estimate;
      throw new EvaluationError(known.failure.path, known.failure.reason);
    }
    try {
      const estimate = await checkedEvaluate(evaluator, genome, options.signal, options.samples);
      record.keep(question, { estimate });
      return estimate;
    } catch (error) {
      if (!options.signal?.aborted) {
        const path = error instanceof EvaluationError ? error.path : "evaluator";
        record.keep(question, { failure: { path, reason: reasonOf(error) } });
      }
      throw error;
    }
  });
}

/** Identifies a question: the genome, and the number of samples. */
function questionOf(genome: QuantizationGenome, samples: number | undefined): string {
  return fingerprint(genome.key, samples === undefined ? "" : String(samples));
}
