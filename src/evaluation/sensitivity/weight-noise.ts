import { nextTask } from "../../async/next-task.js";
import { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import { createNoiseTable, type NoiseTable } from "../noise/noise-table.js";
import type { ProbeOptions, SensitivityMetric } from "./contract.js";
import { checkProbeBits } from "./probe.js";
import { sensitivityPrior } from "./sensitivity-prior.js";

/** How {@link weightNoise} and {@link priorWeightedNoise} look. */
export interface WeightNoiseOptions extends ProbeOptions {
  /** A table of the same model, to share its work. */
  readonly noiseTable?: NoiseTable | undefined;
}

/**
 * Relative noise of a layer's quantized weights, 1 / SQNR, the mean over its channels. Needs no
 * data; knows nothing of what the network does with the layer.
 * @throws InvalidArgumentError when `bits` is 32
 */
export function weightNoise(options: WeightNoiseOptions = {}): SensitivityMetric {
  const config = new LayerQuantConfig({ weightBits: checkProbeBits(options.bits) });
  return {
    name: "weight-noise",
    kind: "predicted",
    async harms(model, { signal }) {
      const table = options.noiseTable ?? createNoiseTable(model);
      const harms = new Map<string, number>();
      for (const { name } of model.layers) {
        harms.set(name, table.weightNoise(name, config, "min-max"));
        await nextTask();
        signal?.throwIfAborted();
      }
      return harms;
    },
  };
}

/**
 * {@link weightNoise} weighted by what is known of kinds of layers, places and sizes
 * ({@link sensitivityPrior}): what the engine takes when it is told nothing else.
 */
export function priorWeightedNoise(options: WeightNoiseOptions = {}): SensitivityMetric {
  const noise = weightNoise(options);
  return {
    name: "predicted",
    kind: "predicted",
    async harms(model, request) {
      const prior = sensitivityPrior(model);
      const harms = await noise.harms(model, request);
      return new Map([...harms].map(([name, harm]) => [name, harm * prior.get(name)!]));
    },
  };
}
