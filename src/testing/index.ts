/**
 * Contract suites: what every evaluator, cost model, sensitivity metric, calibration method and
 * variation operator keeps, as lists of checks. Run them over your own with the test runner that
 * you use; they need none.
 * @packageDocumentation
 */
export {
  type AccuracyEvaluatorCase,
  accuracyEvaluatorContract,
} from "./accuracy-evaluator-contract.js";
export { calibrationMethodContract } from "./calibration-method-contract.js";
export type { ContractCheck } from "./contract-check.js";
export { hardwareCostModelContract } from "./hardware-cost-model-contract.js";
export { sensitivityMetricContract } from "./sensitivity-metric-contract.js";
export {
  crossoverOperatorContract,
  mutationOperatorContract,
  samplingOperatorContract,
} from "./variation-operator-contract.js";
