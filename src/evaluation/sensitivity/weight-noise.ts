import { nextTask } from "../../async/next-task.js";
import { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import { createNoiseTable, type NoiseTable } from "../noise/noise-table.js";
import type { ProbeOptions, SensitivityMetric } from "./contract.js";
import { type HarmsMetric, withHarms } from "./deprecated-harms.js";
import { checkProbeBits } from "./probe.js";
import { sensitivityPrior } from "./sensitivity-prior.js";

/** Options of {@link weightNoise} and {@link priorWeightedNoise}. */
export interface WeightNoiseOptions extends ProbeOptions {
  /** A table of the same model, whose results are reused. Default: a new one for each call. */
  readonly noiseTable?: NoiseTable | undefined;
}

/**
 * Relative noise power of a layer's quantized weights (1 / SQNR), the mean over its channels. It
 * needs no data, and ignores what the network computes from the layer.
 * @throws InvalidArgumentError when `bits` is 32
 *
 * @example
 * ```ts
 * const noise = await weightNoise({ bits: 4 }).lossIncreases(model, {});
 * ```
 */
export function weightNoise(options: WeightNoiseOptions = {}): SensitivityMetric & HarmsMetric {
  const config = new LayerQuantConfig({ weightBits: checkProbeBits(options.bits) });
  return withHarms({
    name: "weight-noise",
    kind: "predicted",
    async lossIncreases(model, { signal }) {
      const table = options.noiseTable ?? createNoiseTable(model);
      const lossIncreases = new Map<string, number>();
      for (const { name } of model.layers) {
        lossIncreases.set(name, table.weightNoise(name, config, "min-max"));
        await nextTask();
        signal?.throwIfAborted();
      }
      return lossIncreases;
    },
  });
}

/**
 * {@link weightNoise} times a prior for the kind, place and size of each layer
 * ({@link sensitivityPrior}). The engine uses it by default.
 * @throws InvalidArgumentError when `bits` is 32
 */
export function priorWeightedNoise(
  options: WeightNoiseOptions = {},
): SensitivityMetric & HarmsMetric {
  const noise = weightNoise(options);
  return withHarms({
    name: "predicted",
    kind: "predicted",
    async lossIncreases(model, request) {
      const prior = sensitivityPrior(model);
      const unweighted = await noise.lossIncreases(model, request);
      return new Map([...unweighted].map(([name, value]) => [name, value * prior.get(name)!]));
    },
  });
}
