/** As many codes as 8 bits have: pixels, masks, and what was quantized before. */
const MOST = 256;

/**
 * The values of a stream with their counts, as long as there are few different ones. What it holds
 * depends on the values alone, not on their order or their batches.
 */
export class DistinctValues {
  #counts: Map<number, number> | undefined = new Map();

  add(values: Float32Array): void {
    const counts = this.#counts;
    if (counts === undefined) return;
    for (let i = 0; i < values.length; i++) {
      const x = values[i]!;
      const before = counts.get(x);
      if (before === undefined && counts.size === MOST) {
        this.#counts = undefined;
        return;
      }
      counts.set(x, (before ?? 0) + 1);
    }
  }

  /** Value and count of each, ascending; undefined when there are more than 256. */
  entries(): readonly (readonly [value: number, count: number])[] | undefined {
    return this.#counts && [...this.#counts].sort(([a], [b]) => a - b);
  }
}
