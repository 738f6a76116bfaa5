import { reasonOf } from "../evaluation/checked-evaluate.js";
import type { NoiseTable } from "../evaluation/noise-table.js";
import { checkedHarms, type ToldHarms, toldHarms } from "../evaluation/sensitivity-metrics/checked-harms.js";
import type { SensitivityMetric, SensitivityRequest } from "../evaluation/sensitivity-metrics/contract.js";
import { priorWeightedNoise } from "../evaluation/sensitivity-metrics/weight-noise.js";
import type { ModelSpec } from "../model/layer-spec.js";
import { type FilledHarms, fillFromPrediction } from "./fill-from-prediction.js";

/**
 * What a metric of the user's says, whose failure is not to cost a run: a layer of which it says no harm has its predicted one in the
 * same scale, and all layers have when it throws.
 * @throws the signal's reason after an abort
 */
export async function broughtHarms(
  metric: SensitivityMetric,
  model: ModelSpec,
  noiseTable: NoiseTable,
  request: SensitivityRequest,
): Promise<FilledHarms> {
  let told: ToldHarms | undefined;
  let failure: unknown;
  try {
    told = await toldHarms(metric, model, request);
    if (told.faults.size === 0) return { harms: told.harms, fallbacks: [] };
  } catch (error) {
    request.signal?.throwIfAborted();
    failure = error;
  }
  const harms = told?.harms ?? new Map<string, number>();
  const predicted = await checkedHarms(priorWeightedNoise({ noiseTable }), model, request);
  return {
    harms: fillFromPrediction(harms, predicted),
    fallbacks: model.layers
      .filter(({ name }) => !harms.has(name))
      .map(({ name: layer }) => ({ layer, reason: reasonOf(told?.faults.get(layer) ?? failure) })),
  };
}
