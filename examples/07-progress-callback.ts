// Watch a run and stop it when it is good enough.
import { QuantizationEvolutionEngine } from "quantevo";

const engine = new QuantizationEvolutionEngine({ maxGenerations: 50, seed: 7 });
const stop = new AbortController();
const result = await engine.runEvolution(["embedding", "attention", "ffn", "output"], {
  signal: stop.signal,
  callback: (generation, bestFitness, averageFitness) => {
    console.log(`Gen ${generation}: Best=${bestFitness.toFixed(4)}, Avg=${averageFitness.toFixed(4)}`);
    if (generation >= 12) stop.abort();
  },
});
console.log(`Stopped: ${result.stopReason}; ${result.paretoFront.length} genomes kept`);
