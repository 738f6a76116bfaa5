import type { GeneKind } from "./gene-kind.js";
import { regionFormat } from "./region-format.js";

/** The kinds that every search has. A kind in the tree is one file, and one line here. */
export const GENE_KINDS: readonly GeneKind[] = [regionFormat];
