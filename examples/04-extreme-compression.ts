// INT2 to INT4: the space starts at 2 bits and compression weighs most.
import { QuantizationEvolutionEngine } from "quantevo";

const engine = new QuantizationEvolutionEngine({
  minBits: 2,
  maxBits: 4,
  allowMixedPrecision: true,
  compressionWeight: 0.5,
  accuracyWeight: 0.3,
  maxGenerations: 20,
  seed: 4,
});
await engine.runEvolution([
  "embedding",
  "encoder_layer_0_attention",
  "encoder_layer_0_ffn",
  "output_projection",
]);

const best = engine.getBestGenome();
console.log(
  `Extreme compression: ${best.compressionRatio?.toFixed(1)}x at ` +
    `${best.averageBits.toFixed(2)} bits a weight`,
);
