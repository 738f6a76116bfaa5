import { InvalidArgumentError } from "../errors.js";
import type { GenomeMetrics, QuantizationGenome } from "../genome/quantization-genome.js";

/**
 * A least-recently-used cache of values by {@link QuantizationGenome.key}. Genomes that quantize
 * alike share an entry. When more than `capacity` entries are held, the least recently used one is
 * dropped.
 */
export class GenomeCache<V = GenomeMetrics> {
  // A Map iterates in insertion order. Moving an entry to the end on use keeps the oldest in front.
  readonly #entries = new Map<string, V>();
  #hits = 0;
  #misses = 0;

  /** @throws InvalidArgumentError when the capacity is not an integer of at least 1 */
  constructor(readonly capacity = 10_000) {
    if (!(Number.isInteger(capacity) && capacity >= 1))
      throw new InvalidArgumentError(
        "capacity",
        `capacity is ${capacity}; allowed: an integer of at least 1`,
      );
  }

  /** Number of entries. */
  get size(): number {
    return this.#entries.size;
  }
  /** All values, the least recently used first. */
  get values(): readonly V[] {
    return [...this.#entries.values()];
  }
  /** Number of calls of `get` that found a value. */
  get hits(): number {
    return this.#hits;
  }
  /** Number of calls of `get` that found none. */
  get misses(): number {
    return this.#misses;
  }

  /** The value of a genome, or undefined. Counts a hit or a miss, and marks the entry as used. */
  get(genome: QuantizationGenome): V | undefined {
    const { key } = genome;
    if (!this.#entries.has(key)) {
      this.#misses++;
      return undefined;
    }
    this.#hits++;
    const value = this.#entries.get(key) as V;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  /** The value of a genome, without counting and without marking the entry as used. */
  peek(genome: QuantizationGenome): V | undefined {
    return this.#entries.get(genome.key);
  }

  /** Stores a value, replacing an older one. */
  set(genome: QuantizationGenome, value: V): void {
    this.#entries.delete(genome.key);
    this.#entries.set(genome.key, value);
    if (this.#entries.size > this.capacity) {
      const oldest = this.#entries.keys().next();
      if (!oldest.done) this.#entries.delete(oldest.value);
    }
  }

  /** Removes all entries and resets the counts. */
  clear(): void {
    this.#entries.clear();
    this.#hits = 0;
    this.#misses = 0;
  }
}
