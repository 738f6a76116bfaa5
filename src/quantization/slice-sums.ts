import { COUNTERS, type SimdInstance } from "../simd/simd-instance.js";
import type { ScaleLayout } from "./scale-layout.js";
import type { ScalePiece } from "./scale-pieces.js";

/** Slices whose sums fit into the kernels' tables at a time. */
export const SUMMED_SLICES = 4096;

/** Sums of a slice whose elements lie in runs: one for each position in the run modulo this. */
const LANES = 4;

/** What is summed up: x^2 and (x - y)^2, or x, x^2 and |x|. */
export type SummedQuantities = "errors" | "moments";

/**
 * Sums of every slice (tensor, channel or group) in double precision, added up piece by piece in
 * the order of the data. Where a slice's elements lie in runs, four sums are kept, by the position
 * in the run modulo 4; in the end (s0 + s1) + (s2 + s3) is taken. Elsewhere there is one sum. So
 * the kernels and the plain loop give the same bits, and the pieces do not matter.
 */
export class SliceSums {
  readonly #quantities: number;
  readonly #count: number;
  readonly #lanes: number;
  readonly #sums: Float64Array;
  /** What the kernels' tables hold now. */
  #held:
    | { readonly instance: SimdInstance; readonly first: number; readonly count: number }
    | undefined;

  constructor(
    layout: ScaleLayout,
    readonly summed: SummedQuantities,
  ) {
    this.#quantities = summed === "errors" ? 2 : 3;
    this.#count = layout.count;
    this.#lanes = layout.kind === "runs" ? LANES : 1;
    this.#sums = new Float64Array(this.#count * this.#quantities * this.#lanes);
  }

  /**
   * Adds a piece that lies in the kernels' memory, of at most {@link SUMMED_SLICES} slices.
   * @param x address of its values @param y address of the others; 0 for moments
   */
  addStaged(instance: SimdInstance, piece: ScalePiece, x: number, y: number): void {
    const { length, rowLength, inRow, tableFirst, tableCount } = piece;
    const held = this.#held;
    if (held === undefined || held.first !== tableFirst || held.count !== tableCount) {
      this.#putBack();
      this.#held = { instance, first: tableFirst, count: tableCount };
      this.#exchange((kept, table) => table.set(kept));
    }
    const { kernels } = instance;
    if (piece.kind === "rows")
      kernels.sumsOfRows(x, y, length, rowLength, inRow, tableCount, COUNTERS);
    else
      kernels.sumsOfRuns(
        x,
        y,
        length,
        rowLength,
        piece.runLength,
        inRow,
        piece.k,
        piece.count,
        COUNTERS,
      );
  }

  /** Adds a piece by the plain loop. @param y as many values as `x`; not read for moments */
  add(piece: ScalePiece, x: Float32Array, y: Float32Array): void {
    const { start, length, rowLength, runLength, count } = piece;
    const [lanes, quantities] = [this.#lanes, this.#quantities];
    const step = lanes === 1 ? this.#count : lanes;
    const inRuns = piece.kind === "runs";
    const sums = this.#sums;
    const errors = this.summed === "errors";
    const end = start + length;
    let inRow = piece.inRow;
    let k = inRuns ? piece.k : inRow;
    let i = start;
    while (i < end) {
      let position = inRuns ? inRow % runLength : 0;
      const run = inRuns ? Math.min(runLength - position, rowLength - inRow) : 1;
      const stop = Math.min(end, i + run);
      const slice = piece.tableFirst + k;
      const base = inRuns ? slice * quantities * lanes : slice;
      inRow += stop - i;
      for (; i < stop; i++, position++) {
        const at = base + (position & (lanes - 1));
        const v = x[i]!;
        if (errors) {
          const e = v - y[i]!;
          sums[at]! += v * v;
          sums[at + step]! += e * e;
        } else {
          sums[at]! += v;
          sums[at + step]! += v * v;
          sums[at + 2 * step]! += Math.abs(v);
        }
      }
      if (inRow === rowLength) inRow = 0;
      if (++k === count) k = 0;
    }
  }

  /** For each quantity the sum of every slice. */
  totals(): Float64Array[] {
    this.#putBack();
    this.#held = undefined;
    const [count, lanes, quantities, sums] = [
      this.#count,
      this.#lanes,
      this.#quantities,
      this.#sums,
    ];
    return Array.from({ length: quantities }, (_, q) => {
      if (lanes === 1) return sums.slice(q * count, (q + 1) * count);
      const total = new Float64Array(count);
      for (let k = 0; k < count; k++) {
        const at = (k * quantities + q) * lanes;
        total[k] = sums[at]! + sums[at + 1]! + (sums[at + 2]! + sums[at + 3]!);
      }
      return total;
    });
  }

  #putBack(): void {
    this.#exchange((kept, table) => kept.set(table));
  }

  /** Calls `copy` with the stretches kept here that the tables hold, and with the tables'. */
  #exchange(copy: (kept: Float64Array, table: Float64Array) => void): void {
    if (this.#held === undefined) return;
    const { instance, first, count } = this.#held;
    const from = COUNTERS >> 3;
    // In runs all sums of a slice lie together; else those of one quantity do.
    const inRuns = this.#lanes > 1;
    const size = inRuns ? this.#quantities * this.#lanes : 1;
    for (let q = 0; q < (inRuns ? 1 : this.#quantities); q++) {
      const at = q * this.#count + first * size;
      const table = from + q * count;
      copy(
        this.#sums.subarray(at, at + count * size),
        instance.f64.subarray(table, table + count * size),
      );
    }
  }
}
