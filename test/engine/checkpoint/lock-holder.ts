// A run that holds a checkpoint and hangs: node --import tsx test/engine/lock-holder.ts CHECKPOINT
// EVALUATIONS
import { QuantizationEvolutionEngine } from "../../../src/index.js";
import { formulaEvaluator, SMALL_RUN, TINY_LAYERS } from "../fakes.js";

const [path = "", evaluations = "0"] = process.argv.slice(2);
let asked = 0;
const evaluator = formulaEvaluator(
  {},
  {
    before: () => {
      if (asked++ < Number(evaluations)) return;
      process.stdout.write("hangs\n");
      return new Promise(() => setInterval(() => {}, 1000));
    },
  },
);
await new QuantizationEvolutionEngine(
  { ...SMALL_RUN, parallelEvaluations: 1 },
  { evaluator },
).runEvolution(TINY_LAYERS, { checkpoint: path });
