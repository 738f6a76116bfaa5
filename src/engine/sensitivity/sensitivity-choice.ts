import { InvalidArgumentError } from "../../errors.js";
import type { AccuracyEvaluator } from "../../evaluation/evaluator.js";
import { createNoiseTable, type NoiseTable } from "../../evaluation/noise/noise-table.js";
import { createPredictedEvaluator } from "../../evaluation/predicted-evaluator.js";
import { accuracyDrop } from "../../evaluation/sensitivity/accuracy-drop.js";
import { checkedHarms } from "../../evaluation/sensitivity/checked-harms.js";
import type {
  SensitivityMetric,
  SensitivityRequest,
} from "../../evaluation/sensitivity/contract.js";
import { normalized } from "../../evaluation/sensitivity/layer-sensitivity.js";
import { priorWeightedNoise, weightNoise } from "../../evaluation/sensitivity/weight-noise.js";
import type { ModelSpec } from "../../model/layer-spec.js";
import { SENSITIVITY_NAMES, type SensitivityName } from "./sensitivity-names.js";

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
 * Sensitivity of each layer, 0 to 1, by a metric or the name of one; without either by the
 * evaluator's drops, or predicted when there is no evaluator.
 * @throws InvalidArgumentError for a name that is none; what the metric throws
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
  return normalized(await checkedHarms(metric, model, request));
}

/**
 * Weights by which each layer's relative noise turns into the harm that a metric told of it, for
 * tables that add up noise: harm over noise at the metric's own probe.
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
