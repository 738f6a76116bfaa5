// A strategy as JSON and YAML, and back.
import { mkdir, readFile } from "node:fs/promises";
import { parseQuantizationConfig, QuantizationEvolutionEngine } from "quantevo";

const engine = new QuantizationEvolutionEngine({ maxGenerations: 10, seed: 8 });
await engine.runEvolution(["embedding", "attention", "ffn", "output"]);
const best = engine.getBestGenome();

await mkdir("out", { recursive: true });
await engine.exportQuantizationConfig(best, "out/best.json");
await engine.exportQuantizationConfig(best, "out/best.yaml", "yaml");

const back = parseQuantizationConfig(await readFile("out/best.yaml", "utf8"));
console.log(`out/best.yaml holds the same strategy: ${back.key === best.key}`);
