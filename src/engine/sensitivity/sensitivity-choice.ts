import { InvalidArgumentError } from "../../errors.js";
import type { AccuracyEvaluator } from "../../evaluation/evaluator.js";
import { createNoiseTable, type NoiseTable } from "../../evaluation/noise/noise-table.js";
import { createPredictedEvaluator } from "../../evaluation/predicted-evaluator.js";
import { accuracyDrop } from "../../evaluation/sensitivity/accuracy-drop.js";
import { checkedLossIncreases } from "../../evaluation/sensitivity/checked-loss-increases.js";
import type {
  SensitivityMetric,
  SensitivityRequest,
} from "../../evaluation/sensitivity/contract.js";
import { normalized } from "../../evaluation/sensitivity/layer-sensitivity.js";
import { priorWeightedNoise, weightNoise } from "../../evaluation/sensitivity/weight-noise.js";
import type { ModelSpec } from "../../model/layer-spec.js";
import { SENSITIVITY_NAMES, type SensitivityName } from "./sensitivity-names.js";

/** What the built-in metrics read. */
export interface SensitivitySources {
  readonly noiseTable: NoiseTable;
  readonly evaluator: AccuracyEvaluator;
}

/** The built-in metric of a name. */
export function namedSensitivity(
  name: SensitivityName,
  { noiseTable, evaluator }: SensitivitySources,
): SensitivityMetric {
  if (name === "accuracy-drop") return accuracyDrop(evaluator);
  return name === "weight-noise" ? weightNoise({ noiseTable }) : priorWeightedNoise({ noiseTable });
}

/**
 * Sensitivity of each layer, 0 to 1, by layer name.
 * @param asked the metric, or its name; default: the evaluator's accuracy drops, or the prediction
 *   when there is no evaluator
 * @param given the caller's evaluator, if any
 * @throws InvalidArgumentError for an unknown name; what the metric throws
 */
export async function chosenSensitivity(
  asked: SensitivityName | SensitivityMetric | undefined,
  given: AccuracyEvaluator | undefined,
  model: ModelSpec,
  request: SensitivityRequest,
): Promise<ReadonlyMap<string, number>> {
  if (typeof asked === "string" && !SENSITIVITY_NAMES.includes(asked))
    throw new InvalidArgumentError(
      "metric",
      `metric is ${JSON.stringify(asked)}; allowed: ${SENSITIVITY_NAMES.join(", ")}, or a metric`,
    );
  const noiseTable = createNoiseTable(model);
  const evaluator = given ?? createPredictedEvaluator(model, { noiseTable });
  const name = asked ?? (given === undefined ? "predicted" : "accuracy-drop");
  const metric =
    typeof name === "string" ? namedSensitivity(name, { noiseTable, evaluator }) : name;
  return normalized(await checkedLossIncreases(metric, model, request));
}

/**
 * Loss increase per unit of relative noise, by layer: the factors with which a table that adds up
 * noise reproduces a metric's loss increases. Noise is taken at the format of {@link weightNoise}.
 * A layer without noise has the factor 0.
 */
export async function lossIncreasePerNoise(
  lossIncreases: ReadonlyMap<string, number>,
  model: ModelSpec,
  noiseTable: NoiseTable,
  request: SensitivityRequest,
): Promise<ReadonlyMap<string, number>> {
  const noise = await checkedLossIncreases(weightNoise({ noiseTable }), model, request);
  return new Map(
    [...lossIncreases].map(([name, lossIncrease]) => {
      const own = noise.get(name)!;
      return [name, own > 0 ? lossIncrease / own : 0];
    }),
  );
}
