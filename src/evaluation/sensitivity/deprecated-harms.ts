import type { ModelSpec } from "../../model/layer-spec.js";
import type { SensitivityMetric, SensitivityRequest } from "./contract.js";

/**
 * A sensitivity metric as 0.1 had it: its method is called `harms`.
 * @deprecated Name the method `lossIncreases`, as in {@link SensitivityMetric}.
 */
export interface HarmsMetric {
  /** As `SensitivityMetric.name`. */
  readonly name: string;
  /** As `SensitivityMetric.kind`. */
  readonly kind: "predicted" | "measured";
  /**
   * As `SensitivityMetric.lossIncreases`.
   * @deprecated Call `lossIncreases`.
   */
  harms(model: ModelSpec, request: SensitivityRequest): Promise<ReadonlyMap<string, number>>;
}

/**
 * The metric under its present contract. Any other value is returned as it is, for the caller to
 * check.
 * @returns `given` itself, unless it has `harms` and no `lossIncreases`
 */
export function currentMetric(given: SensitivityMetric | HarmsMetric): SensitivityMetric {
  const either: Partial<SensitivityMetric & HarmsMetric> | null = given;
  if (typeof either?.harms !== "function" || typeof either.lossIncreases === "function")
    return given as SensitivityMetric;
  const { name, kind } = given;
  const lossIncreases: SensitivityMetric["lossIncreases"] = (model, request) =>
    (given as HarmsMetric).harms(model, request);
  return { name, kind, lossIncreases };
}

/** A built-in metric that also answers to the old name of its method. */
export function withHarms(metric: SensitivityMetric): SensitivityMetric & HarmsMetric {
  return { ...metric, harms: (model, request) => metric.lossIncreases(model, request) };
}
