import { drawShare } from "../../genes/step.js";
import type { MutationOperator } from "../contract.js";
import { unitScore, type WidthGene, widthGenes } from "../width-genes.js";

/**
 * Moves precision to where it is needed: one layer, drawn in proportion to its score, goes one
 * width up, and another, drawn in proportion to the lack of it, one width down. A genome in which
 * no layer can move alone stays as it is.
 * @param scores by layer name, 0 to 1; a layer that is missing counts as 0, tied layers as their
 *   sum, 1 at most
 */
export function precisionShift(scores: ReadonlyMap<string, number>): MutationOperator {
  return {
    name: "precision-shift",
    mutate(genes, { space, random }) {
      const changed = new Set<WidthGene>();
      const step = (by: 1 | -1, weight: (score: number) => number) => {
        const movable = widthGenes(space).filter((place) => {
          const to = genes[place.gene]! + by;
          return !changed.has(place) && to >= 0 && to < space.counts[place.gene]!;
        });
        if (movable.length === 0) return;
        const shares = movable.map(({ unit }) => weight(Math.min(1, unitScore(unit, scores))));
        const place = movable[drawShare(shares, random)]!;
        genes[place.gene]! += by;
        changed.add(place);
      };
      step(1, (score) => score + FLOOR);
      step(-1, (score) => 1 - score + FLOOR);
    },
  };
}

/** Chance that is left to layers whose score says no. */
const FLOOR = 0.05;
