import type { MutationOperator } from "../contract.js";

/**
 * What serves one layer well often serves others: one layer hands how it quantizes (schemes,
 * granularity, calibration, activation bits; not its width) to a run of its neighbours, as far as
 * they may have it.
 */
export const shareSettings: MutationOperator = {
  name: "share-settings",
  mutate(genes, { space, random }) {
    const { units } = space;
    const from = space.configOf(genes, random.integer(units.length));
    const start = random.integer(units.length);
    const length = 1 + random.integer(Math.max(1, units.length - 1));
    for (let i = 0; i < length; i++) {
      const to = (start + i) % units.length;
      const { weightBits, useSymmetric } = space.configOf(genes, to);
      space.setUnit(genes, to, from.with({ weightBits, useSymmetric }));
    }
  },
};
