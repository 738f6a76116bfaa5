// What the engine loads when a search or an evaluation begins.
export { writeQuantizationConfig } from "../documents/write-quantization-config.js";
export { measureFloat } from "../evaluation/evaluate-genome.js";
export { explainWith } from "./explain.js";
export { EvaluationLedger } from "./ledger/evaluation-ledger.js";
export { resolveRunOptions } from "./run/evolution-options.js";
export { EvolutionRun } from "./run/evolution-run.js";
export { createRunContext } from "./run/run-context.js";
export { chosenSensitivity } from "./sensitivity/sensitivity-choice.js";
