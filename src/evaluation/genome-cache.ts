import { InvalidArgumentError } from "../errors.js";
import type { GenomeMetrics, QuantizationGenome } from "../genome/quantization-genome.js";

/**
 * Remembers what was found out about genomes, by {@link QuantizationGenome.key}: genomes that
 * quantize alike share an entry. Holds at most `capacity` entries; the one not asked for longest
 * goes first.
 */
export class GenomeCache<V = GenomeMetrics> {
  // A Map iterates in order of insertion: moving an entry to the end on use keeps the oldest in
  // front.
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

  /** Entries held. */
  get size(): number {
    return this.#entries.size;
  }
  /** What is remembered, the value not asked for or set for longest first. */
  get values(): readonly V[] {
    return [...this.#entries.values()];
  }
  /** Calls of `get` that found something. */
  get hits(): number {
    return this.#hits;
  }
  /** Calls of `get` that found nothing. */
  get misses(): number {
    return this.#misses;
  }

  /** What is known about the genome; undefined when nothing is. */
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

  /** The same without counting, and without making the entry younger. */
  peek(genome: QuantizationGenome): V | undefined {
    return this.#entries.get(genome.key);
  }

  /** Remembers a value, in place of an older one. */
  set(genome: QuantizationGenome, value: V): void {
    this.#entries.delete(genome.key);
    this.#entries.set(genome.key, value);
    if (this.#entries.size > this.capacity) {
      const oldest = this.#entries.keys().next();
      if (!oldest.done) this.#entries.delete(oldest.value);
    }
  }

  /** Forgets all entries and counts. */
  clear(): void {
    this.#entries.clear();
    this.#hits = 0;
    this.#misses = 0;
  }
}
