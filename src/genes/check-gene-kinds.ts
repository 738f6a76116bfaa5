import { InvalidArgumentError } from "../errors.js";
import type { GeneKind } from "./gene-kind.js";
import { GENE_KINDS } from "./gene-kinds.js";
import { SETTING_NAMES } from "./precision.js";

/** @throws InvalidArgumentError unless each is a kind with a name of its own */
export function checkGeneKinds(kinds: readonly GeneKind[]): void {
  if (!Array.isArray(kinds))
    throw new InvalidArgumentError("genes", "genes is no list; allowed: a list of gene kinds");
  const taken = new Set<string>([...SETTING_NAMES, ...GENE_KINDS.map(({ name }) => name)]);
  for (const [i, kind] of (kinds as readonly Partial<GeneKind>[]).entries()) {
    const path = `genes.${i}`;
    const { name } = kind ?? {};
    if (typeof name !== "string" || name === "" || taken.has(name))
      throw new InvalidArgumentError(
        `${path}.name`,
        `${path}.name is ${typeof name === "string" ? JSON.stringify(name) : String(name)}; ` +
          "allowed: a text that no setting of a layer and no other gene is called",
      );
    taken.add(name);
    if (typeof kind.places !== "function")
      throw new InvalidArgumentError(
        `${path}.places`,
        `${path} has no method places; allowed: an object that has one`,
      );
    if (!(typeof kind.share === "number" && kind.share > 0))
      throw new InvalidArgumentError(
        `${path}.share`,
        `${path}.share is ${String(kind.share)}; allowed: a number above 0`,
      );
  }
}
