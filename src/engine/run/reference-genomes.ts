import { float32Genome } from "../../evaluation/uniform-genome.js";
import type { WeightBits } from "../../genes/bits.js";
import type { GeneSpace } from "../../genome/gene-space.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import type { ModelSpec } from "../../model/layer-spec.js";
import { anchorConfig } from "../../operators/sampling/anchor-config.js";

/** Weight widths of the reference genomes, or the nearest that the space allows. */
const REFERENCE_BITS: readonly WeightBits[] = [8, 4];

/** Genomes that a run measures before anything else. */
export interface ReferenceGenomes {
  /** The float32 model, where the space allows it. */
  readonly float: QuantizationGenome | undefined;
  /** All layers alike at 8 bits and at 4, or as near as the space allows; no two are equal. */
  readonly uniform: readonly QuantizationGenome[];
}

/**
 * The genomes that a run measures on all samples before anything else, so that it has a usable one
 * whenever it stops.
 */
export function referenceGenomes(space: GeneSpace, model: ModelSpec): ReferenceGenomes {
  const wanted = float32Genome(model);
  const nearest = space.decode(space.encode(wanted));
  const uniform = REFERENCE_BITS.map((bits) =>
    space.decode(space.encodeUnits((unit) => anchorConfig(unit.space, bits))),
  );
  return {
    float: nearest.key === wanted.key ? nearest : undefined,
    uniform: [...new Map(uniform.map((genome) => [genome.key, genome])).values()],
  };
}
