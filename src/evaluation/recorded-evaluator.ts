import { EvaluationError } from "../errors.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import { fingerprint } from "../numeric/fingerprint.js";
import { checkedEvaluate, reasonOf } from "./checked-evaluate.js";
import type { AccuracyEstimate, AccuracyEvaluator } from "./evaluator.js";
import { rewrapEvaluator } from "./rewrap-evaluator.js";

/** What an evaluator said, or why it said nothing. */
export type EvaluatorAnswer =
  | { readonly estimate: AccuracyEstimate }
  | { readonly failure: { readonly path: string; readonly reason: string } };

/** Keeps the answers of an evaluator, and gives those of an earlier run back. */
export interface AnswerRecord {
  /**
   * The earliest answer to this question that was not given back yet; undefined when there is none.
   */
  recall(question: string): EvaluatorAnswer | undefined;
  /** Called once an answer is final: never for an evaluation that an abort cut short. */
  keep(question: string, answer: EvaluatorAnswer): void;
}

/**
 * The same evaluator, whose answers are kept in `record`, and which is not asked what the record
 * can answer. What is random, slow or measured in a search comes from its evaluator; all else
 * follows from seed, configuration and model. A search that is run again with a record of its
 * evaluator's answers therefore goes the same way up to the end of the record, without evaluating
 * anything, and on from there.
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

/** Tells what an evaluator is asked: the genome, and on how many samples. */
function questionOf(genome: QuantizationGenome, samples: number | undefined): string {
  return fingerprint(genome.key, samples === undefined ? "" : String(samples));
}
