/** A binary decision of each element, as counts of those that matter. */
export interface DecisionCounts {
  truePositives: number;
  falsePositives: number;
  falseNegatives: number;
}

/**
 * F1: the harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN).
 * @returns undefined where nothing is positive, neither found nor true
 */
export function f1Score(counts: DecisionCounts): number | undefined {
  const { truePositives, falsePositives, falseNegatives } = counts;
  const total = 2 * truePositives + falsePositives + falseNegatives;
  return total === 0 ? undefined : (2 * truePositives) / total;
}

/**
 * Counts decisions against the truth.
 * @param truth above 0 positive, 0 negative, below 0 not judged
 * @param threshold scores above it are positive
 */
export function countDecisions(
  scores: ArrayLike<number>,
  truth: ArrayLike<number>,
  threshold: number,
  keep: (index: number) => boolean,
): DecisionCounts {
  const counts = { truePositives: 0, falsePositives: 0, falseNegatives: 0 };
  for (let i = 0; i < truth.length; i++) {
    const label = truth[i]!;
    if (label < 0 || !keep(i)) continue;
    const positive = scores[i]! > threshold;
    if (positive && label > 0) counts.truePositives++;
    else if (positive) counts.falsePositives++;
    else if (label > 0) counts.falseNegatives++;
  }
  return counts;
}

/** Scores with the truth of each: 1 positive, 0 negative; ready to be ranked in parts. */
export interface RankedScores {
  /** Indices of what is judged, by rising score. */
  readonly order: readonly number[];
  readonly scores: ArrayLike<number>;
  readonly truth: ArrayLike<number>;
}

/** @param truth 1 positive, 0 negative, below 0 not judged */
export function rankScores(scores: ArrayLike<number>, truth: ArrayLike<number>): RankedScores {
  const order: number[] = [];
  for (let i = 0; i < scores.length; i++) if (truth[i]! >= 0) order.push(i);
  order.sort((a, b) => scores[a]! - scores[b]! || a - b);
  return { order, scores, truth };
}

/**
 * Area under the ROC curve: the chance that a positive has a greater score than a negative, equal
 * scores counting half (Hanley and McNeil, "The meaning and use of the area under a receiver
 * operating characteristic (ROC) curve", 1982).
 * @returns undefined unless both kinds are among what is kept
 */
export function areaUnderCurve(
  { order, scores, truth }: RankedScores,
  keep: (index: number) => boolean,
): number | undefined {
  let negatives = 0;
  let positives = 0;
  let wins = 0;
  for (let at = 0; at < order.length; ) {
    const score = scores[order[at]!]!;
    let tiedPositives = 0;
    let tiedNegatives = 0;
    for (; at < order.length && scores[order[at]!]! === score; at++) {
      const index = order[at]!;
      if (!keep(index)) continue;
      if (truth[index]! > 0) tiedPositives++;
      else tiedNegatives++;
    }
    wins += tiedPositives * (negatives + tiedNegatives / 2);
    positives += tiedPositives;
    negatives += tiedNegatives;
  }
  return positives > 0 && negatives > 0 ? wins / positives / negatives : undefined;
}

/**
 * For each positive the share of negatives below it, for each negative the share of positives above
 * it, ties half; NaN for what is not judged. Their mean over either kind, and so over all, is the
 * area under the curve (DeLong, DeLong and Clarke-Pearson, 1988).
 */
export function placements({ order, scores, truth }: RankedScores): Float64Array {
  const found = new Float64Array(scores.length).fill(Number.NaN);
  const positives = order.filter((index) => truth[index]! > 0).length;
  const negatives = order.length - positives;
  let below = [0, 0];
  for (let at = 0; at < order.length; ) {
    const start = at;
    const tied = [0, 0];
    while (at < order.length && scores[order[at]!]! === scores[order[start]!]!)
      tied[truth[order[at++]!]! > 0 ? 1 : 0]! += 1;
    for (const index of order.slice(start, at))
      found[index] =
        truth[index]! > 0
          ? (below[0]! + tied[0]! / 2) / Math.max(1, negatives)
          : (positives - below[1]! - tied[1]! / 2) / Math.max(1, positives);
    below = [below[0]! + tied[0]!, below[1]! + tied[1]!];
  }
  return found;
}
