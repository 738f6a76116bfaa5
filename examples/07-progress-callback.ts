// Watch a run and stop it when it is good enough: by a callback, then by the stream of its events.
import { QuantizationEvolutionEngine, whenStagnant } from "quantevo";
import { followRun } from "./terminal.js";

const layers = ["embedding", "attention", "ffn", "output"];
const engine = new QuantizationEvolutionEngine({ maxGenerations: 50, seed: 7 });
const stop = new AbortController();
const result = await engine.runEvolution(layers, {
  signal: stop.signal,
  callback: (generation, bestFitness, averageFitness) => {
    console.log(
      `Gen ${generation}: Best=${bestFitness.toFixed(4)}, Avg=${averageFitness.toFixed(4)}`,
    );
    if (generation >= 12) stop.abort();
  },
});
console.log(`Stopped: ${result.stopReason}; ${result.paretoFront.length} genomes kept`);

// A bar in a terminal, plain lines elsewhere; leaving a loop over the events stops the run.
const followed = await followRun(
  engine.stream(layers, { stopWhen: whenStagnant({ generations: 5, tolerance: 0.01 }) }),
  engine.config.maxGenerations,
);
console.log(`Stopped: ${followed.stopReason} after generation ${followed.generations}`);
