import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError, InvalidDataError } from "../errors.js";
import { checkList } from "./check-arguments.js";
import { compareRows, type Objectives, pointCount, toObjectiveMatrix } from "./objective-matrix.js";
import { Staircase } from "./staircase.js";

/**
 * Hypervolume: the volume that the points dominate up to `reference` (Zitzler and Thiele, 1998).
 * All objectives are minimised; points that are not better than the reference in every objective
 * add nothing. Exact: a sweep for two and three objectives (n log n steps), slicing into three
 * dimensions for more (n^2 log n for four).
 * @param points finite objectives; may hold dominated and repeated points
 * @param reference one finite number per objective
 * @throws InvalidArgumentError when lengths differ; InvalidDataError on NaN or infinity
 * @example
 * ```ts
 * import { hypervolume } from "quantevo/pareto";
 *
 * hypervolume([[1, 3], [2, 1]], [4, 4]); // 7
 * ```
 */
export function hypervolume(points: Objectives, reference: ArrayLike<number>): number {
  const { data, dimensions } = toObjectiveMatrix(points, "points");
  checkList(reference, "reference");
  const count = pointCount({ data, dimensions });
  for (let k = 0; k < reference.length; k++)
    if (!Number.isFinite(reference[k]))
      throw new InvalidDataError(
        `reference.${k}`,
        `reference.${k} is ${describeValue(reference[k])}; allowed: a finite number`,
      );
  if (count === 0) return 0;
  if (reference.length !== dimensions)
    throw new InvalidArgumentError(
      "reference",
      `reference has ${reference.length} numbers; allowed: ${dimensions}, one per objective`,
    );
  for (let i = 0; i < data.length; i++)
    if (!Number.isFinite(data[i])) {
      const path = `points.${Math.floor(i / dimensions)}.${i % dimensions}`;
      throw new InvalidDataError(path, `${path} is ${data[i]}; allowed: a finite number`);
    }
  const inside: number[] = [];
  for (let i = 0; i < count; i++) {
    let better = true;
    for (let k = 0; k < dimensions && better; k++)
      better = data[i * dimensions + k]! < reference[k]!;
    if (better) inside.push(i);
  }
  // One order of addition for every order of input: the result is the same to the last bit.
  inside.sort((a, b) => compareRows(data, dimensions, a, b));
  return new Sweep(data, dimensions, reference).volume(inside, dimensions);
}

/** Volumes of sets of rows, over the first objectives only. */
class Sweep {
  readonly #stairs: Staircase;

  constructor(
    readonly data: Float64Array,
    readonly dimensions: number,
    readonly reference: ArrayLike<number>,
  ) {
    this.#stairs = new Staircase(data.length / dimensions, reference[0]!, reference[1] ?? 0);
  }

  volume(rows: readonly number[], over: number): number {
    if (over === 1) return rows.length === 0 ? 0 : this.reference[0]! - this.#value(rows[0]!, 0);
    if (over === 2) return this.#area(rows);
    return this.#slices(rows, over);
  }

  #value(row: number, objective: number): number {
    return this.data[row * this.dimensions + objective]!;
  }

  #area(rows: readonly number[]): number {
    this.#stairs.clear();
    for (const row of rows) this.#stairs.insert(this.#value(row, 0), this.#value(row, 1));
    return this.#stairs.area;
  }

  /**
   * Cuts along the last objective; between two cuts the cross-section is that of the points passed
   * so far.
   */
  #slices(rows: readonly number[], over: number): number {
    const last = over - 1;
    const sorted = [...rows].sort((a, b) => this.#value(a, last) - this.#value(b, last) || a - b);
    let passed: number[] = [];
    let volume = 0;
    if (over === 3) this.#stairs.clear();
    for (const [i, row] of sorted.entries()) {
      if (over === 3) this.#stairs.insert(this.#value(row, 0), this.#value(row, 1));
      else if (!passed.some((other) => this.#covers(other, row, last)))
        passed = [...passed.filter((other) => !this.#covers(row, other, last)), row];
      const next = sorted[i + 1];
      const thickness =
        (next === undefined ? this.reference[last]! : this.#value(next, last)) -
        this.#value(row, last);
      if (thickness > 0)
        volume += thickness * (over === 3 ? this.#stairs.area : this.volume(passed, last));
    }
    return volume;
  }

  #covers(a: number, b: number, objectives: number): boolean {
    for (let k = 0; k < objectives; k++) if (this.#value(a, k) > this.#value(b, k)) return false;
    return true;
  }
}
