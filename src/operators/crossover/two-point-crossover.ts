import type { CrossoverOperator } from "../contract.js";
import { exchangeOwners } from "../exchange-owners.js";

/**
 * One run of consecutive layers comes from the second parent (two-point crossover, De Jong, 1975):
 * neighbours in a network keep the settings that they were selected with together.
 */
export const twoPointCrossover: CrossoverOperator = {
  name: "two-point-crossover",
  cross(child, mate, { space, random }) {
    const count = space.owners.length;
    if (count === 0) return;
    const start = random.integer(count);
    // From 1 owner to all but one; the only one of a network of one always goes.
    const length = count === 1 ? 1 : 1 + random.integer(count - 1);
    exchangeOwners(child, mate, space, (at) => (at - start + count) % count < length);
  },
};
