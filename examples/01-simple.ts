// The shortest run: layer names in, the best genome out. Without a model file the accuracy is
// predicted.
import { QuantizationEvolutionEngine } from "quantevo";

const engine = new QuantizationEvolutionEngine({ populationSize: 10, maxGenerations: 20, seed: 1 });
await engine.runEvolution(["layer1", "layer2", "layer3"]);

const best = engine.getBestGenome();
console.log(`Compression: ${best.compressionRatio?.toFixed(1)}x`);
console.log(
  `Accuracy: ${((best.accuracy ?? 0) * 100).toFixed(2)}% of float32 ` +
    `(${best.metrics?.accuracyKind})`,
);
