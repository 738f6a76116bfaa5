import type { CalibrationMethod } from "../../calibration/method.js";
import { QuantevoError } from "../../errors.js";
import { createNoiseTable } from "../../evaluation/noise-table.js";
import { LayerQuantConfig, type LayerQuantConfigFields } from "../../genome/layer-quant-config.js";
import type { LayerSpec } from "../../model/layer-spec.js";
import { type QuantizedWeights, quantizeLayer } from "../quantize-layer.js";

/** The weights of one layer to quantize. */
export interface QuantizeTask {
  readonly layer: LayerSpec;
  readonly config: LayerQuantConfigFields;
  readonly method: CalibrationMethod;
  readonly float16: boolean;
}

/** What a thread makes of a {@link QuantizeTask}. */
export function quantize({ layer, config, method, float16 }: QuantizeTask): QuantizedWeights {
  return withPlainErrors(() => quantizeLayer(layer, LayerQuantConfig.fromDict(config), method, float16));
}

/** One layer, whose weights are the sample that a noise table looks at, and the settings to try on it. */
export interface NoiseTask {
  readonly layer: LayerSpec;
  readonly settings: readonly (readonly [LayerQuantConfigFields, CalibrationMethod])[];
}

/** The relative noise of the weights in each setting. */
export function noise({ layer, settings }: NoiseTask): Float64Array {
  // The weights are a sample already, and are all looked at.
  const model = { name: "", source: "user", layers: [layer] } as const;
  const table = createNoiseTable(model, { maxElements: Number.MAX_SAFE_INTEGER });
  return withPlainErrors(() =>
    Float64Array.from(settings, ([config, method]) =>
      table.weightNoise(layer.name, LayerQuantConfig.fromDict(config), method),
    ),
  );
}

/** Errors of ours as plain objects: an Error that goes between threads loses its fields. */
function withPlainErrors<R>(action: () => R): R {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof QuantevoError)) throw error;
    throw { code: error.code, path: error.path, message: error.message };
  }
}
