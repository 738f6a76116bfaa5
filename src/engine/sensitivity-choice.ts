import type { AccuracyEvaluator } from "../evaluation/evaluator.js";
import type { NoiseTable } from "../evaluation/noise-table.js";
import { accuracyDrop } from "../evaluation/sensitivity-metrics/accuracy-drop.js";
import { checkedHarms } from "../evaluation/sensitivity-metrics/checked-harms.js";
import type { SensitivityMetric, SensitivityRequest } from "../evaluation/sensitivity-metrics/contract.js";
import { priorWeightedNoise, weightNoise } from "../evaluation/sensitivity-metrics/weight-noise.js";
import type { ModelSpec } from "../model/layer-spec.js";

/** Sensitivity metrics that a configuration may name. */
export const SENSITIVITY_NAMES = ["predicted", "weight-noise", "accuracy-drop"] as const;
/** One of the metrics that a configuration may name. */
export type SensitivityName = (typeof SENSITIVITY_NAMES)[number];

/** What the built-in metrics look at. */
export interface SensitivitySources {
  readonly noiseTable: NoiseTable;
  readonly evaluator: AccuracyEvaluator;
}

/** The metric of a name. */
export function namedSensitivity(
  name: SensitivityName,
  { noiseTable, evaluator }: SensitivitySources,
): SensitivityMetric {
  if (name === "accuracy-drop") return accuracyDrop(evaluator);
  return name === "weight-noise" ? weightNoise({ noiseTable }) : priorWeightedNoise({ noiseTable });
}

/**
 * Weights by which each layer's relative noise turns into the harm that a metric told of it, for tables that add up noise: harm over
 * noise at the metric's own probe.
 */
export async function harmPerNoise(
  harms: ReadonlyMap<string, number>,
  model: ModelSpec,
  noiseTable: NoiseTable,
  request: SensitivityRequest,
): Promise<ReadonlyMap<string, number>> {
  const noise = await checkedHarms(weightNoise({ noiseTable }), model, request);
  return new Map(
    [...harms].map(([name, harm]) => {
      const own = noise.get(name)!;
      return [name, own > 0 ? harm / own : 0];
    }),
  );
}
