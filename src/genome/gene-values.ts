import type { GeneValue } from "../genes/gene.js";
import type { GeneValues } from "../genes/gene-kind.js";
import type { Random } from "../random/random.js";

/** Values of a genome in which every gene has its default. */
export const NO_GENE_VALUES: GeneValues = new Map();

/** As a list of gene, owner and value. */
export function geneValueList(
  values: GeneValues,
): readonly (readonly [gene: string, owner: string, value: GeneValue])[] {
  return [...values].flatMap(([gene, owners]) =>
    [...owners].map(([owner, value]) => [gene, owner, value] as const),
  );
}

/** What {@link geneValueList} lists. Of an owner that is listed twice the last value holds. */
export function geneValuesOf(
  list: Iterable<readonly [gene: string, owner: string, value: GeneValue]>,
): GeneValues {
  const values = new Map<string, Map<string, GeneValue>>();
  for (const [gene, owner, value] of list) {
    let owners = values.get(gene);
    if (owners === undefined) {
      owners = new Map();
      values.set(gene, owners);
    }
    owners.set(owner, value);
  }
  return values;
}

/** Each value from one parent or the other, evenly; where neither has one nothing is drawn. */
export function crossedValues(a: GeneValues, b: GeneValues, random: Random): GeneValues {
  const places = new Map(
    [...geneValueList(a), ...geneValueList(b)].map(([gene, owner]) => [
      JSON.stringify([gene, owner]),
      [gene, owner] as const,
    ]),
  );
  return geneValuesOf(
    [...places.values()].flatMap(([gene, owner]) => {
      const value = (random.chance(0.5) ? a : b).get(gene)?.get(owner);
      return value === undefined ? [] : [[gene, owner, value] as const];
    }),
  );
}
