import type { ComputeFormat } from "./contract.js";
import type { LayerRoofline, Roof } from "./layer-roofline.js";
import type { QdqRole } from "./qdq-execution.js";

/** A row of a layer's table: its roofline, and what its operator costs wherever it stands. */
export interface Row extends LayerRoofline {
  readonly key: number;
  readonly format: ComputeFormat;
  /** What a QDQ runtime makes of the settings. */
  readonly role: QdqRole;
  readonly refused: boolean;
  /** Dispatch, followers, residual additions and concatenations, and reading a key-value cache. */
  readonly fixedSeconds: number;
  readonly fixedJoules: number;
}

/** Formats by the number that stands for them in {@link Column}.FORMAT. */
export const FORMATS: readonly ComputeFormat[] = ["int4", "int8", "int16", "float16", "float32"];

/** Where the numbers of a row stand: sums run over one array of doubles instead of objects. */
export const Column = {
  STORED_BYTES: 0,
  PACKED_BYTES: 1,
  INPUT_BYTES: 2,
  OUTPUT_BYTES: 3,
  STREAMED_SECONDS: 4,
  RESIDENT_SECONDS: 5,
  STREAMED_JOULES: 6,
  RESIDENT_JOULES: 7,
  FORMAT: 8,
  REFUSED: 9,
} as const;

/** Numbers of a row. */
export const COLUMNS = 10;

/** The rows of all layers of a model, and what is summed of them side by side. */
export class RowStore {
  readonly rows: Row[] = [];
  /** {@link COLUMNS} numbers a row. Another array once rows are added. */
  values = new Float64Array(64 * COLUMNS);

  /** @returns where the row stands */
  add(row: Row): number {
    const slot = this.rows.length;
    this.rows.push(row);
    if (this.values.length < this.rows.length * COLUMNS) {
      const wider = new Float64Array(2 * this.rows.length * COLUMNS);
      wider.set(this.values);
      this.values = wider;
    }
    const at = slot * COLUMNS;
    this.values[at + Column.STORED_BYTES] = row.storedBytes;
    this.values[at + Column.PACKED_BYTES] = row.packedBytes;
    this.values[at + Column.INPUT_BYTES] = row.inputBytes;
    this.values[at + Column.OUTPUT_BYTES] = row.outputBytes;
    this.values[at + Column.STREAMED_SECONDS] = row.streamed.seconds + row.fixedSeconds;
    this.values[at + Column.RESIDENT_SECONDS] = row.resident.seconds + row.fixedSeconds;
    this.values[at + Column.STREAMED_JOULES] = row.streamed.joules + row.fixedJoules;
    this.values[at + Column.RESIDENT_JOULES] = row.resident.joules + row.fixedJoules;
    this.values[at + Column.FORMAT] = FORMATS.indexOf(row.format);
    this.values[at + Column.REFUSED] = row.refused ? 1 : 0;
    return slot;
  }
}

/** The roofline that a row has where it stands. */
export function roofOf(row: Row, resident: boolean, shared: boolean, unfused: boolean): Roof {
  if (unfused) {
    const roof = resident ? row.unfusedResident : row.unfusedStreamed;
    if (roof !== undefined) return roof;
  }
  if (shared) return resident ? row.sharedResident : row.sharedStreamed;
  return resident ? row.resident : row.streamed;
}
