import { EvaluationError } from "../../errors.js";
import type { ModelSpec } from "../../model/layer-spec.js";
import type { SensitivityMetric, SensitivityRequest } from "./contract.js";

/**
 * Asks a metric, and believes nothing: metrics may be the user's code.
 * @returns harms by layer, in model order
 * @throws EvaluationError when a layer is missing or its harm is no finite number of at least 0; what the metric throws
 */
export async function checkedHarms(
  metric: SensitivityMetric,
  model: ModelSpec,
  request: SensitivityRequest,
): Promise<ReadonlyMap<string, number>> {
  const harms = await metric.harms(model, request);
  return new Map(
    model.layers.map(({ name }) => {
      const harm: unknown = harms instanceof Map ? harms.get(name) : undefined;
      if (!(typeof harm === "number" && harm >= 0 && Number.isFinite(harm)))
        throw new EvaluationError(
          `${metric.name}.${name}`,
          `the sensitivity metric ${metric.name} says ${String(harm)} of layer ${JSON.stringify(name)}; allowed: a finite number of at least 0`,
        );
      return [name, harm];
    }),
  );
}
