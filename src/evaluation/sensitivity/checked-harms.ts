import { raceAbort } from "../../async/race-abort.js";
import { EvaluationError } from "../../errors.js";
import type { ModelSpec } from "../../model/layer-spec.js";
import type { SensitivityMetric, SensitivityRequest } from "./contract.js";

/** What a metric said of each layer, as far as it can be believed. */
export interface ToldHarms {
  /** In model order; without the layers of `faults`. */
  readonly harms: ReadonlyMap<string, number>;
  /** Layers that are missing, or whose harm is no finite number of at least 0; in model order. */
  readonly faults: ReadonlyMap<string, EvaluationError>;
}

/**
 * Asks a metric, and believes nothing: metrics may be the user's code. One that does not heed the
 * signal holds nobody up.
 * @throws what the metric throws; the signal's reason after an abort
 */
export async function toldHarms(
  metric: SensitivityMetric,
  model: ModelSpec,
  request: SensitivityRequest,
): Promise<ToldHarms> {
  const told = await raceAbort(metric.harms(model, request), request.signal);
  const harms = new Map<string, number>();
  const faults = new Map<string, EvaluationError>();
  for (const { name } of model.layers) {
    const harm: unknown = told instanceof Map ? told.get(name) : undefined;
    if (typeof harm === "number" && harm >= 0 && Number.isFinite(harm)) harms.set(name, harm);
    else
      faults.set(
        name,
        new EvaluationError(
          `${metric.name}.${name}`,
          `the sensitivity metric ${metric.name} says ${String(harm)} of layer ` +
            `${JSON.stringify(name)}; allowed: a finite number of at least 0`,
        ),
      );
  }
  return { harms, faults };
}

/**
 * As {@link toldHarms}, of every layer.
 * @returns harms by layer, in model order
 * @throws EvaluationError when a layer is missing or its harm is no finite number of at least 0;
 *   what {@link toldHarms} throws
 */
export async function checkedHarms(
  metric: SensitivityMetric,
  model: ModelSpec,
  request: SensitivityRequest,
): Promise<ReadonlyMap<string, number>> {
  const { harms, faults } = await toldHarms(metric, model, request);
  for (const fault of faults.values()) throw fault;
  return harms;
}
