import { ADVANTAGE } from "../src/engine/budget/paired-difference.js";
import type { QuantizationGenome } from "../src/index.js";
import { pairedDifference } from "../src/numeric/paired-difference.js";

/** How one genome stands to another on the same samples. */
export interface Standing {
  /** Mean score of the first minus that of the second. */
  readonly advantage: number;
  /** Standard error of `advantage`. */
  readonly standardError: number;
  readonly verdict: Verdict;
}

/** `above` and `below` by more than {@link ADVANTAGE} standard errors of the paired difference. */
export type Verdict = "above" | "tied" | "below";

/** Where a genome's scores of samples come from. */
export type ScoresOf = (genome: QuantizationGenome) => Promise<Float32Array>;

/** The most accurate genome (on the data that was searched) of at most this size. */
export function bestWithin(
  front: readonly QuantizationGenome[],
  sizeBytes: number,
): QuantizationGenome | undefined {
  let best: QuantizationGenome | undefined;
  for (const genome of front) {
    const { metrics } = genome;
    if (metrics!.sizeBytes > sizeBytes) continue;
    if (best === undefined || metrics!.accuracy > best.metrics!.accuracy) best = genome;
  }
  return best;
}

/** How `own` stands to `other`; a genome against itself is tied. */
export async function standing(
  own: QuantizationGenome,
  other: QuantizationGenome,
  scoresOf: ScoresOf,
): Promise<Standing> {
  const { mean, standardError } = pairedDifference(await scoresOf(own), await scoresOf(other));
  const verdict =
    mean > ADVANTAGE * standardError
      ? "above"
      : mean < -ADVANTAGE * standardError
        ? "below"
        : "tied";
  return { advantage: mean, standardError, verdict };
}

/** Sizes at which two fronts are compared. */
const SIZES = 40;

/**
 * How a front stands to another at sizes evenly spaced by ratio. They reach from the smallest that
 * both fronts have to the largest of the other's. At each size the most accurate genomes that are
 * no larger are compared. The sizes are neither front's own, so gaps between genomes cost both
 * alike.
 */
export async function frontStanding(
  own: readonly QuantizationGenome[],
  other: readonly QuantizationGenome[],
  scoresOf: ScoresOf,
): Promise<Record<Verdict, number>> {
  const sizesOf = (front: readonly QuantizationGenome[]) =>
    front.map(({ metrics }) => metrics!.sizeBytes);
  const low = Math.max(Math.min(...sizesOf(own)), Math.min(...sizesOf(other)));
  const high = Math.max(low, ...sizesOf(other));
  const counts = { above: 0, tied: 0, below: 0 };
  for (let i = 0; i < SIZES; i++) {
    const size = low * (high / low) ** (i / (SIZES - 1)) * (1 + Number.EPSILON);
    const [mine, theirs] = [bestWithin(own, size), bestWithin(other, size)];
    if (mine && theirs) counts[(await standing(mine, theirs, scoresOf)).verdict]++;
  }
  return counts;
}
