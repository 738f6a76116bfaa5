import type { GeneSpace } from "../../genome/gene-space.js";
import type { VariationOperators } from "../../operators/built-in-operators.js";
import type { OperatorStage } from "../../search/nsga2.js";
import { checkGenes, operatorFault } from "./operator-fault.js";

/** How often children are changed. */
export interface VariationRates {
  /** Probability that a layer of a child changes, 0 to 1. */
  readonly mutationRate: number;
  /** Probability that a child has two parents, 0 to 1. */
  readonly crossoverRate: number;
}

/**
 * What children go through: one crossover as often as `crossoverRate` says, then one mutation. The
 * blanket mutation changes each layer with the rate's probability; those that change a few layers
 * come as often as it changes one of five.
 */
export function operatorStages(
  { crossovers, mutations }: VariationOperators,
  space: GeneSpace,
  { mutationRate, crossoverRate }: VariationRates,
): readonly OperatorStage[] {
  return [
    {
      chance: crossoverRate,
      operators: crossovers.map((operator) => ({
        name: operator.name,
        mates: true,
        vary(child, mate, random) {
          try {
            operator.cross(child, mate, { space, random });
          } catch (error) {
            throw operatorFault(operator.name, error);
          }
          checkGenes(child, space, operator.name);
        },
      })),
    },
    {
      chance: Math.min(1, mutationRate * 5),
      operators: mutations.map((operator) => ({
        name: operator.name,
        mates: false,
        vary(child, _mate, random) {
          try {
            operator.mutate(child, { space, random, rate: mutationRate });
          } catch (error) {
            throw operatorFault(operator.name, error);
          }
          checkGenes(child, space, operator.name);
        },
      })),
    },
  ];
}
