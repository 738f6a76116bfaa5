import type { AccuracyEvaluator } from "../evaluator.js";
import type { ProbeOptions, SensitivityMetric } from "./contract.js";
import { accuracyDrops } from "./layer-sensitivity.js";
import { checkProbeBits } from "./probe.js";

/** How {@link accuracyDrop} looks. */
export interface AccuracyDropOptions extends ProbeOptions {
  /** Default `accuracy-drop`; say `output-divergence` of an evaluator whose metric is that. */
  readonly name?: string | undefined;
}

/**
 * What the evaluator's accuracy falls by when one layer alone is quantized, one evaluation a layer;
 * a gain is 0. With an evaluator whose metric is `outputDivergence` of `quantevo/onnx` this is the
 * divergence of the model's output, which needs no labels and tells layers apart that lose no
 * answer.
 * @throws InvalidArgumentError when `bits` is 32; (from `harms`) EvaluationError naming the layer
 *   whose evaluation failed
 */
export function accuracyDrop(
  evaluator: AccuracyEvaluator,
  options: AccuracyDropOptions = {},
): SensitivityMetric {
  const bits = checkProbeBits(options.bits);
  return {
    name: options.name ?? "accuracy-drop",
    kind: evaluator.kind,
    harms: (model, request) => accuracyDrops(evaluator, model, { ...request, bits }),
  };
}
