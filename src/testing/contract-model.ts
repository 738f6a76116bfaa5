import { uniformGenome } from "../evaluation/uniform-genome.js";
import type { LayerQuantConfigFields } from "../genome/layer-quant-config.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import type { LayerSpec, ModelSpec } from "../model/layer-spec.js";

/**
 * A small model with every kind of layer whose cost differs, and 10 parameters in float. Without
 * weights, as a cost model needs none.
 */
export const contractModel: ModelSpec = {
  name: "contract",
  source: "user",
  floatParameterCount: 10,
  layers: [
    layer("embedding", "embedding", 1_000_000, 0, [1, 64], [1, 64, 256]),
    layer("__proto__", "attention", 196_608, 14_000_000, [1, 64, 256], [1, 64, 256]),
    layer("ffn", "matmul", 262_144, 16_777_216, [1, 64, 256], [1, 64, 1024]),
    layer("conv", "conv", 589_824, 115_605_504, [1, 256, 14, 14], [1, 256, 14, 14]),
    layer("pointwise", "conv", 65_536, 12_845_056, [1, 256, 14, 14], [1, 256, 14, 14]),
    layer("depthwise", "depthwise-conv", 2_304, 451_584, [1, 256, 14, 14], [1, 256, 14, 14]),
    layer("recurrent", "recurrent", 65_536, 4_194_304, [1, 64, 256], [1, 64, 256]),
    layer("head", "gemm", 2_097_152, 2_097_152, [1, 2048], [1, 1024]),
  ],
};

/** Every layer of {@link contractModel} with these settings, its activations symmetric. */
export function contractGenome(fields: Partial<LayerQuantConfigFields> = {}): QuantizationGenome {
  return uniformGenome(contractModel, { activationScheme: "symmetric", ...fields });
}

function layer(
  name: string,
  kind: LayerSpec["kind"],
  parameterCount: number,
  macs: number,
  inputShape: readonly number[],
  outputShape: readonly number[],
): LayerSpec {
  return { name, kind, parameterCount, macs, inputShape, outputShape };
}
