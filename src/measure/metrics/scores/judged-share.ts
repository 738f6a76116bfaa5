import { standardErrorOfMean, wilsonInterval } from "../../../numeric/confidence.js";
import type { MetricResult } from "../metric.js";
import type { ScoreRows } from "../outputs/score-rows.js";
import { normalErrors } from "./jackknife.js";

/**
 * The share of judged rows that are right, with its error. @param verdict undefined = not judged;
 * some row is
 */
export function judgedShare(
  { rows, starts }: Pick<ScoreRows, "rows" | "starts">,
  verdict: (row: number) => boolean | undefined,
): MetricResult {
  const marks = new Float64Array(rows).fill(Number.NaN);
  let right = 0;
  let judged = 0;
  for (let row = 0; row < rows; row++) {
    const found = verdict(row);
    if (found === undefined) continue;
    judged++;
    if (found) right++;
    marks[row] = found ? 1 : 0;
  }
  const share = right / judged;
  const sampleScores = sampleMeans(marks, starts);
  return {
    score: share,
    value: share,
    samples: judged,
    sampleScores,
    standardError: standardErrorOfMean(sampleScores),
    interval: wilsonInterval(share, sampleScores.length),
  };
}

/**
 * Mean of the judged rows of each sample, NaN = not judged; samples of which no row was are left
 * out.
 * @param starts first row of each sample, and the number of rows
 */
export function sampleMeans(rows: Float64Array, starts: readonly number[]): Float32Array {
  const means: number[] = [];
  for (let s = 0; s + 1 < starts.length; s++) {
    let sum = 0;
    let count = 0;
    for (const value of rows.subarray(starts[s], starts[s + 1]))
      if (!Number.isNaN(value)) {
        sum += value;
        count++;
      }
    if (count > 0) means.push(sum / count);
  }
  return Float32Array.from(means);
}

/**
 * The share of decisions that are right when each class has the same weight, less what a constant
 * has; see `outputAgreement`. Class and sample counts are those of all samples, so that a part is
 * judged as the whole is.
 * @param wanted the right classes of all decisions, the number of all samples, and the first
 *   decision of each of those judged with the number of decisions at the end
 */
export function balancedShare(
  wanted: {
    readonly classes: Float64Array;
    readonly samples: number;
    readonly starts: readonly number[];
  },
  isRight: (decision: number) => boolean,
): MetricResult {
  const { classes, samples, starts } = wanted;
  const counts = new Map<number, number>();
  for (const each of classes) counts.set(each, (counts.get(each) ?? 0) + 1);
  const chance = counts.size > 1 ? 1 / counts.size : 0;
  const adjusted = (share: number) => (share - chance) / (1 - chance);
  const weightOf = (at: number) => classes.length / counts.size / counts.get(classes[at]!)!;
  const judged = new Map<number, number>();
  const right = new Map<number, number>();
  const sampleScores = Float32Array.from({ length: starts.length - 1 }, (_, s) => {
    let own = 0;
    for (let at = starts[s]!; at < starts[s + 1]!; at++) {
      const each = classes[at]!;
      judged.set(each, (judged.get(each) ?? 0) + 1);
      if (!isRight(at)) continue;
      right.set(each, (right.get(each) ?? 0) + 1);
      own += weightOf(at);
    }
    return adjusted((own * samples) / classes.length);
  });
  let share = 0;
  let total = 0;
  for (const [each, count] of judged) {
    share += (right.get(each) ?? 0) / counts.get(each)!;
    total += count / counts.get(each)!;
  }
  const value = total > 0 ? adjusted(share / total) : 1;
  const score = Math.min(1, Math.max(0, value));
  const standardError = Math.min(1, standardErrorOfMean(sampleScores));
  return {
    score,
    value,
    samples: sampleScores.length,
    sampleScores,
    ...normalErrors(score, standardError),
  };
}
