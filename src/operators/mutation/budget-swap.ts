import type { GeneSpace } from "../../genome/gene-space.js";
import type { Random } from "../../random/random.js";
import type { MutationOperator } from "../contract.js";
import { bitsOfStep, type WidthGene, widthGenes } from "../width-genes.js";

/**
 * One layer goes one width up or down, and others the other way until as many bits are saved as
 * spent, nearly: of a few drawn, each time the one that balances best. A search under a size limit
 * moves along it so, not across. A genome in which no layer can move alone stays as it is.
 */
export const budgetSwap: MutationOperator = {
  name: "budget-swap",
  mutate(genes, { space, random }) {
    const changed = new Set<number>();
    const by = random.chance(0.5) ? 1 : -1;
    const first = draw(genes, space, by, random, changed, Number.POSITIVE_INFINITY);
    if (first === undefined) return;
    let rest = first;
    for (let answers = 0; answers < MOST_ANSWERS && rest > 0; answers++) {
      const moved = draw(genes, space, by === 1 ? -1 : 1, random, changed, rest);
      // What overshoots by more than it helps is left out.
      if (moved === undefined) break;
      rest -= moved;
    }
  },
};

const TRIES = 6;
const MOST_ANSWERS = 4;

/**
 * Moves one unit; returns the bits that it spends or saves, undefined when none of those drawn may
 * move or would bring the sum nearer.
 */
function draw(
  genes: Uint16Array,
  space: GeneSpace,
  by: 1 | -1,
  random: Random,
  changed: Set<number>,
  wanted: number,
): number | undefined {
  const movable = widthGenes(space);
  if (movable.length === 0) return undefined;
  let best: { place: WidthGene; bits: number } | undefined;
  for (let t = 0; t < TRIES; t++) {
    const place = random.pick(movable);
    const to = genes[place.gene]! + by;
    if (changed.has(place.gene) || to < 0 || to >= space.counts[place.gene]!) continue;
    const bits =
      place.unit.parameterCount * Math.abs(bitsOfStep(space, place.gene, genes[place.gene]!, to));
    if (wanted === Number.POSITIVE_INFINITY) {
      best = { place, bits };
      break;
    }
    const miss = Math.abs(wanted - bits);
    if (miss < wanted && (best === undefined || miss < Math.abs(wanted - best.bits)))
      best = { place, bits };
  }
  if (best === undefined) return undefined;
  genes[best.place.gene]! += by;
  changed.add(best.place.gene);
  return best.bits;
}
