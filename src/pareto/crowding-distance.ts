import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError } from "../errors.js";
import { checkList } from "./check-arguments.js";
import { compareRows, type Objectives, pointCount, toObjectiveMatrix } from "./objective-matrix.js";

/**
 * Crowding distance (Deb et al., NSGA-II, 2002, section III-B): the sum over objectives of the gap
 * between a point's two neighbours, each divided by the span of that objective. The ends of every
 * objective get Infinity. The result depends on the set of points and not on their order: ties in
 * one objective are ordered by the whole vector, and each repetition of an earlier vector gets 0.
 * @param objectives points, all objectives minimised
 * @param front indices of the points that form the front; default: all
 * @returns one distance per entry of `front`, 0 to Infinity
 * @throws InvalidArgumentError on ragged input or an index out of range; InvalidDataError on NaN
 */
export function crowdingDistance(objectives: Objectives, front?: readonly number[]): Float64Array {
  const matrix = toObjectiveMatrix(objectives);
  const { data, dimensions } = matrix;
  const count = pointCount(matrix);
  if (front !== undefined) checkList(front, "front");
  const points = front ?? Array.from({ length: count }, (_, i) => i);
  for (const [i, point] of points.entries())
    if (!(Number.isInteger(point) && point >= 0 && point < count))
      throw new InvalidArgumentError(
        `front.${i}`,
        `front.${i} is ${describeValue(point)}; allowed: 0 to ${count - 1}`,
      );

  const distance = new Float64Array(points.length);
  const order = distinctPositions(data, dimensions, points);
  for (let k = 0; k < dimensions; k++) {
    const value = (position: number) => data[points[position]! * dimensions + k]!;
    order.sort((a, b) =>
      value(a) === value(b)
        ? compareRows(data, dimensions, points[a]!, points[b]!)
        : value(a) < value(b)
          ? -1
          : 1,
    );
    const first = order[0];
    const last = order.at(-1);
    if (first === undefined || last === undefined) break;
    const span = value(last) - value(first);
    distance[first] = Number.POSITIVE_INFINITY;
    distance[last] = Number.POSITIVE_INFINITY;
    for (let i = 1; i + 1 < order.length; i++)
      distance[order[i]!]! += share(value(order[i + 1]!) - value(order[i - 1]!), span);
  }
  return distance;
}

/**
 * Part of the span, 0 to 1. Two infinite neighbours have no gap (NaN); an infinite gap is the whole
 * span.
 */
function share(gap: number, span: number): number {
  if (!(gap > 0)) return 0;
  return gap === span ? 1 : gap / span;
}

function distinctPositions(
  data: Float64Array,
  dimensions: number,
  points: readonly number[],
): number[] {
  const sorted = Array.from(points.keys()).sort(
    (a, b) => compareRows(data, dimensions, points[a]!, points[b]!) || a - b,
  );
  return sorted.filter(
    (position, i) =>
      i === 0 || compareRows(data, dimensions, points[sorted[i - 1]!]!, points[position]!) !== 0,
  );
}
