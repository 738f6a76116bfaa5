import type { AccuracyEvaluator } from "./evaluator.js";

/** An evaluator that stands for another one and evaluates in its own way. */
export function rewrapEvaluator(
  evaluator: AccuracyEvaluator,
  evaluate: AccuracyEvaluator["evaluate"],
): AccuracyEvaluator {
  const { kind, baseline, identity, sampleCount } = evaluator;
  return {
    kind,
    ...(baseline !== undefined && { baseline }),
    ...(identity !== undefined && { identity }),
    ...(sampleCount !== undefined && { sampleCount }),
    evaluate,
  };
}
