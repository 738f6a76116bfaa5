// What the engine loads when a search or an evaluation begins.
export { createNoiseTable } from "../evaluation/noise-table.js";
export { layerSensitivityInTurns, measuredSensitivity } from "../evaluation/sensitivity.js";
export { EvaluationLedger } from "./evaluation-ledger.js";
export { createRunContext, EvolutionRun } from "./evolution-run.js";
