import { reasonOf } from "../../evaluation/checked-evaluate.js";
import type { NoiseTable } from "../../evaluation/noise/noise-table.js";
import {
  checkedHarms,
  type ToldHarms,
  toldHarms,
} from "../../evaluation/sensitivity/checked-harms.js";
import type {
  SensitivityMetric,
  SensitivityRequest,
} from "../../evaluation/sensitivity/contract.js";
import { normalized } from "../../evaluation/sensitivity/layer-sensitivity.js";
import { priorWeightedNoise } from "../../evaluation/sensitivity/weight-noise.js";
import type { ModelSpec } from "../../model/layer-spec.js";
import { type FilledHarms, fillFromPrediction } from "./fill-from-prediction.js";

/**
 * What a metric of the user's says, whose failure is not to cost a run: a layer of which it says no
 * harm has its predicted one in the same scale, and all layers have when it throws. The largest
 * that it says is 1 here: what is in a unit of its own may be near the largest number, and is
 * summed and divided further on.
 * @throws the signal's reason after an abort
 */
export async function broughtHarms(
  metric: SensitivityMetric,
  model: ModelSpec,
  noiseTable: NoiseTable,
  request: SensitivityRequest,
): Promise<FilledHarms> {
  let told: ToldHarms | undefined;
  let harms: ReadonlyMap<string, number> = new Map();
  let failure: unknown;
  try {
    told = await toldHarms(metric, model, request);
    harms = normalized(told.harms);
    if (told.faults.size === 0) return { harms, fallbacks: [] };
  } catch (error) {
    request.signal?.throwIfAborted();
    failure = error;
  }
  const predicted = await checkedHarms(priorWeightedNoise({ noiseTable }), model, request);
  return {
    harms: fillFromPrediction(harms, predicted),
    fallbacks: model.layers
      .filter(({ name }) => !harms.has(name))
      .map(({ name: layer }) => ({ layer, reason: reasonOf(told?.faults.get(layer) ?? failure) })),
  };
}
