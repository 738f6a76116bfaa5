// Equal weights, then the whole front: choose by what the deployment needs.
import { QuantizationEvolutionEngine } from "quantevo";
import { printFront } from "./terminal.js";

const engine = new QuantizationEvolutionEngine({
  populationSize: 30,
  maxGenerations: 25,
  accuracyWeight: 0.25,
  compressionWeight: 0.25,
  latencyWeight: 0.25,
  energyWeight: 0.25,
  seed: 3,
});
await engine.runEvolution(Array.from({ length: 12 }, (_, i) => `layer_${i}`));

const front = engine.paretoFront;
console.log(`Pareto front size: ${front.length}`);
printFront(front, 5);

const least = (metric: "inferenceLatencyMs" | "energyPerInferenceMj") =>
  front.reduce((a, b) => ((b[metric] ?? Infinity) < (a[metric] ?? Infinity) ? b : a));
const mobile = least("inferenceLatencyMs");
const iot = least("energyPerInferenceMj");
const server = front.reduce((a, b) => ((b.accuracy ?? 0) > (a.accuracy ?? 0) ? b : a));
console.log(`mobile: ${mobile.inferenceLatencyMs?.toFixed(4)} ms`);
console.log(`iot:    ${iot.energyPerInferenceMj?.toFixed(4)} mJ`);
console.log(`server: ${((server.accuracy ?? 0) * 100).toFixed(2)}%`);
