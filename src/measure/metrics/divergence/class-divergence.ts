import type { OutputTensor } from "../metric.js";
import type { SampleSpan } from "../outputs/output-samples.js";
import { looksLikeProbabilities, type NumberArray } from "../outputs/score-rows.js";
import { areAligned, type Difference } from "./difference.js";

/**
 * Probabilities below this count as it: a quantized output of exactly 0 is not infinitely far off.
 */
const LEAST_PROBABILITY = 1e-7;

/**
 * Kullback-Leibler divergence from the float model's class probabilities, in nats, summed over the
 * rows of a sample. The best constant is the mean of the probabilities, and its divergence from
 * them the information that the output has on its input (mutual information: Cover and Thomas,
 * "Elements of Information Theory", 2.4).
 * @param classes scores of a row
 */
export function classDivergence(
  float: OutputTensor,
  spans: readonly SampleSpan[],
  classes: number,
): Difference {
  const data = float.data as NumberArray;
  const rows = data.length / classes;
  const logs = looksLikeProbabilities({ data, rows, classes }) ? logsOfProbabilities : logsOfLogits;
  const [p, q] = [new Float64Array(classes), new Float64Array(classes)];
  const period = areAligned(spans) ? (spans[0]!.end - spans[0]!.start) / classes : 1;
  const means = new Float64Array(period * classes);
  const counts = new Float64Array(period);
  const forRows = (visit: (row: number, place: number, span: number) => void) => {
    spans.forEach(({ start, end }, span) => {
      for (let at = start; at < end; at += classes)
        visit(at, ((at - start) / classes) % period, span);
    });
  };
  forRows((at, place) => {
    logs(data, at, p);
    for (let c = 0; c < classes; c++) means[place * classes + c]! += Math.exp(p[c]!);
    counts[place]! += 1;
  });
  const constantErrors = new Float64Array(spans.length);
  forRows((at, place, span) => {
    logs(data, at, p);
    for (let c = 0; c < classes; c++) q[c] = Math.log(means[place * classes + c]! / counts[place]!);
    constantErrors[span]! += divergence(p, q);
  });
  return {
    constantErrors,
    sizes: Float64Array.from(spans, ({ start, end }) => (end - start) / classes),
    error: (output, at, { start, end }) => {
      let sum = 0;
      for (let row = start; row < end; row += classes) {
        logs(data, row, p);
        logs(output.data as NumberArray, at + row - start, q);
        sum += divergence(p, q);
      }
      return sum;
    },
  };
}

/**
 * KL(p || q) of two rows of logarithms, at least 0: sum of p log(p / q) - p + q, whose last terms
 * only count where a network's probabilities no longer add up to 1.
 */
function divergence(p: Float64Array, q: Float64Array): number {
  let sum = 0;
  for (let c = 0; c < p.length; c++) {
    const share = Math.exp(p[c]!);
    sum += Math.exp(q[c]!) - share;
    if (share > 0) sum += share * (p[c]! - q[c]!);
  }
  return Math.max(0, sum);
}

function logsOfProbabilities(data: NumberArray, start: number, out: Float64Array): void {
  for (let c = 0; c < out.length; c++)
    out[c] = Math.log(Math.max(LEAST_PROBABILITY, data[start + c]!));
}

function logsOfLogits(data: NumberArray, start: number, out: Float64Array): void {
  let max = data[start]!;
  for (let c = 1; c < out.length; c++) max = Math.max(max, data[start + c]!);
  let total = 0;
  for (let c = 0; c < out.length; c++) total += Math.exp(data[start + c]! - max);
  for (let c = 0; c < out.length; c++) out[c] = data[start + c]! - max - Math.log(total);
}
