import { checkSignal } from "../../async/check-signal.js";
import { mapConcurrent } from "../../async/map-concurrent.js";
import { EvaluationError, InvalidArgumentError } from "../../errors.js";
import type { WeightBits } from "../../genes/bits.js";
import { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import type { ModelSpec } from "../../model/layer-spec.js";
import { checkedEvaluate, reasonOf } from "../checked-evaluate.js";
import type { AccuracyEvaluator } from "../evaluator.js";
import { createNoiseTable, type NoiseTable } from "../noise/noise-table.js";
import { float32Genome } from "../uniform-genome.js";
import { sensitivityPrior } from "./sensitivity-prior.js";

const DEFAULT_BITS: WeightBits = 3;
const PROBE = new LayerQuantConfig({ weightBits: DEFAULT_BITS });

/**
 * Predicted sensitivity of each layer, by name: 1 for the most sensitive, down to 0. It is the
 * relative noise of the weights at 3 bits (symmetric, per-channel, min-max) times
 * {@link sensitivityPrior}. All are 0 when no layer has noise.
 * @param options.noiseTable a table of the same model, whose results are reused
 * @throws what `noiseTable` throws
 *
 * @example
 * ```ts
 * const sensitivity = layerSensitivity(referenceWorkload(["embedding", "attention", "ffn"]));
 * ```
 */
export function layerSensitivity(
  model: ModelSpec,
  options: { readonly noiseTable?: NoiseTable | undefined } = {},
): ReadonlyMap<string, number> {
  const table = options.noiseTable ?? createNoiseTable(model);
  const prior = sensitivityPrior(model);
  return normalized(
    model.layers.map((layer) => [
      layer.name,
      prior.get(layer.name)! * table.weightNoise(layer.name, PROBE, "min-max"),
    ]),
  );
}

/** Options of {@link measuredSensitivity}. */
export interface MeasuredSensitivityOptions {
  /**
   * Weight bits of the one layer that is quantized (symmetric, per-channel, min-max). Below 32.
   * Default 3.
   */
  readonly bits?: WeightBits | undefined;
  /** Most evaluations in flight, an integer from 1. Default 1. */
  readonly concurrency?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Measured sensitivity of each layer, by name: the drop of accuracy when that layer's weights alone
 * are quantized and the rest stays in float32. The largest drop is scaled to 1, and a gain counts
 * as 0. All are 0 when no accuracy drops.
 * @throws EvaluationError naming the layer whose evaluation failed; InvalidArgumentError when
 *   `bits` is 32, `concurrency` is no positive integer or `signal` is no AbortSignal; the signal's
 *   reason after an abort
 */
export async function measuredSensitivity(
  evaluator: AccuracyEvaluator,
  model: ModelSpec,
  options: MeasuredSensitivityOptions = {},
): Promise<ReadonlyMap<string, number>> {
  return normalized([...(await accuracyDrops(evaluator, model, options))]);
}

/**
 * The drop of the evaluator's accuracy, 0 to 1, when one layer's weights alone are quantized and
 * the rest stays in float32. By layer name; a gain counts as 0.
 * @throws as {@link measuredSensitivity} does
 */
export async function accuracyDrops(
  evaluator: AccuracyEvaluator,
  model: ModelSpec,
  options: MeasuredSensitivityOptions,
): Promise<ReadonlyMap<string, number>> {
  const { bits = DEFAULT_BITS, concurrency = 1, signal } = options;
  if (bits === 32)
    throw new InvalidArgumentError("bits", "bits is 32; allowed: a width that quantizes, 1 to 16");
  checkSignal(signal);
  const floats = float32Genome(model);
  const baseline = evaluator.baseline ?? (await checkedEvaluate(evaluator, floats, signal));
  const outcomes = await mapConcurrent(
    model.layers,
    concurrency,
    ({ name }) => checkedEvaluate(evaluator, layerAlone(floats, name, bits), signal),
    signal,
  );
  signal?.throwIfAborted();
  return new Map(
    model.layers.map((layer, i) => {
      const outcome = outcomes[i];
      if (outcome?.status === "fulfilled")
        return [layer.name, Math.max(0, baseline.accuracy - outcome.value.accuracy)];
      const cause = outcome?.status === "rejected" ? outcome.reason : undefined;
      throw new EvaluationError(
        `layers.${layer.name}`,
        `sensitivity of layer ${JSON.stringify(layer.name)} at ${bits} bits: ${reasonOf(cause)}`,
        { cause },
      );
    }),
  );
}

/** `floats` with the weights of one layer quantized (symmetric, per-channel, min-max). */
export function layerAlone(
  floats: QuantizationGenome,
  name: string,
  bits: WeightBits = DEFAULT_BITS,
): QuantizationGenome {
  const config = new LayerQuantConfig({
    weightBits: bits,
    activationBits: 32,
    calibrationMethod: "min-max",
  });
  return floats.with({ layerConfigs: new Map(floats.layerConfigs).set(name, config) });
}

/** Values scaled so that the largest is 1. All stay 0 when none is above 0. */
export function normalized(
  drops: Iterable<readonly [string, number]>,
): ReadonlyMap<string, number> {
  const list = [...drops];
  const largest = list.reduce((max, [, drop]) => Math.max(max, drop), 0);
  return new Map(list.map(([name, drop]) => [name, largest === 0 ? 0 : drop / largest]));
}
