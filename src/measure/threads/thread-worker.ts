import type { CalibrationMethodName } from "../../calibration/method-definition.js";
import {
  type CalibratedWeights,
  calibrateLayer,
  type QuantizedWeights,
  quantizeLayer,
} from "../../deploy/quantize-layer.js";
import { QuantevoError } from "../../errors.js";
import { createNoiseTable } from "../../evaluation/noise/noise-table.js";
import { LayerQuantConfig, type LayerQuantConfigFields } from "../../genome/layer-quant-config.js";
import type { LayerSpec } from "../../model/layer-spec.js";
import type { IntegerBits } from "../../quantization/index.js";
import { joinSharedMemory } from "../../simd/shared-memory.js";
import type { LayerTask, PlacedTask } from "./thread-pool.js";
import type { OwnedMemory } from "./weight-places.js";

/** The weights of one layer to calibrate or quantize. */
export interface WeightTask extends LayerTask {
  readonly config: LayerQuantConfigFields;
  readonly method: CalibrationMethodName;
  /** Widths of the integers that codes are packed in, ascending. */
  readonly widths: readonly IntegerBits[];
  /** Scales are rounded to float16. */
  readonly float16: boolean;
  /** Default false. */
  readonly avoidSaturation?: boolean | undefined;
}

/** What a thread makes of a {@link WeightTask}. */
export function quantize(task: PlacedTask<WeightTask>): Promise<QuantizedWeights> {
  const { config, method, widths, float16, avoidSaturation } = task;
  return onLayer(task, (layer) =>
    quantizeLayer(
      layer,
      LayerQuantConfig.fromDict(config),
      method,
      widths,
      float16,
      avoidSaturation,
    ),
  );
}

/** How {@link quantize} would do it. */
export function calibrate(task: PlacedTask<WeightTask>): Promise<CalibratedWeights> {
  const { config, method, float16, avoidSaturation } = task;
  return onLayer(task, (layer) =>
    calibrateLayer(layer, LayerQuantConfig.fromDict(config), method, float16, avoidSaturation),
  );
}

/**
 * One layer, whose weights are the sample that a noise table takes, and the settings to try on
 * it.
 */
export interface NoiseTask extends LayerTask {
  readonly settings: readonly (readonly [LayerQuantConfigFields, CalibrationMethodName])[];
}

/** The relative noise of the weights in each setting. */
export function noise(task: PlacedTask<NoiseTask>): Promise<Float64Array> {
  return onLayer(task, (layer) => {
    // The weights are a sample already, and are all taken.
    const model = { name: "", source: "user", layers: [layer] } as const;
    const table = createNoiseTable(model, { maxElements: Number.MAX_SAFE_INTEGER });
    return Float64Array.from(task.settings, ([config, method]) =>
      table.weightNoise(layer.name, LayerQuantConfig.fromDict(config), method),
    );
  });
}

let buffers: readonly SharedArrayBuffer[] | undefined;

/**
 * Does something with the task's layer, whose weights lie in shared memory. Errors of ours are
 * thrown as plain objects: an Error that goes between threads loses its fields.
 */
async function onLayer<R>(
  { layer, at }: PlacedTask<LayerTask>,
  action: (layer: LayerSpec) => R,
): Promise<R> {
  const { Tinypool } = await import("tinypool");
  buffers ??= (Tinypool.workerData as OwnedMemory[]).map(({ memory, owner }) =>
    joinSharedMemory(memory, owner),
  );
  const weights = new Float32Array(buffers[at.memory]!, at.byteOffset, at.length);
  try {
    return action({ ...layer, weights });
  } catch (error) {
    if (!(error instanceof QuantevoError)) throw error;
    throw { code: error.code, path: error.path, message: error.message };
  }
}
