import type { ModelSpec } from "../model/layer-spec.js";
import type { Gene, GeneValue } from "./gene.js";

/** Where one gene of a kind is found in a model. */
export type GenePlace = Pick<Gene, "owner" | "layers" | "choices">;

/**
 * A decision that is no setting of a layer's numbers ({@link LAYER_SETTINGS} has those): what it is
 * called, whose it is, its choices. Key, search, documents and explanations follow from it.
 *
 * @example
 * const float16Bias: GeneKind = {
 *   name: "float16Bias",
 *   default: false,
 *   ordered: false,
 *   share: 1,
 *   places: (model) =>
 *     model.layers.map(({ name }) => ({ owner: name, layers: [name], choices: [false, true] })),
 *   sizeBytes: (model, owner, value) => (value ? -2 * outputChannels(model, owner) : 0),
 * };
 * new QuantizationEvolutionEngine(config, { genes: [float16Bias] });
 */
export interface GeneKind {
  /** A name of its own: no setting of a layer and no other kind has it. */
  readonly name: string;
  /** The value of a genome that says nothing of it. Among the choices of every place. */
  readonly default: GeneValue;
  /** See {@link Gene.ordered}. */
  readonly ordered: boolean;
  /** See {@link Gene.share}. Weight bits have 8, other settings of a layer 1 or 2. */
  readonly share: number;
  /** The genes of this kind in a model, in the order of the model. */
  places(model: ModelSpec): readonly GenePlace[];
  /**
   * Bytes that a value adds to what is stored, below 0 where it saves some; 0 for the default.
   * Absent: it has no effect on the size.
   */
  sizeBytes?(model: ModelSpec, owner: string, value: GeneValue): number;
}

/** Values of genes that are no settings of layers: by name of the gene, then by owner. */
export type GeneValues = ReadonlyMap<string, ReadonlyMap<string, GeneValue>>;
