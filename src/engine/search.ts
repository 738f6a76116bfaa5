// What the engine loads when a search or an evaluation begins.
export { EvaluationLedger } from "./evaluation-ledger.js";
export { createRunContext, EvolutionRun } from "./evolution-run.js";
