import { nextTask } from "../async/next-task.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import type { ModelSpec } from "../model/layer-spec.js";
import type { AccuracyEstimate, AccuracyEvaluator } from "./evaluator.js";
import { configOf } from "./genome-size.js";
import { NOISE_CURVE_SOURCE, relativeAccuracy } from "./noise/noise-curve.js";
import { createNoiseTable, type NoiseTable } from "./noise/noise-table.js";
import { sensitivityPrior } from "./sensitivity/sensitivity-prior.js";

/** How {@link createPredictedEvaluator} weighs noise. */
export interface PredictedEvaluatorOptions {
  /** A table of the same model, to share its work. */
  readonly noiseTable?: NoiseTable | undefined;
  /**
   * Weight of each layer's noise by name, not negative; scaled to sum 1. Default:
   * {@link sensitivityPrior}.
   */
  readonly layerWeights?: ReadonlyMap<string, number> | undefined;
}

const METRIC = "relative accuracy";

/**
 * Predicts accuracy from quantization noise, in microseconds once the table is filled. Per layer,
 * the relative noise of the weights (really quantized, see {@link createNoiseTable}) and of its
 * input activation add up; the weighted mean over layers goes through {@link relativeAccuracy}.
 * Without data the accuracy of the float32 model is not known, so the result is relative to it: 1 =
 * as good as float32. It ranks genomes; it is no measurement. After every layer whose noise is new
 * it lets the event loop have a turn, and looks at the signal.
 * @throws (from `evaluate`) InvalidArgumentError when the genome lacks a layer; the signal's reason
 *   once aborted
 */
export function createPredictedEvaluator(
  model: ModelSpec,
  options: PredictedEvaluatorOptions = {},
): AccuracyEvaluator {
  const table = options.noiseTable ?? createNoiseTable(model);
  const weights = options.layerWeights ?? sensitivityPrior(model);
  const estimate = (accuracy: number): AccuracyEstimate => ({
    kind: "predicted",
    accuracy,
    metric: METRIC,
    metricValue: accuracy,
    source: NOISE_CURVE_SOURCE,
  });
  return {
    kind: "predicted",
    baseline: estimate(1),
    identity: `predicted ${model.name} ${model.layers.length} layers`,
    async evaluate(genome, { signal }) {
      signal?.throwIfAborted();
      return estimate(relativeAccuracy(await meanNoise(model, genome, table, weights, signal)));
    },
  };
}

async function meanNoise(
  model: ModelSpec,
  genome: QuantizationGenome,
  table: NoiseTable,
  weights: ReadonlyMap<string, number>,
  signal: AbortSignal | undefined,
): Promise<number> {
  let noise = 0;
  let sum = 0;
  for (const layer of model.layers) {
    const weight = weights.get(layer.name) ?? 0;
    const config = configOf(genome, layer);
    const method = genome.calibrationMethodOf(layer.name);
    const known = table.entryCount;
    noise +=
      weight *
      (table.weightNoise(layer.name, config, method) + table.activationNoise(config, method));
    sum += weight;
    if (table.entryCount !== known) {
      await nextTask();
      signal?.throwIfAborted();
    }
  }
  return sum === 0 ? 0 : noise / sum;
}
