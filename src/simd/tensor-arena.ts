import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError, UnsupportedError } from "../errors.js";
import { createShared, MOST_THREADS, type SharedMemory } from "./shared-memory.js";
import { createInstance } from "./simd.js";
import { SCRATCH_BYTES } from "./simd-instance.js";

/** Blocks begin at multiples of a cache line. */
const ALIGNMENT = 64;
const DEFAULT_THREADS = 16;

/** The classes that an arena makes arrays of. */
export type ArenaArray =
  | Float32Array
  | Int32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** How large an arena is, and who works on it. */
export interface TensorArenaOptions {
  /** Bytes for tensors, 64 to 2^32 - 2^20, less 2^20 for each further thread. */
  readonly maxBytes: number;
  /** Threads can be given the memory, see {@link openSharedMemory}. Default false. */
  readonly shared?: boolean | undefined;
  /**
   * Of a shared arena: most threads, this one among them, whose kernels work on it without copying,
   * 1 to 256; default 16.
   */
  readonly threads?: number | undefined;
}

interface ArenaArrayType<T extends ArenaArray> {
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
}

interface Block {
  readonly offset: number;
  readonly bytes: number;
}

/**
 * A place for tensors where the SIMD kernels work without copying: arrays made here are ordinary
 * typed arrays on one WebAssembly memory. Values, codes and `out` arguments of every kernel may lie
 * in it; arrays that lie elsewhere are staged through it in blocks. Its memory is reserved at once
 * and taken from the system only where it is written. Where there is no SIMD the arrays lie on a
 * plain buffer and everything works the same.
 */
export class TensorArena {
  /** Bytes that tensors can take, each rounded up to 64. */
  readonly capacityBytes: number;
  #buffer: ArrayBufferLike | undefined;
  #memory: SharedMemory | undefined;
  readonly #base: number;
  #used = new Map<number, number>();
  #free: Block[];
  /** Nothing from here on was ever handed out, so it is still zero. */
  #fresh: number;

