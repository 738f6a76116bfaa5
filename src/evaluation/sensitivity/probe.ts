import { calibrate } from "../../calibration/index.js";
import { InvalidArgumentError } from "../../errors.js";
import type { WeightBits } from "../../genes/bits.js";
import { weightCalibrationOptions } from "../../genome/calibration-options.js";
import { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import type { LayerSpec } from "../../model/layer-spec.js";
import { weightLayoutOf } from "../../model/weight-layout-of.js";
import { fakeQuantize, type IntegerBits } from "../../quantization/index.js";

/** Bits of the one layer that metrics quantize, unless they are told others. */
export const PROBE_BITS = 3;

/** @throws InvalidArgumentError when `bits` is 32 */
export function checkProbeBits(bits: WeightBits = PROBE_BITS): IntegerBits {
  if (bits === 32)
    throw new InvalidArgumentError("bits", "bits is 32; allowed: a width that quantizes, 1 to 16");
  return bits;
}

/**
 * A layer's weights after quantization (symmetric, per-channel, min-max), the same number of
 * elements in the same order.
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
