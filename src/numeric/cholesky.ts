/**
 * The lower triangle L of a symmetric positive definite matrix, row-major, so that L times its
 * transpose is the matrix.
 */
export interface Cholesky {
  readonly size: number;
  readonly lower: Float64Array;
}

/**
 * Cholesky's decomposition.
 * @param matrix row-major; only its lower triangle is read
 * @returns undefined when the matrix is not positive definite to working precision
 */
export function cholesky(matrix: Float64Array, size: number): Cholesky | undefined {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const rowI = i * size;
    for (let j = 0; j <= i; j++) {
      const rowJ = j * size;
      let sum = matrix[rowI + j]!;
      for (let k = 0; k < j; k++) sum -= lower[rowI + k]! * lower[rowJ + k]!;
      if (i > j) lower[rowI + j] = sum / lower[rowJ + j]!;
      else {
        if (!(sum > 0)) return undefined;
        lower[rowI + i] = Math.sqrt(sum);
      }
    }
  }
  return { size, lower };
}

/** Solves L x = b. @param b one entry a row; not changed */
export function solveLower({ size, lower }: Cholesky, b: ArrayLike<number>): Float64Array {
  const x = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= lower[i * size + k]! * x[k]!;
    x[i] = sum / lower[i * size + i]!;
  }
  return x;
}

/** Solves A x = b for the matrix A that was decomposed. */
export function solveCholesky(factor: Cholesky, b: ArrayLike<number>): Float64Array {
  const { size, lower } = factor;
  const x = solveLower(factor, b);
  for (let i = size - 1; i >= 0; i--) {
    x[i]! /= lower[i * size + i]!;
    for (let k = 0; k < i; k++) x[k]! -= lower[i * size + k]! * x[i]!;
  }
  return x;
}

/** Logarithm of the determinant of the matrix that was decomposed. */
export function logDeterminant({ size, lower }: Cholesky): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += Math.log(lower[i * size + i]!);
  return 2 * sum;
}
