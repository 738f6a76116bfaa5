import { type AccuracyEvaluatorCase, accuracyEvaluatorContract } from "../../src/testing/index.js";
import { describeContract } from "./describe-contract.js";

/** What every accuracy evaluator keeps, built-in or not. */
export function describeAccuracyEvaluator(name: string, subject: AccuracyEvaluatorCase): void {
  describeContract(`${name} is an AccuracyEvaluator`, accuracyEvaluatorContract(subject));
}
