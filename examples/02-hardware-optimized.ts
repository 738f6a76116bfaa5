// One target, one latency limit: genomes over the limit are infeasible and lose to every one within
// it.
import { HardwareTarget, QuantizationEvolutionEngine } from "quantevo";

const engine = new QuantizationEvolutionEngine({
  hardwareTarget: HardwareTarget.ARM_NEON,
  targetLatencyMs: 50,
  latencyWeight: 0.5,
  accuracyWeight: 0.3,
  maxGenerations: 20,
  seed: 2,
});
await engine.runEvolution(["embedding", "attention", "ffn", "output"]);

const best = engine.getBestGenome();
console.log(
  `Latency: ${best.inferenceLatencyMs?.toFixed(3)}ms ${best.metrics?.costKind} (target: 50ms)`,
);
for (const [layer, config] of best.layerConfigs)
  console.log(
    `  ${layer}: ${config.weightBits}-bit weights, ${config.activationBits}-bit activations`,
  );
