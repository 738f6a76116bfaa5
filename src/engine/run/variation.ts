import type { CrossoverOperator, MutationOperator } from "../../operators/contract.js";
import { stageCrossover } from "../../operators/crossover/stage-crossover.js";
import { twoPointCrossover } from "../../operators/crossover/two-point-crossover.js";
import { uniformCrossover } from "../../operators/crossover/uniform-crossover.js";
import { budgetSwap } from "../../operators/mutation/budget-swap.js";
import { fewSteps } from "../../operators/mutation/few-steps.js";
import { precisionShift } from "../../operators/mutation/precision-shift.js";
import { shareSettings } from "../../operators/mutation/share-settings.js";
import { stepMutation } from "../../operators/mutation/step-mutation.js";
import type { Random } from "../../random/random.js";
import { AdaptiveRates } from "../../search/adaptive-rates.js";

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

/**
 * How well each operator did lately, 0 to 1, in the order of {@link VariationOperators}: plain data
 * for a checkpoint.
 */
export interface OperatorCredit {
  readonly crossovers: readonly number[];
  readonly mutations: readonly number[];
}

/** Places of the operators that made a child; -1 = none of the kind. */
export interface Makers {
  readonly crossover: number;
  readonly mutation: number;
}

/** Draws operators by how often their children were a gain lately, and keeps count. */
export class OperatorRates {
  readonly #crossovers: AdaptiveRates;
  readonly #mutations: AdaptiveRates;

  /** @param credit where to go on from; absent = all alike */
  constructor({ crossovers, mutations }: VariationOperators, credit?: OperatorCredit) {
    this.#crossovers = new AdaptiveRates(crossovers.length, FLOOR, MEMORY, credit?.crossovers);
    this.#mutations = new AdaptiveRates(mutations.length, FLOOR, MEMORY, credit?.mutations);
  }

  /** Place of a crossover. */
  drawCrossover(random: Random): number {
    return this.#crossovers.draw(random);
  }

  /** Place of a mutation. */
  drawMutation(random: Random): number {
    return this.#mutations.draw(random);
  }

  /** Counts whether a child was a gain. */
  reward({ crossover, mutation }: Makers, gain: boolean): void {
    if (crossover >= 0) this.#crossovers.reward(crossover, gain ? 1 : 0);
    if (mutation >= 0) this.#mutations.reward(mutation, gain ? 1 : 0);
  }

  /** The count, as plain data. */
  get credit(): OperatorCredit {
    return { crossovers: this.#crossovers.quality, mutations: this.#mutations.quality };
  }
}

/** Least probability of an operator times their number. */
const FLOOR = 0.25;
/** Part of an operator's quality that one child replaces: some fifty children are remembered. */
const MEMORY = 0.02;
