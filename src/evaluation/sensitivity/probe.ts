import { calibrate } from "../../calibration/index.js";
import { InvalidArgumentError } from "../../errors.js";
import type { WeightBits } from "../../genes/bits.js";
import { weightCalibrationOptions } from "../../genome/calibration-options.js";
import { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import type { LayerSpec } from "../../model/layer-spec.js";
import { weightLayoutOf } from "../../model/weight-layout-of.js";
import { fakeQuantize, type IntegerBits } from "../../quantization/index.js";

/** Default weight bits of the one layer that a metric quantizes. */
export const PROBE_BITS = 3;

/**
 * Weight bits that quantize.
 * @throws InvalidArgumentError when `bits` is 32
 */
export function checkProbeBits(bits: WeightBits = PROBE_BITS): IntegerBits {
  if (bits === 32)
    throw new InvalidArgumentError("bits", "bits is 32; allowed: a width that quantizes, 1 to 16");
  return bits;
}

/**
 * A layer's weights after quantization (symmetric, per-channel, min-max), back in float32. They
 * have the shape and order of `layer.weights`.
 * @throws InvalidArgumentError when the layer has no weights
 */
export function probedWeights(layer: LayerSpec, bits: IntegerBits): Float32Array {
  if (layer.weights === undefined)
    throw new InvalidArgumentError(
      `layers.${layer.name}.weights`,
      `layer ${JSON.stringify(layer.name)} has no weights; allowed: layers of which the ` +
        "weights are known, as from loadOnnxModel",
    );
  const config = new LayerQuantConfig({ weightBits: bits });
  const options = weightCalibrationOptions(weightLayoutOf(layer), config, "min-max")!;
  const params = calibrate(layer.weights, { ...options, name: layer.name });
  return fakeQuantize(layer.weights, params);
}
