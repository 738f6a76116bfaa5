import type { GeneSpace } from "../genome/gene-space.js";

/**
 * The child takes all genes of some owners from its mate, in place: what decides about a layer
 * stays together.
 * @param taken asked once for each owner, in order
 */
export function exchangeOwners(
  child: Uint16Array,
  mate: Uint16Array,
  space: GeneSpace,
  taken: (owner: number) => boolean,
): void {
  for (const [at, { genes }] of space.owners.entries())
    if (taken(at)) for (const gene of genes) child[gene] = mate[gene]!;
}
