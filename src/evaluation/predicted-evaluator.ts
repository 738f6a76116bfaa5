import { nextTask } from "../async/next-task.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import type { ModelSpec } from "../model/layer-spec.js";
import type { AccuracyEstimate, AccuracyEvaluator } from "./evaluator.js";
import { configOf } from "./genome-size.js";
import { NOISE_CURVE_SOURCE, relativeAccuracy } from "./noise/noise-curve.js";
import { createNoiseTable, type NoiseTable } from "./noise/noise-table.js";
import { sensitivityPrior } from "./sensitivity/sensitivity-prior.js";

/** Options of {@link createPredictedEvaluator}. */
export interface PredictedEvaluatorOptions {
  /** A table of the same model, whose results are reused. Default: a new one. */
  readonly noiseTable?: NoiseTable | undefined;
  /**
   * Weight of each layer's noise by name, not negative. The evaluator scales them to sum 1.
   * Default: {@link sensitivityPrior}.
   */
  readonly layerWeights?: ReadonlyMap<string, number> | undefined;
}

const METRIC = "relative accuracy";

/**
 * An evaluator that predicts accuracy from quantization noise. It takes microseconds for a genome
 * once its table is filled.
 *
 * The relative noise of a layer's weights and of its input activation add up.
 * {@link createNoiseTable} finds it by really quantizing the weights. {@link relativeAccuracy} maps
 * the weighted mean over the layers to an accuracy. Without data the accuracy of the float32 model
 * is unknown, so the result is relative to it: 1 means as good as float32. It ranks genomes, but is
 * no measurement.
 *
 * After each layer whose noise is new, it yields to the event loop and checks the signal.
 * @throws nothing itself; `evaluate` throws InvalidArgumentError when the genome lacks a layer, and
 *   the signal's reason after an abort
 *
 * @example
 * ```ts
 * const evaluator = createPredictedEvaluator(model);
 * const { accuracy } = await evaluator.evaluate(genome, {});
 * ```
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
