/**
 * Exact bit allocation on additive tables: the optimum under budgets with a certificate, and the
 * front of two objectives.
 * @packageDocumentation
 */
export { type AllocationPoint, allocationFront } from "./allocation-front.js";
export type { AllocationLayer, AllocationProblem } from "./allocation-problem.js";
export {
  type AllocationQuestion,
  type AllocationSolution,
  solveAllocation,
} from "./solve-allocation.js";
