import type { CrossoverOperator } from "../contract.js";
import { exchangeOwners } from "../exchange-owners.js";

/** Each layer comes from one parent or the other, evenly (Syswerda, 1989). */
export const uniformCrossover: CrossoverOperator = {
  name: "uniform-crossover",
  cross: (child, mate, { space, random }) =>
    exchangeOwners(child, mate, space, () => random.chance(0.5)),
};
