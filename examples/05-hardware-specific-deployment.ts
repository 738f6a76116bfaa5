// The same layers for a phone, a battery-powered device and an edge server.
import {
  HardwareTarget,
  type QuantizationEvolutionConfig,
  QuantizationEvolutionEngine,
} from "quantevo";

const layers = [
  "embedding",
  "encoder_layer_0_attention",
  "encoder_layer_0_ffn",
  "output_projection",
];
const deployments: Record<string, QuantizationEvolutionConfig> = {
  mobile: {
    hardwareTarget: HardwareTarget.ARM_NEON,
    targetLatencyMs: 50,
    targetMemoryMb: 100,
    latencyWeight: 0.4,
    accuracyWeight: 0.4,
  },
  iot: {
    hardwareTarget: HardwareTarget.QUALCOMM_HEXAGON,
    targetMemoryMb: 50,
    energyWeight: 0.5,
    compressionWeight: 0.3,
  },
  server: {
    hardwareTarget: HardwareTarget.APPLE_NEURAL_ENGINE,
    accuracyWeight: 0.6,
    latencyWeight: 0.3,
  },
};

for (const [name, config] of Object.entries(deployments)) {
  const engine = new QuantizationEvolutionEngine({ ...config, maxGenerations: 15, seed: 5 });
  await engine.runEvolution(layers);
  const best = engine.getBestGenome();
  console.log(
    `${name.padEnd(7)} ${String(config.hardwareTarget).padEnd(20)} ` +
      `${best.inferenceLatencyMs?.toFixed(3)} ms, ` +
      `${best.energyPerInferenceMj?.toFixed(3)} mJ, ${best.memoryFootprintMb?.toFixed(2)} MB ` +
      `(${best.metrics?.costKind})`,
  );
}
