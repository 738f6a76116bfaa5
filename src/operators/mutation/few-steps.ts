import type { MutationOperator } from "../contract.js";

/** One layer, or with falling chances two or three or more, takes one step of one setting. */
export const fewSteps: MutationOperator = {
  name: "few-steps",
  mutate(genes, { space, random }) {
    if (space.owners.length === 0) return;
    do space.stepOwner(genes, random.pick(space.owners), random);
    while (random.chance(MORE));
  },
};

/** Chance of one more layer. */
const MORE = 0.3;
