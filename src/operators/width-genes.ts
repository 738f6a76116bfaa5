import type { GeneSpace, Unit } from "../genome/gene-space.js";

/** A unit whose weight bits are a gene of its own, with the place of the gene. */
export interface WidthGene {
  readonly unit: Unit;
  /** Place among the space's units. */
  readonly at: number;
  readonly gene: number;
}

/** Every unit that may change its weight bits alone, in model order. */
export function widthGenes(space: GeneSpace): readonly WidthGene[] {
  let genes = known.get(space);
  if (genes === undefined) {
    genes = space.units.flatMap((unit, at) => {
      const gene = space.geneOfUnit(at, "weightBits");
      return gene >= 0 && space.genes[gene]!.owner === unit.layers[0] ? [{ unit, at, gene }] : [];
    });
    known.set(space, genes);
  }
  return genes;
}

const known = new WeakMap<GeneSpace, readonly WidthGene[]>();

/**
 * Bits that a step from one choice of the gene to a neighbour adds, below 0 where it saves them.
 */
export function bitsOfStep(space: GeneSpace, gene: number, from: number, to: number): number {
  const { choices } = space.genes[gene]!;
  return (choices[to] as number) - (choices[from] as number);
}

/** Score of a unit: the sum over its layers; a layer that is missing counts as 0. */
export function unitScore(unit: Unit, scores: ReadonlyMap<string, number>): number {
  return unit.layers.reduce((sum, name) => sum + (scores.get(name) ?? 0), 0);
}
