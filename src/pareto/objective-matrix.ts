import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError, InvalidDataError } from "../errors.js";
import { checkList } from "./check-arguments.js";

/** Objective vectors stored row after row, one row per point. All objectives are minimised. */
export interface ObjectiveMatrix {
  /** Row-major, length = points x `dimensions`. */
  readonly data: Float64Array;
  /** Objectives per point, at least 1. */
  readonly dimensions: number;
}

/** Points with their objectives, all minimised: a list of vectors of one length, or a matrix. */
export type Objectives = readonly ArrayLike<number>[] | ObjectiveMatrix;

/**
 * Checks points and lays them out as a matrix. A matrix that is given is checked and used as it is,
 * not copied. Infinity is allowed (a failed point may be infinitely bad), NaN is not: it has no
 * order.
 * @param name what the argument is called, for messages
 * @throws InvalidArgumentError for another kind of argument, and when vectors differ in length or
 *   are empty; InvalidDataError on NaN and what is no number (path `objectives.POINT.OBJECTIVE`)
 */
export function toObjectiveMatrix(objectives: Objectives, name = "objectives"): ObjectiveMatrix {
  const matrix = isRows(objectives) ? packRows(objectives, name) : checkMatrix(objectives, name);
  const { data, dimensions } = matrix;
  if (!Number.isInteger(dimensions) || dimensions < 1 || data.length % dimensions !== 0)
    throw new InvalidArgumentError(
      `${name}.dimensions`,
      `${name}.dimensions is ${describeValue(dimensions)} for ${data.length} numbers; ` +
        "allowed: a positive divisor of that",
    );
  for (let i = 0; i < data.length; i++)
    if (Number.isNaN(data[i]))
      throw noObjective(Number.NaN, Math.floor(i / dimensions), i % dimensions, name);
  return matrix;
}

/** Number of points of a matrix. */
export function pointCount(matrix: ObjectiveMatrix): number {
  return matrix.data.length / matrix.dimensions;
}

/**
 * Order of rows `a` and `b`: by the first objective, equal ones by the second, and so on. Negative
 * when `a` comes first, 0 when the rows are equal. A row never dominates one that comes before it.
 */
export function compareRows(data: Float64Array, dimensions: number, a: number, b: number): number {
  for (let k = 0; k < dimensions; k++) {
    const x = data[a * dimensions + k]!;
    const y = data[b * dimensions + k]!;
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

/** The error for an objective that is NaN, or no number at all. */
export function noObjective(
  value: unknown,
  point: number,
  objective: number,
  name = "objectives",
): InvalidDataError {
  const path = `${name}.${point}.${objective}`;
  return new InvalidDataError(
    path,
    `${path} is ${describeValue(value)}; allowed: any number, or infinity`,
  );
}

function isRows(objectives: Objectives): objectives is readonly ArrayLike<number>[] {
  return Array.isArray(objectives);
}

function checkMatrix(matrix: ObjectiveMatrix, name: string): ObjectiveMatrix {
  if (typeof matrix !== "object" || matrix === null || !("data" in matrix))
    throw new InvalidArgumentError(
      name,
      `${name} is ${describeValue(matrix)}; allowed: a list of vectors, or a matrix { ` +
        "data, dimensions }",
    );
  if (!(matrix.data instanceof Float64Array))
    throw new InvalidArgumentError(
      `${name}.data`,
      `${name}.data is ${describeValue(matrix.data)}; allowed: a Float64Array`,
    );
  return matrix;
}

function packRows(rows: readonly ArrayLike<number>[], name: string): ObjectiveMatrix {
  const dimensions = rows[0]?.length ?? 1;
  const data = new Float64Array(rows.length * dimensions);
  for (const [i, row] of rows.entries()) {
    checkList(row, `${name}.${i}`);
    if (row.length !== dimensions || dimensions === 0)
      throw new InvalidArgumentError(
        `${name}.${i}`,
        `${name}.${i} has ${row.length} numbers; allowed: ${dimensions || "at least 1"}, the ` +
          "same for all points",
      );
    for (let k = 0; k < dimensions; k++) {
      if (typeof row[k] !== "number") throw noObjective(row[k], i, k, name);
      data[i * dimensions + k] = row[k]!;
    }
  }
  return { data, dimensions };
}
