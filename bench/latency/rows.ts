/** A file, as it was measured in two processes, and as the cost model has it. */
export interface MeasuredRow {
  readonly model: string;
  readonly genome: string;
  /** The fastest run, milliseconds. */
  readonly measuredMs: number;
  readonly predictedMs: number;
  /** Speed over float32 in each process. */
  readonly speeds: readonly number[];
  readonly predictedSpeed: number;
  /** The cost model knows the sizes of all values. */
  readonly isSized: boolean;
}

/** Closer to float32 than this is neither faster nor slower. */
export const TIE = 0.05;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** The speed over float32: the geometric mean of the processes. */
export function speedOf({ speeds }: MeasuredRow): number {
  return Math.exp(speeds.reduce((sum, speed) => sum + Math.log(speed), 0) / speeds.length);
}

/** How far the processes are apart, as a share. */
export function noiseOf({ speeds }: MeasuredRow): number {
  return Math.max(...speeds) / Math.min(...speeds) - 1;
}

/** The file is faster or slower than float32 by more than a tie. */
export function differs(row: MeasuredRow): boolean {
  return row.genome !== "float32" && Math.abs(speedOf(row) - 1) > TIE;
}

/** It is so by more than two measurements of it are apart. */
export function isDecided(row: MeasuredRow): boolean {
  return differs(row) && Math.abs(speedOf(row) - 1) > noiseOf(row);
}

/** The prediction is on the side of float32 on which the measurement is. */
export function isRight(row: MeasuredRow): boolean {
  return speedOf(row) > 1 === row.predictedSpeed > 1;
}
