import { nextTask } from "../../async/next-task.js";
import { InvalidArgumentError } from "../../errors.js";
import type { ProbeOptions, SensitivityMetric } from "./contract.js";
import { type HarmsMetric, withHarms } from "./deprecated-harms.js";
import { checkProbeBits, probedWeights } from "./probe.js";

/** Options of {@link curvature}. */
export interface CurvatureOptions extends ProbeOptions {
  /** Default `curvature`. Pass `hessian-trace` or `fisher` where that is what the numbers are. */
  readonly name?: string | undefined;
}

/**
 * The second-order loss increase: a layer's curvature times the squared error of its weights.
 * HAWQ-V2 ranks layers by this product, with the mean of the Hessian's eigenvalues as curvature
 * (Dong et al. 2020, "HAWQ-V2: Hessian Aware trace-Weighted Quantization"). This library computes
 * no gradients, so the caller supplies the curvatures.
 * @param curvatures by layer name, finite and at least 0: the Hessian's trace over the number of
 *   parameters, or the mean squared gradient (empirical Fisher)
 * @throws InvalidArgumentError when `bits` is 32, or a curvature is no finite number of at least 0.
 *   Its `lossIncreases` throws InvalidArgumentError for a layer without a curvature or weights.
 *
 * @example
 * ```ts
 * const fisher = curvature(new Map([["conv1", 0.8], ["fc", 0.1]]), { name: "fisher" });
 * ```
 */
export function curvature(
  curvatures: ReadonlyMap<string, number>,
  options: CurvatureOptions = {},
): SensitivityMetric & HarmsMetric {
  const bits = checkProbeBits(options.bits);
  for (const [name, value] of curvatures)
    if (!(value >= 0 && Number.isFinite(value)))
      throw new InvalidArgumentError(
        `curvatures.${name}`,
        `curvatures.${name} is ${value}; allowed: a finite number of at least 0`,
      );
  return withHarms({
    name: options.name ?? "curvature",
    kind: "predicted",
    async lossIncreases(model, { signal }) {
      const lossIncreases = new Map<string, number>();
      for (const layer of model.layers) {
        const value = curvatures.get(layer.name);
        if (value === undefined)
          throw new InvalidArgumentError(
            `curvatures.${layer.name}`,
            `there is no curvature of layer ${JSON.stringify(layer.name)}; allowed: one for ` +
              "each layer of the model",
          );
        const probed = probedWeights(layer, bits);
        const error = probed.reduce(
          (sum, weight, i) => sum + (weight - layer.weights![i]!) ** 2,
          0,
        );
        lossIncreases.set(layer.name, value * error);
        await nextTask();
        signal?.throwIfAborted();
      }
      return lossIncreases;
    },
  });
}
