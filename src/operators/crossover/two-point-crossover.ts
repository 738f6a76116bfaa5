import type { CrossoverOperator } from "../contract.js";
import { exchangeUnits } from "../exchange-units.js";
import { layerUnits } from "../layer-units.js";

/**
 * The children swap one run of consecutive layers (two-point crossover, De Jong, 1975): neighbours
 * in a network keep the settings that they were selected with together.
 */
export const twoPointCrossover: CrossoverOperator = {
  name: "two-point-crossover",
  cross(a, b, rules, random) {
    const count = layerUnits(rules).length;
    const start = random.integer(count);
    // From 1 unit to all but one; the only one of a network of one is always swapped.
    const length = count === 1 ? 1 : 1 + random.integer(count - 1);
    return exchangeUnits(a, b, rules, (unit) => (unit - start + count) % count < length);
  },
};
