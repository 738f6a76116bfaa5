import type { ScaleLayout } from "./scale-layout.js";
import { QuantizationGranularity } from "./scheme.js";

/**
 * A contiguous piece of a tensor and where its scales are. `runs` and `rows` as in
 * {@link ScaleLayout}; `k` and `count` are relative to the `tableCount` scales from `tableFirst`,
 * which are those that the piece needs.
 */
export interface ScalePiece {
  readonly kind: "runs" | "rows";
  /** First element. */
  readonly start: number;
  /** Elements. */
  readonly length: number;
  readonly rowLength: number;
  readonly runLength: number;
  /** Elements of the row before `start`. */
  readonly inRow: number;
  readonly k: number;
  readonly count: number;
  readonly tableFirst: number;
  readonly tableCount: number;
}

/**
 * Cuts a tensor into pieces of at most `most` elements whose scales are at most `capacity`
 * neighbours, in order. `visit` ends it by returning false.
 */
export function forEachPiece(
  layout: ScaleLayout,
  most: number,
  capacity: number,
  visit: (piece: ScalePiece) => boolean,
): void {
  if (layout.kind === "runs") runPieces(layout, most, capacity, visit);
  else rowPieces(layout, most, capacity, visit);
}

function runPieces(
  layout: ScaleLayout,
  most: number,
  capacity: number,
  visit: (piece: ScalePiece) => boolean,
): void {
  const { length: total, rowLength, runLength, count } = layout;
  const runsPerRow = Math.ceil(rowLength / runLength);
  const runAt = (i: number) => {
    const row = Math.floor(i / rowLength);
    return row * runsPerRow + Math.floor((i - row * rowLength) / runLength);
  };
  const rowsThatFit = Math.floor(capacity / runsPerRow);
  let start = 0;
  while (start < total) {
    let length = Math.min(most, total - start);
    const inRow = start % rowLength;
    const k = runAt(start) % count;
    if (count <= capacity) {
      const piece = { kind: "runs", start, length, rowLength, runLength, inRow, k, count } as const;
      if (!visit({ ...piece, tableFirst: 0, tableCount: count })) return;
    } else {
      length =
        rowsThatFit >= 1
          ? Math.min(length, rowsThatFit * rowLength - inRow)
          : Math.min(length, rowLength - inRow, (capacity - 1) * runLength);
      // Channels begin again after the last; blocks never do.
      if (layout.granularity === QuantizationGranularity.PER_CHANNEL)
        length = Math.min(length, (count - k) * rowLength - inRow);
      const tableCount = runAt(start + length - 1) - runAt(start) + 1;
      const piece = { kind: "runs", start, length, rowLength, runLength, inRow, k: 0 } as const;
      if (!visit({ ...piece, count: tableCount + 1, tableFirst: k, tableCount })) return;
    }
    start += length;
  }
}

function rowPieces(
  layout: ScaleLayout,
  most: number,
  capacity: number,
  visit: (piece: ScalePiece) => boolean,
): void {
  const { cycles, rowsPerCycle, rowsPerBlock, blocksPerCycle, rowLength } = layout;
  if (layout.length === 0) return;
  const kind = "rows" as const;
  const rest = { kind, runLength: 1, k: 0 };
  for (let cycle = 0; cycle < cycles; cycle++) {
    for (let block = 0; block * rowsPerBlock < rowsPerCycle; block++) {
      const firstRow = block * rowsPerBlock;
      const rows = Math.min(rowsPerBlock, rowsPerCycle - firstRow);
      const from = (cycle * rowsPerCycle + firstRow) * rowLength;
      const base = (cycle * blocksPerCycle + block) * rowLength;
      if (rowLength <= capacity) {
        const end = from + rows * rowLength;
        const tables = { rowLength, count: rowLength, tableFirst: base, tableCount: rowLength };
        for (let start = from; start < end; start += most) {
          const length = Math.min(most, end - start);
          if (!visit({ ...rest, ...tables, start, length, inRow: (start - from) % rowLength }))
            return;
        }
        continue;
      }
      const width = Math.min(most, capacity);
      for (let column = 0; column < rowLength; column += width) {
        const length = Math.min(width, rowLength - column);
        const tables = { count: length, tableFirst: base + column, tableCount: length };
        for (let row = 0; row < rows; row++) {
          const start = from + row * rowLength + column;
          if (!visit({ ...rest, ...tables, rowLength: length, start, length, inRow: 0 })) return;
        }
      }
    }
  }
}
