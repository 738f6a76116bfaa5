import { checkSignal } from "../../async/check-signal.js";
import type { CalibrationMethodName } from "../../calibration/method-definition.js";
import {
  calibrationMethods,
  isBuiltInMethod,
  isCalibrationMethod,
} from "../../calibration/method-registry.js";
import { checkFields, isRecord } from "../../check/check-fields.js";
import { describeValue } from "../../check/describe-value.js";
import { InvalidArgumentError } from "../../errors.js";
import {
  createNoiseTable,
  defaultMaxElements,
  type KnownNoise,
  type NoiseTable,
  sampleOf,
} from "../../evaluation/noise/noise-table.js";
import type { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import { checkModelSpec } from "../../model/check-layers.js";
import type { LayerSpec, ModelSpec } from "../../model/layer-spec.js";
import { inThreads, type ThreadOptions, threadCount } from "./thread-pool.js";
import type { NoiseTask } from "./thread-worker.js";

/** A setting of weights whose noise is wanted. */
export interface NoiseSetting {
  readonly config: LayerQuantConfig;
  readonly method: CalibrationMethodName;
}

/** How {@link computeNoiseTable} works. */
export interface ComputeNoiseTableOptions extends ThreadOptions {
  /** As of `createNoiseTable`. */
  readonly maxElements?: number | undefined;
}

/** Seconds for a weight in a setting, the mean over methods and granularities. */
const SECONDS = 1.5e-7;

/** The settings of layers larger than such a part of a thread's work are tried in several tasks. */
const PARTS_PER_THREAD = 4;

/**
 * A noise table that is filled at once, its layers, and the settings of large ones, side by side in
 * threads; other entries are computed when they are asked for, as in any table. It gives what
 * `createNoiseTable` gives, bit for bit.
 * @param settings tried on every layer that has weights
 * @throws InvalidArgumentError for what is no model, setting or option, and a number of threads or
 *   `maxElements` out of range; InvalidDataError for weights that are NaN or infinite; the signal's
 *   reason
 */
export async function computeNoiseTable(
  model: ModelSpec,
  settings: readonly NoiseSetting[],
  options: ComputeNoiseTableOptions = {},
): Promise<NoiseTable> {
  checkModelSpec(model);
  checkSettings(settings);
  checkFields(options, "options", ["threads", "signal", "maxElements"]);
  checkSignal(options.signal);
  const { maxElements = defaultMaxElements(model), signal } = options;
  const wanted = settings.filter(({ config }) => config.weightBits !== 32);
  // Custom calibration methods are known on this thread alone.
  const shared = wanted.filter(({ method }) => isBuiltInMethod(method));
  const samples = model.layers
    .filter(({ weights }) => weights !== undefined)
    .map((layer): LayerSpec => {
      const { values, layout } = sampleOf(layer, maxElements);
      return { ...layer, weights: values, weightLayout: layout };
    });
  const work = shared.length * samples.reduce((sum, { weights }) => sum + weights!.length, 0);
  const threads = await threadCount(options, work * SECONDS);
  // No layer is worth several tasks where there is nothing to do.
  const share = work === 0 ? 0 : (shared.length * threads * PARTS_PER_THREAD) / work;
  const parts = samples.flatMap((layer) =>
    inParts(shared, layer.weights!.length * share).map((part) => ({ layer, part })),
  );
  const tasks = parts.map(({ layer, part }): NoiseTask => {
    return { layer, settings: part.map(({ config, method }) => [config.toDict(), method]) };
  });
  const rows =
    threads > 1 && tasks.length > 1
      ? await inThreads<NoiseTask, Float64Array>("noise", tasks, threads, signal)
      : undefined;
  const fillHere = (table: NoiseTable, settings: readonly NoiseSetting[]) => {
    for (const { name } of samples) {
      signal?.throwIfAborted();
      for (const { config, method } of settings) table.weightNoise(name, config, method);
    }
    return table;
  };
  if (rows === undefined) return fillHere(createNoiseTable(model, { maxElements }), wanted);
  const known = parts.flatMap(({ layer, part }, i) =>
    part.map(({ config, method }, j): KnownNoise => {
      return { layer: layer.name, config, method, noise: rows[i]![j]! };
    }),
  );
  const custom = wanted.filter((setting) => !shared.includes(setting));
  return fillHere(createNoiseTable(model, { maxElements, known }), custom);
}

/**
 * A list cut into about as many parts of consecutive items, of equal length but the last; at least
 * 1 item in each.
 */
function inParts<T>(items: readonly T[], count: number): T[][] {
  const length = Math.max(1, Math.floor(items.length / Math.max(1, count)));
  return Array.from({ length: Math.ceil(items.length / length) }, (_, i) =>
    items.slice(i * length, (i + 1) * length),
  );
}

function checkSettings(settings: unknown): void {
  if (!Array.isArray(settings))
    throw new InvalidArgumentError(
      "settings",
      `settings is ${describeValue(settings)}; allowed: a list of settings, each with ` +
        "config and method",
    );
  for (const [i, setting] of Array.from<unknown>(settings).entries()) {
    checkFields(setting, `settings.${i}`, ["config", "method"]);
    const { config, method } = setting as Partial<NoiseSetting>;
    if (!(isRecord(config) && typeof config.toDict === "function"))
      throw new InvalidArgumentError(
        `settings.${i}.config`,
        `settings.${i}.config is ${describeValue(config)}; allowed: a LayerQuantConfig`,
      );
    if (!isCalibrationMethod(method))
      throw new InvalidArgumentError(
        `settings.${i}.method`,
        `settings.${i}.method is ${String(method)}; allowed: ${calibrationMethods().join(", ")}`,
      );
  }
}
