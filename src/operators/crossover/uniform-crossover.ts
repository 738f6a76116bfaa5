import type { CrossoverOperator } from "../contract.js";
import { exchangeUnits } from "../exchange-units.js";

/**
 * Each layer goes to one child or the other, evenly (Syswerda, 1989); the other parent's goes to
 * the other child.
 */
export const uniformCrossover: CrossoverOperator = {
  name: "uniform-crossover",
  cross: (a, b, rules, random) => exchangeUnits(a, b, rules, () => random.chance(0.5)),
};
