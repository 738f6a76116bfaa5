import type { GeneSpace } from "../genome/gene-space.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import { unitScore } from "./width-genes.js";

/** Brings a genome within limits, in place, as far as that can be done. */
export type LimitRepair = (genes: Uint16Array, space: GeneSpace) => void;

/**
 * Brings a genome within limits on what it costs: layers go down width by width, those first that
 * lose least for what they save (score times noise of the width that they go to, over parameters
 * times bits saved), then activations the same way; no further than the limits need. A genome that
 * keeps to them, and one that cannot be brought to, stays as it is. Asks `excess` a few times, by
 * bisection.
 * @param excess by how much a genome breaks the limits in all, 0 when it keeps to them, and the
 *   less the narrower layers are
 * @param scores by layer name, larger needs more bits; absent = all alike
 */
export function limitRepair(
  excess: (genome: QuantizationGenome) => number,
  scores?: ReadonlyMap<string, number>,
): LimitRepair {
  return (genes, space) => {
    if (!(excess(space.decode(genes)) > 0)) return;
    const steps = stepsDown(genes, space, scores);
    const after = (count: number) => {
      const lowered = genes.slice();
      for (const { gene, to } of steps.slice(0, count)) lowered[gene] = to;
      space.normalize(lowered);
      return lowered;
    };
    let kept = after(steps.length);
    if (excess(space.decode(kept)) > 0) return;
    // Least number of steps that is known to be enough, most that is known not to be.
    let [enough, short] = [steps.length, 0];
    while (enough - short > 1) {
      const middle = (enough + short) >> 1;
      const candidate = after(middle);
      if (excess(space.decode(candidate)) > 0) short = middle;
      else {
        enough = middle;
        kept = candidate;
      }
    }
    genes.set(kept);
  };
}

interface Step {
  readonly gene: number;
  readonly to: number;
  readonly price: number;
}

/** Every step down that is left, cheapest first; a gene's steps in their order. */
function stepsDown(
  genes: Uint16Array,
  space: GeneSpace,
  scores: ReadonlyMap<string, number> | undefined,
): readonly Step[] {
  const weights: Step[] = [];
  for (const { gene, parameterCount, score } of widths(space, scores)) {
    const { choices } = space.genes[gene]!;
    let price = 0;
    for (let to = genes[gene]! - 1; to >= 0; to--) {
      const [wide, narrow] = [choices[to + 1] as number, choices[to] as number];
      // Noise grows fourfold with every bit less. A later step of a gene never comes before an
      // earlier one.
      price = Math.max(price, (score * 4 ** -narrow) / (parameterCount * (wide - narrow)));
      weights.push({ gene, to, price });
    }
  }
  weights.sort((a, b) => a.price - b.price || a.gene - b.gene || b.to - a.to);
  const activations = space.genes.flatMap(({ name }, gene) =>
    name === "activationBits"
      ? Array.from({ length: genes[gene]! }, (_, i) => ({
          gene,
          to: genes[gene]! - 1 - i,
          price: 0,
        }))
      : [],
  );
  return [...weights, ...activations];
}

/** The genes of weight bits, each with what its units have in all: one for many when shared. */
function widths(space: GeneSpace, scores: ReadonlyMap<string, number> | undefined) {
  const byGene = new Map<number, { gene: number; parameterCount: number; score: number }>();
  for (const [at, unit] of space.units.entries()) {
    const gene = space.geneOfUnit(at, "weightBits");
    if (gene < 0) continue;
    const score = scores === undefined ? 1 : unitScore(unit, scores) + FLOOR;
    const known = byGene.get(gene);
    if (known === undefined) byGene.set(gene, { gene, parameterCount: unit.parameterCount, score });
    else {
      known.parameterCount += unit.parameterCount;
      known.score += score;
    }
  }
  return byGene.values();
}

/** So that size decides among layers whose score is 0. */
const FLOOR = 0.01;
