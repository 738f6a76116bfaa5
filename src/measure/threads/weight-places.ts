import {
  leaveSharedMemory,
  MOST_THREADS,
  nextOwner,
  type SharedMemory,
} from "../../simd/shared-memory.js";
import { memoryOf } from "../../simd/simd.js";
import { TensorArena } from "../../simd/tensor-arena.js";

/** A memory that threads are given, and who they are in it. */
export interface OwnedMemory {
  readonly memory: SharedMemory;
  readonly owner: number;
}

/** Where weights lie in the memories that threads were given. */
export interface PlacedWeights {
  /** Index into {@link WeightPlaces.memories}. */
  readonly memory: number;
  readonly byteOffset: number;
  readonly length: number;
}

/**
 * Most bytes of the arena that weights are copied into, so that there is scratch for 256 threads in
 * 4 GiB.
 */
const MOST_BYTES = 2 ** 32 - 2 ** 28;
const ALIGNMENT = 64;

/**
 * Weights as threads see them: those in shared memory stay where they are; others are copied into
 * an arena that has room for the largest, as many times as tasks run side by side.
 */
export class WeightPlaces {
  readonly memories: OwnedMemory[] = [];
  /** Tasks that may have their weights placed at the same time. */
  readonly concurrency: number;
  readonly #indices = new Map<ArrayBufferLike, number>();
  readonly #rooms: Float32Array[] = [];

  /** @throws InvalidArgumentError when this host does not give the arena */
  constructor(all: readonly Float32Array[], threads: number) {
    let greatest = 0;
    for (const weights of all)
      if (isShared(weights)) this.#indexOf(weights);
      else greatest = Math.max(greatest, weights.length);
    const roomBytes = Math.ceil((4 * greatest) / ALIGNMENT) * ALIGNMENT;
    this.concurrency =
      greatest === 0 ? threads : Math.min(threads, Math.floor(MOST_BYTES / roomBytes) || 1);
    if (greatest === 0) return;
    const arena = new TensorArena({
      maxBytes: this.concurrency * roomBytes,
      shared: true,
      threads: Math.min(MOST_THREADS, threads + 1),
    });
    for (let i = 0; i < this.concurrency; i++)
      this.#rooms.push(arena.allocate(Float32Array, greatest));
    this.#indexOf(this.#rooms[0]!);
  }

  /** Runs an action with weights in a place that threads find. */
  async with<R>(weights: Float32Array, action: (at: PlacedWeights) => Promise<R>): Promise<R> {
    const { length } = weights;
    if (isShared(weights))
      return action({ memory: this.#indexOf(weights), byteOffset: weights.byteOffset, length });
    const room = this.#rooms.pop()!;
    room.set(weights);
    try {
      return await action({ memory: this.#indexOf(room), byteOffset: room.byteOffset, length });
    } finally {
      this.#rooms.push(room);
    }
  }

  /** Once all threads have ended: others can have their scratch. */
  release(): void {
    for (const { memory, owner } of this.memories) leaveSharedMemory(memory, owner);
  }

  #indexOf(array: Float32Array): number {
    let index = this.#indices.get(array.buffer);
    if (index === undefined) {
      const memory = memoryOf(array) ?? (array.buffer as SharedArrayBuffer);
      index = this.memories.push({ memory, owner: nextOwner(memory) }) - 1;
      this.#indices.set(array.buffer, index);
    }
    return index;
  }
}

function isShared({ buffer }: Float32Array): boolean {
  return buffer instanceof SharedArrayBuffer;
}
