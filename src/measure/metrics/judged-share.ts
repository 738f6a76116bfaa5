import { standardErrorOfMean, wilsonInterval } from "../../numeric/confidence.js";
import type { MetricResult } from "./metric.js";
import type { ScoreRows } from "./score-rows.js";

/**
 * The share of judged rows that are right, with its error. @param verdict undefined = not judged;
 * some row is
 */
export function judgedShare(
  { rows, rowsPerSample }: ScoreRows,
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
  const sampleScores = sampleMeans(marks, rowsPerSample);
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
 */
export function sampleMeans(rows: Float64Array, rowsPerSample: number): Float32Array {
  const means: number[] = [];
  for (let start = 0; start < rows.length; start += rowsPerSample) {
    let sum = 0;
    let count = 0;
    for (const value of rows.subarray(start, start + rowsPerSample))
      if (!Number.isNaN(value)) {
        sum += value;
        count++;
      }
    if (count > 0) means.push(sum / count);
  }
  return Float32Array.from(means);
}
