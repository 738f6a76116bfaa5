import type { CalibrationMethod } from "../calibration/method.js";
import {
  createNoiseTable,
  defaultMaxElements,
  type KnownNoise,
  type NoiseTable,
  sampleOf,
} from "../evaluation/noise-table.js";
import type { LayerQuantConfig } from "../genome/layer-quant-config.js";
import type { ModelSpec } from "../model/layer-spec.js";
import { inThreads, type ThreadOptions, threadCount } from "./workers/thread-pool.js";
import type { NoiseTask } from "./workers/thread-worker.js";

/** A setting of weights whose noise is wanted. */
export interface NoiseSetting {
  readonly config: LayerQuantConfig;
  readonly method: CalibrationMethod;
}

/** How {@link computeNoiseTable} works. */
export interface ComputeNoiseTableOptions extends ThreadOptions {
  /** As of `createNoiseTable`. */
  readonly maxElements?: number | undefined;
}

/** Seconds for a weight in a setting, the mean over methods and granularities. */
const SECONDS = 1.5e-7;

/**
 * A noise table that is filled at once, its layers side by side in threads; other entries are computed when they are
 * asked for, as in any table. It gives what `createNoiseTable` gives, bit for bit.
 * @param settings tried on every layer that has weights
 * @throws InvalidArgumentError for a number of threads or `maxElements` out of range; InvalidDataError for weights that
 *   are NaN or infinite; the signal's reason
 */
export async function computeNoiseTable(
  model: ModelSpec,
  settings: readonly NoiseSetting[],
  options: ComputeNoiseTableOptions = {},
): Promise<NoiseTable> {
  const { maxElements = defaultMaxElements(model), signal } = options;
  const table = createNoiseTable(model, { maxElements });
  const wanted = settings.filter(({ config }) => config.weightBits !== 32);
  const plain = wanted.map(({ config, method }) => [config.toDict(), method] as const);
  const tasks = model.layers
    .filter(({ weights }) => weights !== undefined)
    .map((layer): NoiseTask => {
      const { values, layout } = sampleOf(layer, maxElements);
      return { layer: { ...layer, weights: values, weightLayout: layout }, settings: plain };
    });
  const elements = tasks.reduce((sum, { layer }) => sum + layer.weights!.length, 0);
  const threads = await threadCount(options, elements * wanted.length * SECONDS);
  const rows =
    threads > 1 && tasks.length > 1
      ? await inThreads<NoiseTask, Float64Array>("noise", tasks, threads, signal)
      : undefined;
  if (rows === undefined) {
    for (const { layer } of tasks) {
      signal?.throwIfAborted();
      for (const { config, method } of wanted) table.weightNoise(layer.name, config, method);
    }
    return table;
  }
  const known = rows.flatMap((row, i) =>
    wanted.map(({ config, method }, j): KnownNoise => {
      return { layer: tasks[i]!.layer.name, config, method, noise: row[j]! };
    }),
  );
  return createNoiseTable(model, { maxElements, known });
}
