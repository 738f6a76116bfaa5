import { objectiveVector } from "../../evaluation/objectives.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import { costsNoMore } from "./costs-no-more.js";
import { isMoreAccurate, type SampleScores } from "./paired-difference.js";

/**
 * The genomes of a front that pay for what they cost: going up from the cheapest, one stays when it
 * is more accurate than each cheaper one that stayed by more than chance explains (see
 * {@link isMoreAccurate}); else the two are tied in accuracy and the cheaper one dominates.
 * "Cheaper" costs no more in any objective but accuracy; of equal costs the more accurate genome
 * comes first, of equals the one whose key sorts first. Genomes without scores of samples are
 * compared by accuracy alone. The result depends on the set of genomes and nothing else.
 * @param front evaluated genomes
 * @returns most accurate first
 */
export function significantFront(
  front: readonly QuantizationGenome[],
  scores: SampleScores,
): readonly QuantizationGenome[] {
  const ascending = front
    .map((genome) => ({ genome, point: objectiveVector(genome.metrics!) }))
    .sort((a, b) => compareCosts(a.point, b.point) || (a.genome.key < b.genome.key ? -1 : 1));
  const kept: typeof ascending = [];
  for (const one of ascending) {
    const cheaper = kept.filter(({ point }) => costsNoMore(point, one.point));
    if (cheaper.every((other) => isMoreAccurate(one.genome, other.genome, scores))) kept.push(one);
  }
  return kept.sort((a, b) => a.point[0] - b.point[0]).map(({ genome }) => genome);
}

/** By costs, the first that differs; of equals by accuracy. */
function compareCosts(a: readonly number[], b: readonly number[]): number {
  for (let k = 1; k < a.length; k++) if (a[k] !== b[k]) return a[k]! - b[k]!;
  return a[0]! - b[0]!;
}
