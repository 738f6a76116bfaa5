import { describeValue } from "../../check/describe-value.js";
import { InvalidArgumentError } from "../../errors.js";
import type { GeneSpace } from "../../genome/gene-space.js";

/**
 * What an operator that threw becomes: the error names the operator and keeps what it threw.
 * @param cause what the operator threw
 */
export function operatorFault(operator: string, cause: unknown): InvalidArgumentError {
  const what = cause instanceof Error ? `${cause.name}: ${cause.message}` : describeValue(cause);
  return new InvalidArgumentError(
    `operators.${operator}`,
    `the operator ${operator} threw ${what}; allowed: an operator that returns`,
    { cause },
  );
}

/** @throws InvalidArgumentError when an operator left a gene that is no choice */
export function checkGenes(genes: Uint16Array, space: GeneSpace, operator: string): void {
  const { counts } = space;
  for (let at = 0; at < counts.length; at++)
    if (genes[at]! >= counts[at]!) {
      const { owner, name } = space.genes[at]!;
      throw new InvalidArgumentError(
        `operators.${operator}`,
        `${operator} set ${name} of ${JSON.stringify(owner)} to choice ${genes[at]}; allowed: 0 ` +
          `to ${counts[at]! - 1}`,
      );
    }
}

/**
 * The genomes of a custom sampling, checked.
 * @throws InvalidArgumentError naming the operator when they are no list of vectors of the space
 */
export function checkSampled(
  genomes: unknown,
  space: GeneSpace,
  operator: string,
): readonly Uint16Array[] {
  if (!Array.isArray(genomes))
    throw new InvalidArgumentError(
      `operators.${operator}`,
      `${operator} sampled ${describeValue(genomes)}; allowed: a list of Uint16Array`,
    );
  for (const genes of genomes as readonly unknown[]) {
    if (!(genes instanceof Uint16Array) || genes.length !== space.genes.length)
      throw new InvalidArgumentError(
        `operators.${operator}`,
        `${operator} sampled a genome that is ${describeValue(genes)}` +
          `${ArrayBuffer.isView(genes) ? ` and length ${(genes as Uint16Array).length}` : ""}; ` +
          `allowed: a Uint16Array of length ${space.genes.length}`,
      );
    checkGenes(genes, space, operator);
  }
  return genomes as readonly Uint16Array[];
}
