import { type QuantizationEvolutionConfig, QuantizationEvolutionEngine } from "../../src/index.js";

/** Short runs whose fronts are kept in fronts.json.golden. */
export const workloads: Readonly<
  Record<string, { layers: string[]; config: QuantizationEvolutionConfig }>
> = {
  "small transformer on arm-neon": {
    layers: ["embedding", "encoder_layer_0_attention", "encoder_layer_0_ffn", "output_projection"],
    config: { seed: "golden", populationSize: 10, maxGenerations: 3 },
  },
  "small convolutional network on nvidia-tensorrt, 2 to 8 bits": {
    layers: ["conv1", "conv2_depthwise", "conv3", "head"],
    config: {
      seed: 7,
      populationSize: 12,
      maxGenerations: 5,
      minBits: 2,
      hardwareTarget: "nvidia-tensorrt",
      minAccuracy: 0.5,
    },
  },
  "six layers on qualcomm-hexagon, uniform precision": {
    layers: Array.from({ length: 6 }, (_, i) => `layer_${i}`),
    config: {
      seed: 1,
      populationSize: 8,
      maxGenerations: 3,
      allowMixedPrecision: false,
      hardwareTarget: "qualcomm-hexagon",
    },
  },
};

/** Keys of each workload's front, in the order of the archive. */
export async function goldenFronts(): Promise<Record<string, string[]>> {
  const fronts: Record<string, string[]> = {};
  for (const [name, { layers, config }] of Object.entries(workloads)) {
    const { paretoFront } = await new QuantizationEvolutionEngine(config).runEvolution(layers);
    fronts[name] = paretoFront.map((genome) => genome.key);
  }
  return fronts;
}
