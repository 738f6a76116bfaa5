import type { AccuracyEvaluator } from "../evaluator.js";
import type { ProbeOptions, SensitivityMetric } from "./contract.js";
import { type HarmsMetric, withHarms } from "./deprecated-harms.js";
import { accuracyDrops } from "./layer-sensitivity.js";
import { checkProbeBits } from "./probe.js";

/** Options of {@link accuracyDrop}. */
export interface AccuracyDropOptions extends ProbeOptions {
  /** Default `accuracy-drop`. Pass `output-divergence` with an evaluator of that metric. */
  readonly name?: string | undefined;
}

/**
 * The drop of the evaluator's accuracy, 0 to 1, when one layer alone is quantized. A gain counts
 * as 0. Each layer costs one evaluation.
 *
 * With an evaluator whose metric is `outputDivergence` of `quantevo/onnx`, this is the divergence
 * of the model's output. It needs no labels, and also ranks layers that change no answer.
 * @throws InvalidArgumentError when `bits` is 32. Its `lossIncreases` throws EvaluationError naming
 *   the layer whose evaluation failed.
 *
 * @example
 * ```ts
 * const drops = await accuracyDrop(evaluator).lossIncreases(model, { concurrency: 2 });
 * ```
 */
export function accuracyDrop(
  evaluator: AccuracyEvaluator,
  options: AccuracyDropOptions = {},
): SensitivityMetric & HarmsMetric {
  const bits = checkProbeBits(options.bits);
  return withHarms({
    name: options.name ?? "accuracy-drop",
    kind: evaluator.kind,
    lossIncreases: (model, request) => accuracyDrops(evaluator, model, { ...request, bits }),
  });
}
