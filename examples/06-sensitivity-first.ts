// Which layers are sensitive to quantization? Then a genome made by hand from the answer, and what
// one width up or down would do to it.
import { LayerQuantConfig, QuantizationEvolutionEngine, QuantizationGenome } from "quantevo";
import { explanationToString } from "quantevo/evaluation";

const layers = ["embedding", "attention", "ffn", "output"];
const engine = new QuantizationEvolutionEngine({ seed: 6, minAccuracy: 0.95 });
const sensitivity = await engine.analyzeSensitivity(layers);

const layerConfigs = new Map<string, LayerQuantConfig>();
for (const [layer, score] of sensitivity) {
  const [word, weightBits] =
    score > 0.8
      ? (["HIGH", 8] as const)
      : score > 0.5
        ? (["MEDIUM", 6] as const)
        : (["LOW", 4] as const);
  console.log(`${layer}: ${score.toFixed(2)} ${word} sensitivity, use ${weightBits}-bit`);
  layerConfigs.set(layer, new LayerQuantConfig({ weightBits, calibrationMethod: "mse" }));
}
const genome = new QuantizationGenome({ layerConfigs });
console.log(`Average bits: ${genome.averageBits}`);
console.log(explanationToString(await engine.explainGenome(layers, genome)));
