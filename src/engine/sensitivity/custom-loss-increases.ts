import { reasonOf } from "../../evaluation/checked-evaluate.js";
import type { NoiseTable } from "../../evaluation/noise/noise-table.js";
import {
  checkedLossIncreases,
  type ReportedLossIncreases,
  reportedLossIncreases,
} from "../../evaluation/sensitivity/checked-loss-increases.js";
import type {
  SensitivityMetric,
  SensitivityRequest,
} from "../../evaluation/sensitivity/contract.js";
import { normalized } from "../../evaluation/sensitivity/layer-sensitivity.js";
import { priorWeightedNoise } from "../../evaluation/sensitivity/weight-noise.js";
import type { ModelSpec } from "../../model/layer-spec.js";
import { type FilledLossIncreases, fillFromPrediction } from "./fill-from-prediction.js";

/**
 * Loss increases by a user-supplied metric, scaled so that its largest is 1. A failure of the
 * metric does not end the run. A layer without a valid value gets its predicted loss increase in
 * the same scale; when the metric throws, every layer does.
 *
 * The scaling matters because a metric's own unit may come near the largest number, and later steps
 * sum and divide the values.
 * @throws the signal's reason after an abort
 */
export async function customLossIncreases(
  metric: SensitivityMetric,
  model: ModelSpec,
  noiseTable: NoiseTable,
  request: SensitivityRequest,
): Promise<FilledLossIncreases> {
  let reported: ReportedLossIncreases | undefined;
  let lossIncreases: ReadonlyMap<string, number> = new Map();
  let failure: unknown;
  try {
    reported = await reportedLossIncreases(metric, model, request);
    lossIncreases = normalized(reported.lossIncreases);
    if (reported.faults.size === 0) return { lossIncreases, fallbacks: [] };
  } catch (error) {
    request.signal?.throwIfAborted();
    failure = error;
  }
  const predicted = await checkedLossIncreases(priorWeightedNoise({ noiseTable }), model, request);
  return {
    lossIncreases: fillFromPrediction(lossIncreases, predicted),
    fallbacks: model.layers
      .filter(({ name }) => !lossIncreases.has(name))
      .map(({ name: layer }) => ({
        layer,
        reason: reasonOf(reported?.faults.get(layer) ?? failure),
      })),
  };
}
