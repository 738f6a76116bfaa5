/**
 * The exports of the WebAssembly module; pointers are byte offsets into its memory. What each does
 * is said in `./assembly/`.
 */
export interface SimdKernels {
  walkRuns(
    op: number,
    src: number,
    dst: number,
    n: number,
    rowLength: number,
    runLength: number,
    inRow: number,
    k: number,
    count: number,
    scales: number,
    zeros: number,
    qMin: number,
    qMax: number,
  ): number;
  walkRows(
    op: number,
    src: number,
    dst: number,
    n: number,
    rowLength: number,
    inRow: number,
    scales: number,
    zeros: number,
    qMin: number,
    qMax: number,
  ): number;
  findNonFinite(src: number, n: number): number;
  rangeOfRuns(
    src: number,
    n: number,
    rowLength: number,
    runLength: number,
    inRow: number,
    k: number,
    count: number,
    mins: number,
    maxs: number,
  ): number;
  rangeOfRows(
    src: number,
    n: number,
    rowLength: number,
    inRow: number,
    mins: number,
    maxs: number,
  ): number;
  symmetricScales(mins: number, maxs: number, n: number, qMax: number): number;
  sumsOfRuns(
    x: number,
    y: number,
    n: number,
    rowLength: number,
    runLength: number,
    inRow: number,
    k: number,
    count: number,
    sums: number,
  ): void;
  sumsOfRows(
    x: number,
    y: number,
    n: number,
    rowLength: number,
    inRow: number,
    count: number,
    sums: number,
  ): void;
  ternaryScale(values: number, spare: number, n: number, tables: number, powers: number): number;
  squaredErrors(src: number, n: number, formats: number, sums: number, bound: number): number;
  countMagnitudes(
    src: number,
    n: number,
    inverse: number,
    bins: number,
    counts: number,
    zeros: number,
  ): void;
  pack(
    src: number,
    dst: number,
    n: number,
    bits: number,
    least: number,
    span: number,
    odd: number,
  ): number;
  unpack(src: number, dst: number, n: number, bits: number, sign: number, binary: number): void;
}

/**
 * What a walk over elements and their scales does; the numbers are those of `./assembly/affine.ts`.
 */
export const WalkOperation = {
  QUANTIZE_I8: 0,
  QUANTIZE_U8: 1,
  QUANTIZE_I16: 2,
  QUANTIZE_U16: 3,
  QUANTIZE_BINARY: 4,
  FAKE_QUANTIZE: 5,
  FAKE_BINARY: 6,
  DEQUANTIZE_I8: 7,
  DEQUANTIZE_U8: 8,
  DEQUANTIZE_I16: 9,
  DEQUANTIZE_U16: 10,
} as const;
/** Added to an operation whose values were found finite before. */
export const KNOWN_FINITE = 16;
/** One of the values of {@link (WalkOperation:variable)}. */
export type WalkOperation = (typeof WalkOperation)[keyof typeof WalkOperation];
