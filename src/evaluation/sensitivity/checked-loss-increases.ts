import { raceAbort } from "../../async/race-abort.js";
import { EvaluationError } from "../../errors.js";
import type { ModelSpec } from "../../model/layer-spec.js";
import type { SensitivityMetric, SensitivityRequest } from "./contract.js";

/** What a metric reported: its valid values, and an error for each layer without one. */
export interface ReportedLossIncreases {
  /** Valid values by layer, in model order. */
  readonly lossIncreases: ReadonlyMap<string, number>;
  /**
   * Layers that the metric left out, or for which it reported no finite number of at least 0. In
   * model order.
   */
  readonly faults: ReadonlyMap<string, EvaluationError>;
}

/**
 * Asks a metric and checks every value, because the metric may be the user's code. A metric that
 * ignores the signal does not delay an abort.
 * @throws what the metric throws; the signal's reason after an abort
 */
export async function reportedLossIncreases(
  metric: SensitivityMetric,
  model: ModelSpec,
  request: SensitivityRequest,
): Promise<ReportedLossIncreases> {
  const reported = await raceAbort(metric.lossIncreases(model, request), request.signal);
  const lossIncreases = new Map<string, number>();
  const faults = new Map<string, EvaluationError>();
  for (const { name } of model.layers) {
    const value: unknown = reported instanceof Map ? reported.get(name) : undefined;
    if (typeof value === "number" && value >= 0 && Number.isFinite(value))
      lossIncreases.set(name, value);
    else
      faults.set(
        name,
        new EvaluationError(
          `${metric.name}.${name}`,
          `the sensitivity metric ${metric.name} says ${String(value)} of layer ` +
            `${JSON.stringify(name)}; allowed: a finite number of at least 0`,
        ),
      );
  }
  return { lossIncreases, faults };
}

/**
 * As {@link reportedLossIncreases}, but every layer must have a valid value.
 * @returns loss increases by layer, in model order
 * @throws EvaluationError for the first layer that is missing or whose value is no finite number
 *   of at least 0; what {@link reportedLossIncreases} throws
 */
export async function checkedLossIncreases(
  metric: SensitivityMetric,
  model: ModelSpec,
  request: SensitivityRequest,
): Promise<ReadonlyMap<string, number>> {
  const { lossIncreases, faults } = await reportedLossIncreases(metric, model, request);
  for (const fault of faults.values()) throw fault;
  return lossIncreases;
}