  /**
   * @throws InvalidArgumentError when `maxBytes` or `threads` is out of range or the host does not
   *   give that much
   * @throws UnsupportedError for `shared` where there is no SharedArrayBuffer (a web page has it
   *   when it is cross-origin isolated)
   */
  constructor(options: TensorArenaOptions) {
    const { maxBytes, shared = false, threads = DEFAULT_THREADS } = options;
    if (!(Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS))
      throw new InvalidArgumentError(
        "threads",
        `threads is ${describeValue(threads)}; allowed: an integer from 1 to ${MOST_THREADS}`,
      );
    const scratchBytes = (shared ? threads : 1) * SCRATCH_BYTES;
    const greatest = 2 ** 32 - scratchBytes;
    if (!(Number.isInteger(maxBytes) && maxBytes >= ALIGNMENT && maxBytes <= greatest))
      throw new InvalidArgumentError(
        "maxBytes",
        `maxBytes is ${describeValue(maxBytes)}; allowed: an integer from ${ALIGNMENT} to ` +
          `${greatest}`,
      );
    if (shared && typeof SharedArrayBuffer === "undefined")
      throw new UnsupportedError(
        "shared",
        "shared is true; allowed without SharedArrayBuffer: false",
      );
    try {
      if (shared) this.#memory = createShared(maxBytes, threads);
      const memory =
        this.#memory ??
        createInstance(scratchBytes + maxBytes)?.memory ??
        new ArrayBuffer(maxBytes);
      [this.#buffer, this.#base] = "buffer" in memory ? [memory.buffer, scratchBytes] : [memory, 0];
    } catch (cause) {
      const message =
        `maxBytes is ${maxBytes}, which this host does not give; allowed: less, or several ` +
        "arenas";
      throw new InvalidArgumentError("maxBytes", message, { cause });
    }
    this.capacityBytes = Math.floor((this.#buffer.byteLength - this.#base) / ALIGNMENT) * ALIGNMENT;
    this.#free = [{ offset: this.#base, bytes: this.capacityBytes }];
    this.#fresh = this.#base;
  }

  /**
   * What other threads need, for {@link openSharedMemory}; undefined when the arena is not shared
   * or disposed of.
   */
  get memory(): SharedMemory | undefined {
    return this.#memory;
  }

  /** Bytes taken by arrays that were not released. */
  get usedBytes(): number {
    let sum = 0;
    for (const bytes of this.#used.values()) sum += bytes;
    return sum;
  }

  /**
   * A fresh array of zeros, for example `allocate(Float32Array, 1024)`.
   * @throws InvalidArgumentError when `length` is not an integer from 0, when no free block is long
   *   enough, or after {@link dispose}
   */
  allocate<T extends ArenaArray>(type: ArenaArrayType<T>, length: number): T {
    const buffer = this.#buffer;
    if (buffer === undefined)
      throw new InvalidArgumentError("arena", "arena is disposed of; allowed: an arena in use");
    if (!Number.isSafeInteger(length) || length < 0)
      throw new InvalidArgumentError(
        "length",
        `length is ${describeValue(length)}; allowed: an integer from 0`,
      );
    const wanted =
      Math.max(1, Math.ceil((length * type.BYTES_PER_ELEMENT) / ALIGNMENT)) * ALIGNMENT;
    const at = this.#free.findIndex((block) => block.bytes >= wanted);
    const block = this.#free[at];
    if (block === undefined) {
      const greatest = this.#free.reduce((most, { bytes }) => Math.max(most, bytes), 0);
      const message =
        `length is ${length}, ${wanted} bytes; allowed: up to ${greatest} bytes, the greatest ` +
        "free block of this arena";
      throw new InvalidArgumentError("length", message);
    }
    const { offset } = block;
    if (block.bytes === wanted) this.#free.splice(at, 1);
    else this.#free[at] = { offset: offset + wanted, bytes: block.bytes - wanted };
    this.#used.set(offset, wanted);
    if (offset < this.#fresh)
      new Uint8Array(buffer, offset, Math.min(wanted, this.#fresh - offset)).fill(0);
    this.#fresh = Math.max(this.#fresh, offset + wanted);
    return new type(buffer, offset, length);
  }

  /** A copy of the values in the arena. @throws InvalidArgumentError as {@link allocate} */
  put(values: Float32Array): Float32Array {
    const array = this.allocate<Float32Array>(Float32Array, values.length);
    array.set(values);
    return array;
  }

  /** Whether an array lies in this arena. */
  holds(array: ArrayBufferView): boolean {
    return this.#buffer !== undefined && array.buffer === this.#buffer;
  }

  /**
   * Gives an array's memory back; the array must not be used afterwards.
   * @throws InvalidArgumentError for an array that this arena did not make or that was released
   *   already
   */
  release(array: ArenaArray): void {
    const bytes = this.holds(array) ? this.#used.get(array.byteOffset) : undefined;
    if (bytes === undefined) {
      const message =
        "array is not one that this arena made and holds; allowed: each of those once";
      throw new InvalidArgumentError("array", message);
    }
    this.#used.delete(array.byteOffset);
    let { byteOffset: offset } = array;
    let length = bytes;
    const rest: Block[] = [];
    for (const block of this.#free) {
      if (block.offset + block.bytes === offset) {
        offset = block.offset;
        length += block.bytes;
      } else if (offset + length === block.offset) length += block.bytes;
      else rest.push(block);
    }
    rest.push({ offset, bytes: length });
    this.#free = rest.sort((a, b) => a.offset - b.offset);
  }

  /** Lets go of the memory; it is freed once no array made here is in use any more. */
  dispose(): void {
    this.#buffer = undefined;
    this.#memory = undefined;
    this.#used.clear();
    this.#free = [];
  }
}
