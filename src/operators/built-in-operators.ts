import type { CrossoverOperator, MutationOperator } from "./contract.js";
import { stageCrossover } from "./crossover/stage-crossover.js";
import { twoPointCrossover } from "./crossover/two-point-crossover.js";
import { uniformCrossover } from "./crossover/uniform-crossover.js";
import { budgetSwap } from "./mutation/budget-swap.js";
import { fewSteps } from "./mutation/few-steps.js";
import { precisionShift } from "./mutation/precision-shift.js";
import { shareSettings } from "./mutation/share-settings.js";
import { stepMutation } from "./mutation/step-mutation.js";

/** The operators that children are made by. */
export interface VariationOperators {
  readonly crossovers: readonly CrossoverOperator[];
  readonly mutations: readonly MutationOperator[];
}

/**
 * The built-in operators: a new one is one more entry here.
 * @param scores sensitivity by layer, 0 to 1; absent = no operator is guided by it
 */
export function builtInOperators(scores?: ReadonlyMap<string, number>): VariationOperators {
  return {
    crossovers: [uniformCrossover, twoPointCrossover, stageCrossover],
    mutations: [
      stepMutation,
      fewSteps,
      budgetSwap,
      shareSettings,
      ...(scores === undefined ? [] : [precisionShift(scores)]),
    ],
  };
}
