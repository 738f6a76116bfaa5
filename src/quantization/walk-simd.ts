import { instanceFor } from "../simd/simd.js";
import {
  type SimdInstance,
  STAGE_IN,
  STAGE_OUT,
  STAGED_ELEMENTS,
  TABLE_A,
  TABLE_B,
  TABLE_ENTRIES,
} from "../simd/simd-instance.js";
import type { WalkOperation } from "../simd/simd-kernels.js";
import type { ScaleLayout } from "./scale-layout.js";
import { forEachPiece, type ScalePiece } from "./scale-pieces.js";

/** Below this, staging costs more than it gains. */
const FEWEST = 64;
/** Rows shorter than this are repeated in the table until they are as long. */
const SHORT_ROW = 1024;

/**
 * What {@link walkSimd} found: done, or the first element of a stretch that holds NaN or infinity.
 */
export const WALK_DONE = -1;

type Elements = Float32Array | Int8Array | Uint8Array | Int16Array | Uint16Array;

/** Takes each block of results in place of the output. */
export interface BlockSink {
  /** Most scales of a block; default all that the kernels have room for. */
  readonly slices?: number;
  /** Gets a block, at STAGE_OUT, and the address of what it was made from; false gives up. */
  take(instance: SimdInstance, piece: ScalePiece, source: number): boolean;
}

/**
 * Runs one elementwise kernel over a tensor: in place where its arrays lie in an arena, else staged
 * in blocks.
 * @param output not on the input's bytes unless exactly in place
 * @returns {@link WALK_DONE}; or the first element of a stretch of at most 4096 that holds NaN or
 *   infinity, with nothing before it missing from `output`. Or undefined when the plain kernel must
 *   do it: no SIMD, a small or oddly laid out tensor.
 */
export function walkSimd(
  operation: WalkOperation,
  input: Elements,
  output: Elements,
  layout: ScaleLayout,
  scale: Float32Array,
  zeroPoint: Int32Array,
  qMin: number,
  qMax: number,
  sink?: BlockSink,
): number | undefined {
  if (layout.length < FEWEST) return undefined;
  if (
    layout.kind === "rows" &&
    layout.rowLength * Math.min(layout.rowsPerBlock, layout.rowsPerCycle) < FEWEST
  )
    return undefined;
  const instance = instanceFor(input, output);
  if (instance === undefined) return undefined;
  const { kernels, f32, i32 } = instance;
  const inBytes = input.BYTES_PER_ELEMENT;
  const outBytes = output.BYTES_PER_ELEMENT;
  const inAddress = instance.addressOf(input);
  const outAddress = sink === undefined ? instance.addressOf(output) : -1;
  const scaleAddress = instance.addressOf(scale);
  const zeroAddress = instance.addressOf(zeroPoint);
  const slices = sink?.slices ?? TABLE_ENTRIES;
  const direct =
    layout.kind === "runs" && scaleAddress >= 0 && zeroAddress >= 0 && slices === TABLE_ENTRIES;
  const most = inAddress >= 0 && outAddress >= 0 ? 2 ** 30 : STAGED_ELEMENTS;
  let loadedFirst = -1;
  let loadedCount = 0;
  let repeat = 1;
  let result: number | undefined = WALK_DONE;
  forEachPiece(layout, most, direct ? Number.POSITIVE_INFINITY : slices, (piece) => {
    const { start, length, rowLength, tableFirst, tableCount } = piece;
    if (!direct && (tableFirst !== loadedFirst || tableCount !== loadedCount)) {
      loadedFirst = tableFirst;
      loadedCount = tableCount;
      if (tableCount === 1) {
        f32[TABLE_A >> 2] = scale[tableFirst]!;
        i32[TABLE_B >> 2] = zeroPoint[tableFirst]!;
      } else {
        f32.set(scale.subarray(tableFirst, tableFirst + tableCount), TABLE_A >> 2);
        i32.set(zeroPoint.subarray(tableFirst, tableFirst + tableCount), TABLE_B >> 2);
      }
      repeat = 1;
      if (piece.kind === "rows" && rowLength < SHORT_ROW && length > rowLength) {
        repeat = Math.ceil(Math.min(SHORT_ROW, length) / rowLength);
        for (const table of [TABLE_A >> 2, TABLE_B >> 2])
          for (let i = rowLength; i < repeat * rowLength; i++)
            i32[table + i] = i32[table + i - rowLength]!;
      }
    }
    let src = STAGE_IN;
    if (inAddress >= 0) src = inAddress + start * inBytes;
    else instance.copyIn(input, start * inBytes, length * inBytes, STAGE_IN);
    const dst = outAddress >= 0 ? outAddress + start * outBytes : STAGE_OUT;
    const bad =
      (piece.kind === "runs"
        ? kernels.walkRuns(
            operation,
            src,
            dst,
            length,
            rowLength,
            piece.runLength,
            piece.inRow,
            piece.k,
            piece.count,
            direct ? scaleAddress : TABLE_A,
            direct ? zeroAddress : TABLE_B,
            qMin,
            qMax,
          )
        : kernels.walkRows(
            operation,
            src,
            dst,
            length,
            rowLength * repeat,
            piece.inRow,
            TABLE_A,
            TABLE_B,
            qMin,
            qMax,
          )) >>> 0;
    if (bad < length) {
      result = start + bad;
      return false;
    }
    if (sink !== undefined) {
      if (sink.take(instance, piece, src)) return true;
      result = undefined;
      return false;
    }
    if (outAddress < 0) instance.copyOut(STAGE_OUT, length * outBytes, output, start * outBytes);
    return true;
  });
  return result;
}
