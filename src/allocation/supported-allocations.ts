import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError } from "../errors.js";
import { SeenGenomes } from "../search/seen-genomes.js";
import { type AllocationProblem, checkAllocationProblem } from "./allocation-problem.js";
import { layerChoices, type SuperLayer, superLayers } from "./super-layers.js";

/**
 * How unevenly a price may be shared among the metrics that compete with the first, in powers of e.
 */
const SHARE_SPREAD = 5.5;

/**
 * Allocations on the convex hull of the front of two or more metrics, all minimised, without
 * repetition: each is the exact optimum of a weighted sum (Everett 1963), found layer by layer.
 * First comes the least of each metric alone, then weights spread evenly over orders of magnitude
 * by Roberts' additive recurrence (2018). So any beginning of the list covers the front, and a
 * longer one is finer. Fewer than `count` when the hull has fewer.
 * @param options.objectives two metrics or more
 * @param options.count most allocations, a positive integer
 * @returns a choice index for every layer
 * @throws InvalidArgumentError when the problem is not valid or lacks a metric, or `count` or
 *   `objectives` is out of range
 */
export function supportedAllocations(
  problem: AllocationProblem,
  options: { readonly objectives: readonly string[]; readonly count: number },
): number[][] {
  const { objectives, count } = options;
  checkFrontQuestion(options);
  checkAllocationProblem(problem, objectives);
  const layers = superLayers(problem, objectives);
  return supportedPositions(layers, objectives.length, count).map((found) =>
    layerChoices(layers, found),
  );
}

/**
 * @throws InvalidArgumentError when there are fewer than two objectives, or `count` is no positive
 *   integer
 */
export function checkFrontQuestion(question: {
  readonly objectives: readonly string[];
  readonly count: number;
}): void {
  const { objectives, count } = question;
  if (objectives.length < 2)
    throw new InvalidArgumentError(
      "objectives",
      `objectives has ${objectives.length} metrics; allowed: at least 2`,
    );
  if (!(Number.isInteger(count) && count >= 1))
    throw new InvalidArgumentError(
      "count",
      `count is ${describeValue(count)}; allowed: a positive integer`,
    );
}

/**
 * {@link supportedAllocations} on layers that are joined and checked: positions among the choices
 * of each.
 */
export function supportedPositions(
  layers: readonly SuperLayer[],
  metrics: number,
  count: number,
): Uint16Array[] {
  const table = flatten(layers, metrics);
  const positions = new Uint16Array(layers.length);
  const seen = new SeenGenomes(layers.length);
  const found: Uint16Array[] = [];
  const add = (weights: Float64Array) => {
    decide(table, weights, positions);
    if (seen.add(positions)) found.push(positions.slice());
  };
  // Not quite alone, so that of equals the one that is better in the others is taken.
  for (let m = 0; m < metrics && found.length < count; m++)
    add(table.spans.map((span, k) => (span > 0 ? (k === m ? 1 : 1e-9) / span : 0)));
  const alphas = roberts(metrics - 1);
  const prices = breakEvenPrices(table);
  const weights = new Float64Array(metrics);
  // When draws stop giving anything new, the hull is exhausted.
  let idle = 0;
  for (let i = 1; found.length < count && idle < 50 + count; i++) {
    const level = (0.5 + i * alphas[0]!) % 1;
    weights[0] = 1;
    let total = 0;
    for (let k = 1; k < weights.length; k++) {
      const share = k === 1 ? 0 : SHARE_SPREAD * (2 * ((0.5 + i * alphas[k - 1]!) % 1) - 1);
      weights[k] = Math.exp(share);
      total += weights[k]!;
    }
    for (let k = 1; k < weights.length; k++) weights[k]! *= quantile(prices[k - 1]!, level) / total;
    const before = found.length;
    add(weights);
    idle = found.length === before ? idle + 1 : 0;
  }
  return found;
}

interface FlatTable {
  readonly first: Int32Array;
  /** Row-major: one row of metrics for each choice. */
  readonly values: Float64Array;
  /** Sum over layers of the difference between most and least, per metric. */
  readonly spans: Float64Array;
}

function flatten(layers: readonly SuperLayer[], metrics: number): FlatTable {
  const first = new Int32Array(layers.length + 1);
  const spans = new Float64Array(metrics);
  const values: number[] = [];
  for (const [i, layer] of layers.entries()) {
    for (const choice of layer.choices) values.push(...choice.values);
    first[i + 1] = first[i]! + layer.choices.length;
    for (let m = 0; m < metrics; m++) {
      const column = layer.choices.map((choice) => choice.values[m]!);
      spans[m]! += Math.max(...column) - Math.min(...column);
    }
  }
  return { first, values: Float64Array.from(values), spans };
}

function decide({ first, values }: FlatTable, weights: Float64Array, positions: Uint16Array): void {
  const metrics = weights.length;
  for (let i = 0; i < positions.length; i++) {
    let least = Number.POSITIVE_INFINITY;
    for (let j = first[i]!; j < first[i + 1]!; j++) {
      let sum = 0;
      for (let m = 0; m < metrics; m++) sum += weights[m]! * values[j * metrics + m]!;
      if (sum < least) {
        least = sum;
        positions[i] = j - first[i]!;
      }
    }
  }
}

/**
 * Prices of each metric but the first at which some layer hesitates between two choices, ascending:
 * how much of the first metric a unit is worth there. Where a metric never competes with the first,
 * the ratio of their spans.
 */
function breakEvenPrices({ first, values, spans }: FlatTable): Float64Array[] {
  const metrics = spans.length;
  return Array.from({ length: metrics - 1 }, (_, index) => {
    const k = index + 1;
    const prices: number[] = [];
    for (let i = 0; i + 1 < first.length; i++)
      for (let a = first[i]!; a < first[i + 1]!; a++)
        for (let b = a + 1; b < first[i + 1]!; b++) {
          const gain = values[a * metrics]! - values[b * metrics]!;
          const cost = values[b * metrics + k]! - values[a * metrics + k]!;
          if (gain * cost > 0) prices.push(gain / cost);
        }
    if (prices.length === 0) prices.push(spans[k]! > 0 ? (spans[0]! || 1) / spans[k]! : 0);
    return Float64Array.from(prices).sort();
  });
}

/** Between the entries, on a logarithmic scale, and a little past both ends. */
function quantile(sorted: Float64Array, level: number): number {
  const at = level * (sorted.length + 1) - 1;
  if (at <= 0) return sorted[0]! * Math.exp(3 * at);
  if (at >= sorted.length - 1)
    return sorted[sorted.length - 1]! * Math.exp(3 * (at - sorted.length + 1));
  const low = Math.floor(at);
  return sorted[low]! * (sorted[low + 1]! / sorted[low]!) ** (at - low);
}

/**
 * Steps of the additive recurrence that fills the unit cube of `dimensions` evenly: powers of the
 * inverse of x^(d+1) = x + 1.
 */
function roberts(dimensions: number): number[] {
  let x = 2;
  for (let i = 0; i < 60; i++) x = (1 + x) ** (1 / (dimensions + 1));
  return Array.from({ length: dimensions }, (_, k) => x ** -(k + 1));
}
