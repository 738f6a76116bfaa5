// Which layers mind being quantized? Then a genome by hand from the answer.
import { LayerQuantConfig, QuantizationEvolutionEngine, QuantizationGenome } from "quantevo";

const engine = new QuantizationEvolutionEngine({ seed: 6 });
const sensitivity = await engine.analyzeSensitivity(["embedding", "attention", "ffn", "output"]);

const layerConfigs = new Map<string, LayerQuantConfig>();
for (const [layer, score] of sensitivity) {
  const [word, weightBits] =
    score > 0.8 ? (["HIGH", 8] as const) : score > 0.5 ? (["MEDIUM", 6] as const) : (["LOW", 4] as const);
  console.log(`${layer}: ${score.toFixed(2)} ${word} sensitivity, use ${weightBits}-bit`);
  layerConfigs.set(layer, new LayerQuantConfig({ weightBits, calibrationMethod: "mse" }));
}
console.log(`Average bits: ${new QuantizationGenome({ layerConfigs }).averageBits}`);
