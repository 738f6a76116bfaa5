import { requireFinite } from "../../numeric/find-non-finite.js";
import type { ScaleLayout } from "../../quantization/scale-layout.js";
import { forEachPiece, type ScalePiece } from "../../quantization/scale-pieces.js";
import { type SliceSums, SUMMED_SLICES } from "../../quantization/slice-sums.js";
import { instanceFor } from "../../simd/simd.js";
import {
  type SimdInstance,
  STAGE_IN,
  STAGED_ELEMENTS,
  TABLE_A,
  TABLE_B,
  TABLE_ENTRIES,
} from "../../simd/simd-instance.js";

/** Least and greatest value of every slice. */
export interface SliceRanges {
  readonly min: Float32Array;
  readonly max: Float32Array;
}

/**
 * The range of every slice in one pass; Infinity and -Infinity for slices without elements.
 * @param sums of moments, to which the values are added in the same pass
 * @throws InvalidDataError for NaN or infinity
 */
export function sliceRanges(
  values: Float32Array,
  layout: ScaleLayout,
  name: string,
  sums?: SliceSums,
): SliceRanges {
  const min = new Float32Array(layout.count).fill(Number.POSITIVE_INFINITY);
  const max = new Float32Array(layout.count).fill(Number.NEGATIVE_INFINITY);
  const ranges = { min, max };
  const instance = instanceFor(values);
  if (instance === undefined) {
    requireFinite(values, name);
    const whole = Number.POSITIVE_INFINITY;
    forEachPiece(layout, whole, whole, (piece) => {
      addPiece(values, piece, ranges);
      sums?.add(piece, values, values);
      return true;
    });
    return ranges;
  }
  const address = instance.addressOf(values);
  const most = address >= 0 && sums === undefined ? 2 ** 30 : STAGED_ELEMENTS;
  const { kernels } = instance;
  const tables = new RangeTables(instance, ranges);
  forEachPiece(layout, most, sums === undefined ? TABLE_ENTRIES : SUMMED_SLICES, (piece) => {
    const { start, length, rowLength, inRow } = piece;
    tables.hold(piece.tableFirst, piece.tableCount);
    let src = STAGE_IN;
    if (address >= 0) src = address + 4 * start;
    else instance.copyIn(values, 4 * start, 4 * length, STAGE_IN);
    const found =
      piece.kind === "runs"
        ? kernels.rangeOfRuns(
            src,
            length,
            rowLength,
            piece.runLength,
            inRow,
            piece.k,
            piece.count,
            TABLE_A,
            TABLE_B,
          )
        : kernels.rangeOfRows(src, length, rowLength, inRow, TABLE_A, TABLE_B);
    if (found >>> 0 < length) requireFinite(values, name, start + (found >>> 0));
    sums?.addStaged(instance, piece, src, 0);
    return true;
  });
  tables.hold(0, 0);
  return ranges;
}

/** The ranges of some neighbouring slices in the kernels' tables. */
class RangeTables {
  #first = 0;
  #count = 0;

  constructor(
    readonly instance: SimdInstance,
    readonly ranges: SliceRanges,
  ) {}

  /**
   * Puts back what the tables hold, and takes in these slices; nothing where they are there
   * already.
   */
  hold(first: number, count: number): void {
    if (first === this.#first && count === this.#count) return;
    const { f32 } = this.instance;
    const { min, max } = this.ranges;
    const a = TABLE_A >> 2;
    const b = TABLE_B >> 2;
    min.set(f32.subarray(a, a + this.#count), this.#first);
    max.set(f32.subarray(b, b + this.#count), this.#first);
    f32.set(min.subarray(first, first + count), a);
    f32.set(max.subarray(first, first + count), b);
    this.#first = first;
    this.#count = count;
  }
}

function addPiece(values: Float32Array, piece: ScalePiece, { min, max }: SliceRanges): void {
  const { start, length, rowLength, runLength, count } = piece;
  const end = start + length;
  const oneByOne = piece.kind === "rows";
  let inRow = piece.inRow;
  let k = oneByOne ? inRow : piece.k;
  let i = start;
  while (i < end) {
    const run = oneByOne ? 1 : Math.min(runLength - (inRow % runLength), rowLength - inRow);
    const stop = Math.min(end, i + run);
    const at = piece.tableFirst + k;
    inRow += stop - i;
    let low = min[at]!;
    let high = max[at]!;
    for (; i < stop; i++) {
      const x = values[i]!;
      if (x < low) low = x;
      if (x > high) high = x;
    }
    min[at] = low;
    max[at] = high;
    if (inRow === rowLength) inRow = 0;
    if (++k === count) k = 0;
  }
}
