import type { ComputeFormat } from "../contract.js";
import type { LayerRoofline, Roof } from "./layer-roofline.js";
import type { QdqRole } from "./qdq-execution.js";

/** The costs of one layer in one configuration, including those of its place in the model. */
export interface Row extends LayerRoofline {
  readonly key: number;
  readonly format: ComputeFormat;
  /** The layer's role in a QDQ graph. */
  readonly role: QdqRole;
  readonly refused: boolean;
  /**
   * Seconds of dispatch, following operators, residual additions, concatenations and reading a
   * key-value cache.
   */
  readonly fixedSeconds: number;
  readonly fixedJoules: number;
}

/** Formats by their number in {@link Column}.FORMAT. */
export const FORMATS: readonly ComputeFormat[] = ["int4", "int8", "int16", "float16", "float32"];

/** Positions of a row's numbers. Sums run over one array of doubles instead of objects. */
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

/** Number of columns of a row. */
export const COLUMNS = 10;

/** Initial size of the hash table for settings. Keys are spread by the golden ratio. */
const LEAST_PLACES = 64;
const GOLDEN = 0x9e3779b1;

/**
 * The rows of all layers of a model by layer and settings, with the numbers that are summed in one
 * array.
 */
export class RowStore {
  /** {@link COLUMNS} numbers for each row. Adding rows may replace the array. */
  values = new Float64Array(64 * COLUMNS);
  readonly #rows: Row[] = [];
  readonly #layers: number;
  /**
   * An open hash table from a key to the index of the settings, in the order they were first used.
   */
  #keys = new Float64Array(LEAST_PLACES).fill(-1);
  #counts = new Int32Array(LEAST_PLACES);
  #met = 0;
  /** Row of each layer in each of the settings; -1 = none yet. */
  #slots: Int32Array;

  /** @param layers how many layers the model has */
  constructor(layers: number) {
    this.#layers = layers;
    this.#slots = new Int32Array(layers * LEAST_PLACES).fill(-1);
  }

  /**
   * Finds the row of a layer.
   * @param key the settings' `configKey`
   * @returns the row's slot, or -1
   */
  find(layer: number, key: number): number {
    const place = this.#place(key);
    return this.#keys[place] === key
      ? (this.#slots[(this.#counts[place] as number) * this.#layers + layer] as number)
      : -1;
  }

  /** The row at a slot. */
  row(slot: number): Row {
    return this.#rows[slot] as Row;
  }

  /** The rows at these slots. */
  rowsAt(slots: ArrayLike<number>): readonly Row[] {
    return Array.from(slots, (slot) => this.#rows[slot] as Row);
  }

  /**
   * Adds a row.
   * @returns its slot
   */
  add(layer: number, row: Row): number {
    const slot = this.#rows.length;
    this.#rows.push(row);
    const count = this.#count(row.key);
    this.#slots[count * this.#layers + layer] = slot;
    if (this.values.length < this.#rows.length * COLUMNS) {
      const wider = new Float64Array(2 * this.#rows.length * COLUMNS);
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

  /** The place of a key, or the free place for it. At most half of the places are taken. */
  #place(key: number): number {
    const mask = this.#keys.length - 1;
    let place = (Math.imul(key, GOLDEN) >>> 7) & mask;
    for (;;) {
      const there = this.#keys[place] as number;
      if (there === key || there < 0) return place;
      place = (place + 1) & mask;
    }
  }

  #count(key: number): number {
    let place = this.#place(key);
    if (this.#keys[place] !== key) {
      if (2 * (this.#met + 1) > this.#keys.length) {
        this.#widen();
        place = this.#place(key);
      }
      this.#keys[place] = key;
      this.#counts[place] = this.#met++;
    }
    return this.#counts[place] as number;
  }

  #widen(): void {
    const [keys, counts, slots] = [this.#keys, this.#counts, this.#slots];
    this.#keys = new Float64Array(2 * keys.length).fill(-1);
    this.#counts = new Int32Array(2 * keys.length);
    this.#slots = new Int32Array(2 * slots.length).fill(-1);
    this.#slots.set(slots);
    keys.forEach((key, old) => {
      if (key < 0) return;
      const place = this.#place(key);
      this.#keys[place] = key;
      this.#counts[place] = counts[old] as number;
    });
  }
}

/** The roofline of a row in its circumstances. */
export function roofOf(row: Row, resident: boolean, shared: boolean, unfused: boolean): Roof {
  if (unfused) {
    const roof = resident ? row.unfusedResident : row.unfusedStreamed;
    if (roof !== undefined) return roof;
  }
  if (shared) return resident ? row.sharedResident : row.sharedStreamed;
  return resident ? row.resident : row.streamed;
}
