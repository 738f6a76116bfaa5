import type { MutationOperator } from "../contract.js";

/** Each layer changes with probability `rate`, by one step of one setting; tied layers as one. */
export const stepMutation: MutationOperator = {
  name: "step-mutation",
  mutate(genes, { space, rate, random }) {
    for (const owner of space.owners)
      if (random.chance(rate)) space.stepOwner(genes, owner, random);
  },
};
