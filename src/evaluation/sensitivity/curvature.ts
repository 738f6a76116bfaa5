import { nextTask } from "../../async/next-task.js";
import { InvalidArgumentError } from "../../errors.js";
import type { ProbeOptions, SensitivityMetric } from "./contract.js";
import { checkProbeBits, probedWeights } from "./probe.js";

/** How {@link curvature} looks. */
export interface CurvatureOptions extends ProbeOptions {
  /** Default `curvature`; say `hessian-trace` or `fisher` where that is what it is. */
  readonly name?: string | undefined;
}

/**
 * Growth of the loss by its second derivative: the layer's curvature times the squared error of its
 * weights, as HAWQ-V2 has it (Dong et al. 2020; there the mean of the Hessian's eigenvalues).
 * Gradients are not this library's business: bring the curvature.
 * @param curvatures by layer, at least 0: trace of the Hessian over parameters, or mean squared
 *   gradient (empirical Fisher)
 * @throws InvalidArgumentError when `bits` is 32 or a curvature is no number of at least 0; (from
 *   `harms`) when a layer has none, or no weights
 */
export function curvature(
  curvatures: ReadonlyMap<string, number>,
  options: CurvatureOptions = {},
): SensitivityMetric {
  const bits = checkProbeBits(options.bits);
  for (const [name, value] of curvatures)
    if (!(value >= 0 && Number.isFinite(value)))
      throw new InvalidArgumentError(
        `curvatures.${name}`,
        `curvatures.${name} is ${value}; allowed: a finite number of at least 0`,
      );
  return {
    name: options.name ?? "curvature",
    kind: "predicted",
    async harms(model, { signal }) {
      const harms = new Map<string, number>();
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
        harms.set(layer.name, value * error);
        await nextTask();
        signal?.throwIfAborted();
      }
      return harms;
    },
  };
}
