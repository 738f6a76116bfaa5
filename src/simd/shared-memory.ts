import { bindShared, createInstance, memoryOf } from "./simd.js";
import { SCRATCH_BYTES } from "./simd-instance.js";

/**
 * The memory of a shared arena, as it goes to other threads through postMessage. A plain buffer
 * where there is no SIMD.
 */
export type SharedMemory = WebAssembly.Memory | SharedArrayBuffer;

/** Most threads that a shared memory has scratch for. */
export const MOST_THREADS = 256;

// Int32 words at the start of a shared memory, where no kernel writes. The first says how many
// threads it has scratch for. Then follow, for each thread but the first, its owner or 0; then the
// latest owner.
const PLACES = 0;
const LATEST_OWNER = MOST_THREADS;
const WORDS = MOST_THREADS + 1;
/** The owner of places that are never given back. */
const NO_ONE = 1;

/**
 * Memory for `bytes` of tensors behind the scratch of `threads` threads, the first of which is this
 * one.
 */
export function createShared(bytes: number, threads: number): SharedMemory {
  const memory = createInstance(threads * SCRATCH_BYTES + bytes, true)?.memory;
  if (memory === undefined) return new SharedArrayBuffer(bytes);
  const words = new Int32Array(memory.buffer, 0, WORDS);
  words[PLACES] = threads;
  words[LATEST_OWNER] = NO_ONE;
  return memory;
}

/**
 * Lets the kernels of this thread work on a `TensorArena` of another one without copying. The
 * thread takes scratch of its own in the arena's memory, for each time that the memory was posted
 * to it. Arrays are then made on the buffer that comes back, at the `byteOffset` and `length` that
 * the other thread told. When more threads come than the arena has scratch for, theirs give the
 * same results by staging. Who writes to an array, and when, is the caller's to order.
 * @param memory `arena.memory`, posted
 */
export function openSharedMemory(memory: SharedMemory): SharedArrayBuffer {
  return joinSharedMemory(memory, NO_ONE);
}

/**
 * As {@link openSharedMemory}, for threads whose scratch {@link leaveSharedMemory} gives back.
 * @param owner from {@link nextOwner}
 */
export function joinSharedMemory(memory: SharedMemory, owner: number): SharedArrayBuffer {
  if (!("buffer" in memory)) return memory;
  const words = wordsOf(memory);
  if (memoryOf(words) === undefined)
    for (let place = 1; place < words[PLACES]!; place++)
      if (Atomics.compareExchange(words, place, 0, owner) === 0) {
        bindShared(memory, place * SCRATCH_BYTES);
        break;
      }
  return words.buffer;
}

/** A number for a group of threads, which no other group of this memory has. */
export function nextOwner(memory: SharedMemory): number {
  return "buffer" in memory ? Atomics.add(wordsOf(memory), LATEST_OWNER, 1) + 1 : NO_ONE;
}

/** Gives back the scratch of an owner's threads, all of which have ended. */
export function leaveSharedMemory(memory: SharedMemory, owner: number): void {
  if (!("buffer" in memory)) return;
  const words = wordsOf(memory);
  for (let place = 1; place < words[PLACES]!; place++)
    Atomics.compareExchange(words, place, owner, 0);
}

function wordsOf(memory: WebAssembly.Memory): Int32Array<SharedArrayBuffer> {
  return new Int32Array(memory.buffer as unknown as SharedArrayBuffer, 0, WORDS);
}
