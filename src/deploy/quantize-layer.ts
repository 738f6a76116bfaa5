import { calibrate } from "../calibration/index.js";
import type { CalibrationMethodName } from "../calibration/method-definition.js";
import { InvalidArgumentError } from "../errors.js";
import { weightCalibrationOptions } from "../genome/calibration-options.js";
import { weightKey } from "../genome/genome-key.js";
import type { LayerQuantConfig } from "../genome/layer-quant-config.js";
import type { LayerSpec } from "../model/layer-spec.js";
import {
  type IntegerBits,
  packBits,
  type QuantizationParams,
  quantize,
} from "../quantization/index.js";
import { float16Scales } from "./float16-scales.js";
import { type CodeStorage, codeStorage } from "./storage.js";

/** The weights of a layer, quantized and packed as a file stores them. */
export interface QuantizedWeights {
  /** `shape` is that of the layer's weight layout, a view of the stored tensor. */
  readonly params: QuantizationParams;
  readonly storage: CodeStorage;
  /** The codes, row-major, packed at `storage.bits`. */
  readonly data: Uint8Array;
  /** The scales are exact in float16. */
  readonly float16Scale: boolean;
}

/** How the weights of a layer are quantized. */
export type CalibratedWeights = Pick<QuantizedWeights, "params" | "float16Scale">;

/**
 * What {@link quantizeLayer} quantizes with.
 * @param layer has weights and their layout
 * @param float16 round the scales to float16 first (where they are in its range), so that codes fit
 *   the rounded scales
 * @param avoidSaturation as of {@link weightCalibrationOptions}
 * @throws InvalidArgumentError when the layer has no weights or is to stay in float32
 */
export function calibrateLayer(
  layer: LayerSpec,
  config: LayerQuantConfig,
  method: CalibrationMethodName,
  float16 = false,
  avoidSaturation = false,
): CalibratedWeights {
  const { name, weights, weightLayout } = layer;
  const options =
    weightLayout && weightCalibrationOptions(weightLayout, config, method, avoidSaturation);
  if (weights === undefined || options === undefined)
    throw new InvalidArgumentError(
      name,
      `layer ${JSON.stringify(name)} has ` +
        `${config.weightBits === 32 ? "float32 weights in its settings" : "no weights"}; ` +
        "allowed: weights and a width below 32",
    );
  const calibrated = calibrate(weights, { ...options, name });
  const rounded = float16 ? float16Scales(calibrated.scale) : undefined;
  return {
    params: rounded === undefined ? calibrated : { ...calibrated, scale: rounded },
    float16Scale: rounded !== undefined,
  };
}

/**
 * Quantizes the weights of a layer as its settings say.
 * @param widths of the integers that codes are packed in, ascending; the narrowest that holds them
 *   is taken
 * @param float16 as of {@link calibrateLayer}
 * @param avoidSaturation as of {@link calibrateLayer}
 * @throws InvalidArgumentError when the layer has no weights or is to stay in float32
 */
export function quantizeLayer(
  layer: LayerSpec,
  config: LayerQuantConfig,
  method: CalibrationMethodName,
  widths: readonly IntegerBits[],
  float16 = false,
  avoidSaturation = false,
): QuantizedWeights {
  const calibrated = calibrateLayer(layer, config, method, float16, avoidSaturation);
  const { params } = calibrated;
  const storage = codeStorage(params.bits, params.signed, widths);
  const data = packBits(quantize(layer.weights!, params), storage.bits);
  return { ...calibrated, storage, data };
}

/** Bytes of packed codes and scales that a {@link LayerQuantizer} keeps. */
const CACHE_BYTES = 1 << 27;

/** Quantizes layers and remembers the latest results, so that a search quantizes nothing twice. */
export class LayerQuantizer {
  readonly #known = new Map<string, QuantizedWeights>();
  #bytes = 0;

  /**
   * @param widths as of {@link quantizeLayer}
   * @param cacheBytes how much is remembered; default 128 MiB
   * @param avoidSaturation as of {@link calibrateLayer}
   */
  constructor(
    readonly widths: readonly IntegerBits[],
    readonly cacheBytes: number = CACHE_BYTES,
    readonly avoidSaturation: boolean = false,
  ) {}

  /** Whether {@link quantize} has the answer at hand. */
  knows(
    layer: LayerSpec,
    config: LayerQuantConfig,
    method: CalibrationMethodName,
    float16 = false,
  ): boolean {
    return this.#known.has(this.#keyOf(layer, config, method, float16));
  }

  /** As {@link quantizeLayer}; layers are told apart by name. */
  quantize(
    layer: LayerSpec,
    config: LayerQuantConfig,
    method: CalibrationMethodName,
    float16 = false,
  ): QuantizedWeights {
    const key = this.#keyOf(layer, config, method, float16);
    const known = this.#known.get(key);
    if (known !== undefined) {
      this.#known.delete(key);
      this.#known.set(key, known);
      return known;
    }
    const made = quantizeLayer(layer, config, method, this.widths, float16, this.avoidSaturation);
    this.#known.set(key, made);
    this.#bytes += bytesOf(made);
    for (const [oldest, value] of this.#known) {
      if (this.#bytes <= this.cacheBytes) break;
      this.#known.delete(oldest);
      this.#bytes -= bytesOf(value);
    }
    return made;
  }

  /** Results remembered now. */
  get size(): number {
    return this.#known.size;
  }

  #keyOf(
    layer: LayerSpec,
    config: LayerQuantConfig,
    method: CalibrationMethodName,
    float16: boolean,
  ): string {
    // The only setting of the activation that decides codes of the weights.
    const reduced = this.avoidSaturation && config.activationBits === 8 ? "r" : "";
    return `${float16 ? "h" : "f"}${reduced} ${weightKey(config, method)} ${layer.name}`;
  }
}

function bytesOf({ data, params }: QuantizedWeights): number {
  return data.byteLength + params.scale.byteLength + params.zeroPoint.byteLength;
}
