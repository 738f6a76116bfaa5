import { InvalidArgumentError, InvalidDataError } from "../errors.js";

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
 * Checks points and lays them out as a matrix. A matrix that is given is checked and used as it is, not copied.
 * Infinity is allowed (a failed point may be infinitely bad), NaN is not: it has no order.
 * @throws InvalidArgumentError when vectors differ in length or are empty; InvalidDataError on NaN (path `objectives.POINT.OBJECTIVE`)
 */
export function toObjectiveMatrix(objectives: Objectives): ObjectiveMatrix {
  const matrix = "data" in objectives ? objectives : packRows(objectives);
  const { data, dimensions } = matrix;
  if (!Number.isInteger(dimensions) || dimensions < 1 || data.length % dimensions !== 0)
    throw new InvalidArgumentError(
      "objectives.dimensions",
      `objectives.dimensions is ${dimensions} for ${data.length} numbers; allowed: a positive divisor of that`,
    );
  for (let i = 0; i < data.length; i++)
    if (Number.isNaN(data[i])) throw nanObjective(Math.floor(i / dimensions), i % dimensions);
  return matrix;
}

/** Number of points of a matrix. */
export function pointCount(matrix: ObjectiveMatrix): number {
  return matrix.data.length / matrix.dimensions;
}

/**
 * Order of rows `a` and `b`: by the first objective, equal ones by the second, and so on. Negative when `a`
 * comes first, 0 when the rows are equal. A row never dominates one that comes before it.
 */
export function compareRows(data: Float64Array, dimensions: number, a: number, b: number): number {
  for (let k = 0; k < dimensions; k++) {
    const x = data[a * dimensions + k]!;
    const y = data[b * dimensions + k]!;
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

/** The error for an objective that is not a number. */
export function nanObjective(point: number, objective: number): InvalidDataError {
  const path = `objectives.${point}.${objective}`;
  return new InvalidDataError(path, `${path} is NaN; allowed: any number, or infinity`);
}

function packRows(rows: readonly ArrayLike<number>[]): ObjectiveMatrix {
  const dimensions = rows[0]?.length ?? 1;
  const data = new Float64Array(rows.length * dimensions);
  for (const [i, row] of rows.entries()) {
    if (row.length !== dimensions || dimensions === 0)
      throw new InvalidArgumentError(
        `objectives.${i}`,
        `objectives.${i} has ${row.length} numbers; allowed: ${dimensions || "at least 1"}, the same for all points`,
      );
    for (let k = 0; k < dimensions; k++) data[i * dimensions + k] = row[k]!;
  }
  return { data, dimensions };
}
