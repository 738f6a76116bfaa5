/** A value that a gene can take: what documents store as it is. */
export type GeneValue = string | number | boolean;

/** One decision of a search: one of a few choices, for one owner. */
export interface Gene {
  /** What it decides, as `weightBits`. One owner has at most one gene of a name. */
  readonly name: string;
  /** Whose it is: a layer, the first layer of a tied group, another group, or {@link MODEL}. */
  readonly owner: string;
  /** Layers that the decision holds for, in model order. */
  readonly layers: readonly string[];
  /** At least one, each once. Ascending where `ordered`. */
  readonly choices: readonly GeneValue[];
  /** Neighbouring choices are alike: mutation goes to a neighbour, else to any other choice. */
  readonly ordered: boolean;
  /** How often mutation picks it among the genes of its owner: a share above 0. */
  readonly share: number;
}

/** Owner of genes that belong to the model as a whole. No layer is called so. */
export const MODEL = "";
