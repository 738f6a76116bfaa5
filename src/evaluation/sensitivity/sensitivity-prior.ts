import type { LayerKind, LayerSpec, ModelSpec } from "../../model/layer-spec.js";

/**
 * Loss increase from the same relative noise in a layer of each kind, relative to an ordinary
 * convolution. Rules of thumb, not measurements. Depthwise filters average over few products and
 * quantize badly (Krishnamoorthi 2018, "Quantizing deep convolutional networks for efficient
 * inference", section 3.2). Attention passes its noise through a softmax, recurrent layers feed it
 * back, and an embedding adds it once.
 */
const KIND_FACTOR: Readonly<Record<LayerKind, number>> = {
  conv: 1,
  "depthwise-conv": 3,
  "conv-transpose": 1,
  gemm: 1,
  matmul: 1,
  attention: 1.5,
  embedding: 0.7,
  recurrent: 1.5,
  other: 1,
};

/**
 * The first and the last layer commonly keep more bits (Zhou et al. 2016, "DoReFa-Net", and most
 * work since).
 */
const END_FACTOR = 2;

/**
 * Weight of each layer's relative noise in the predicted accuracy, by layer name. The weights sum
 * to 1. Each is the product of three factors: one for the kind, one for the first and the last
 * layer, and one for redundancy.
 *
 * The redundancy factor is (mean parameters / parameters)^(1/4), kept within 0.5 to 2: a layer with
 * more weights than others tolerates more noise. On the ResNet-20 of {@link NOISE_CURVE_SOURCE},
 * with one layer at 3 bits, narrow layers of the first two stages lose 1.5 points of accuracy. The
 * wide layers of the last stage lose next to nothing.
 */
export function sensitivityPrior(model: ModelSpec): ReadonlyMap<string, number> {
  const { layers } = model;
  const mean = layers.reduce((sum, layer) => sum + layer.parameterCount, 0) / layers.length;
  const raw = layers.map(
    (layer, i) =>
      KIND_FACTOR[layer.kind] *
      (i === 0 || i === layers.length - 1 ? END_FACTOR : 1) *
      redundancyFactor(layer, mean),
  );
  const sum = raw.reduce((total, weight) => total + weight, 0);
  return new Map(layers.map((layer, i) => [layer.name, raw[i]! / sum]));
}

function redundancyFactor(layer: LayerSpec, meanParameters: number): number {
  if (layer.parameterCount === 0) return 1;
  return Math.min(2, Math.max(0.5, (meanParameters / layer.parameterCount) ** 0.25));
}
