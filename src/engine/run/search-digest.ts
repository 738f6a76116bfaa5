import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import { fingerprint } from "../../numeric/fingerprint.js";
import type { EvolutionState } from "./evolution.js";

/**
 * A digest of where a search stands: its whole state (genomes by key), and what the archive's
 * genomes reach. Two searches with equal digests go on alike.
 */
export function searchDigest(state: EvolutionState, front: readonly QuantizationGenome[]): string {
  const { population, ...rest } = state;
  return fingerprint(
    JSON.stringify(rest),
    ...population.flatMap(({ genome, ...figures }) => [genome.key, JSON.stringify(figures)]),
    JSON.stringify(front.map(({ metrics }) => metrics)),
  );
}
