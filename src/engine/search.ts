// What the engine loads when a search or an evaluation begins.
export { writeQuantizationConfig } from "../export/write-quantization-config.js";
export { EvaluationLedger } from "./evaluation-ledger.js";
export { resolveRunOptions } from "./evolution-options.js";
export { EvolutionRun } from "./evolution-run.js";
export { explainWith } from "./explain.js";
export { createRunContext } from "./run-context.js";
export { chosenSensitivity } from "./sensitivity-choice.js";
