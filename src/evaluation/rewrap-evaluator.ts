import type { AccuracyEvaluator } from "./evaluator.js";

/** An evaluator with the properties of another one, but its own `evaluate`. */
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
