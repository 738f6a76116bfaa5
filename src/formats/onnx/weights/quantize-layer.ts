import { calibrate } from "../../../calibration/index.js";
import type { CalibrationMethod } from "../../../calibration/method.js";
import { InvalidArgumentError } from "../../../errors.js";
import { weightKey } from "../../../genome/genome-key.js";
import type { LayerQuantConfig } from "../../../genome/layer-quant-config.js";
import type { LayerSpec } from "../../../model/layer-spec.js";
import { packBits, type QuantizationParams, quantize } from "../../../quantization/index.js";
import { float16Scales } from "../write/scale-tensors.js";
import { type StorageType, storageType } from "../write/storage-type.js";

/** The weights of a layer, quantized and packed as an ONNX initializer stores them. */
export interface QuantizedWeights {
  /** `shape` is that of the layer's weight layout, a view of the stored tensor. */
  readonly params: QuantizationParams;
  readonly storage: StorageType;
  /** The codes, row-major, packed at `storage.bits`. */
  readonly data: Uint8Array;
  /** The scales are exact in float16. */
  readonly float16Scale: boolean;
}

/** How the weights of a layer are quantized. */
export type CalibratedWeights = Pick<QuantizedWeights, "params" | "float16Scale">;

/** What {@link quantizeLayer} quantizes with. Arguments and errors as of that. */
export function calibrateLayer(
  layer: LayerSpec,
  config: LayerQuantConfig,
  method: CalibrationMethod,
  float16 = false,
): CalibratedWeights {
  const { weights, weightLayout: layout } = layer;
  const bits = config.weightBits;
  if (weights === undefined || layout === undefined || bits === 32)
    throw new InvalidArgumentError(
      layer.name,
      `layer ${JSON.stringify(layer.name)} has ` +
        `${bits === 32 ? "float32 weights in its settings" : "no weights"}; allowed: weights ` +
        "and a width below 32",
    );
  const grouped = config.granularity === "per-group";
  // The genome's key leaves these out for binary and ternary weights, so they must not matter.
  const scheme = bits < 2 ? "symmetric" : config.weightScheme;
  const calibrated = calibrate(weights, {
    bits,
    scheme,
    method,
    granularity: config.granularity,
    shape: layout.shape,
    axis: grouped ? layout.groupAxis : layout.channelAxis,
    groupSize: grouped ? config.groupSize : 0,
    narrowRange: bits >= 2 && config.useSymmetric && scheme !== "asymmetric",
    name: layer.name,
  });
  const rounded = float16 ? float16Scales(calibrated.scale) : undefined;
  return {
    params: rounded === undefined ? calibrated : { ...calibrated, scale: rounded },
    float16Scale: rounded !== undefined,
  };
}

/**
 * Quantizes the weights of a layer as its settings say.
 * @param layer has weights and their layout
 * @param float16 round the scales to float16 first (where they are in its range), so that codes fit
 *   the rounded scales
 * @throws InvalidArgumentError when the layer has no weights or is to stay in float32
 */
export function quantizeLayer(
  layer: LayerSpec,
  config: LayerQuantConfig,
  method: CalibrationMethod,
  float16 = false,
): QuantizedWeights {
  const calibrated = calibrateLayer(layer, config, method, float16);
  const { params } = calibrated;
  const storage = storageType(params.bits, params.signed);
  const data = packBits(quantize(layer.weights!, params), storage.bits);
  return { ...calibrated, storage, data };
}

/** Bytes of packed codes and scales that a {@link LayerQuantizer} keeps. */
const CACHE_BYTES = 1 << 27;

/** Quantizes layers and remembers the latest results, so that a search quantizes nothing twice. */
export class LayerQuantizer {
  readonly #known = new Map<string, QuantizedWeights>();
  #bytes = 0;

  /** @param cacheBytes how much is remembered; default 128 MiB */
  constructor(readonly cacheBytes: number = CACHE_BYTES) {}

  /** Whether {@link quantize} has the answer at hand. */
  knows(
    layer: LayerSpec,
    config: LayerQuantConfig,
    method: CalibrationMethod,
    float16 = false,
  ): boolean {
    return this.#known.has(keyOf(layer, config, method, float16));
  }

  /** As {@link quantizeLayer}; layers are told apart by name. */
  quantize(
    layer: LayerSpec,
    config: LayerQuantConfig,
    method: CalibrationMethod,
    float16 = false,
  ): QuantizedWeights {
    const key = keyOf(layer, config, method, float16);
    const known = this.#known.get(key);
    if (known !== undefined) {
      this.#known.delete(key);
      this.#known.set(key, known);
      return known;
    }
    const made = quantizeLayer(layer, config, method, float16);
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
}

function keyOf(
  layer: LayerSpec,
  config: LayerQuantConfig,
  method: CalibrationMethod,
  float16: boolean,
): string {
  return `${float16 ? "h" : "f"} ${weightKey(config, method)} ${layer.name}`;
}

function bytesOf({ data, params }: QuantizedWeights): number {
  return data.byteLength + params.scale.byteLength + params.zeroPoint.byteLength;
}
