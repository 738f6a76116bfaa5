/**
 * Non-dominated points in a typed array, in no order, each with the number its owner gave it. Equal points are kept
 * once. Unbounded. For thousands of insertions in a millisecond; `ParetoArchive` of `pareto/` has order and keys.
 */
export class VectorArchive {
  size = 0;
  #points: Float64Array;
  #owners: Int32Array;

  constructor(readonly dimensions: number) {
    this.#points = new Float64Array(64 * dimensions);
    this.#owners = new Int32Array(64);
  }

  /** Row-major; only the first `size` rows count. */
  get points(): Float64Array {
    return this.#points;
  }

  /** The owner's number of member `index`. */
  owner(index: number): number {
    return this.#owners[index]!;
  }

  /** Offers row `row` of `points`; false when a member is no worse in any objective. */
  insert(points: Float64Array, row: number, owner: number): boolean {
    const d = this.dimensions;
    const own = this.#points;
    const offset = row * d;
    const first = points[offset]!;
    let size = this.size;
    for (let i = 0; i < size; ) {
      const at = i * d;
      if (own[at]! <= first) {
        let k = 1;
        while (k < d && own[at + k]! <= points[offset + k]!) k++;
        if (k === d) {
          // What beats one beats more: look there first next time.
          this.#swap(i, i >> 1);
          return false;
        }
        if (own[at]! < first) {
          i++;
          continue;
        }
      }
      let k = 1;
      while (k < d && own[at + k]! >= points[offset + k]!) k++;
      if (k === d) {
        size--;
        own.copyWithin(at, size * d, (size + 1) * d);
        this.#owners[i] = this.#owners[size]!;
      } else i++;
    }
    if (size === this.#owners.length) this.#grow();
    for (let k = 0; k < d; k++) this.#points[size * d + k] = points[offset + k]!;
    this.#owners[size] = owner;
    this.size = size + 1;
    return true;
  }

  #swap(a: number, b: number): void {
    if (a === b) return;
    const d = this.dimensions;
    for (let k = 0; k < d; k++) {
      const held = this.#points[a * d + k]!;
      this.#points[a * d + k] = this.#points[b * d + k]!;
      this.#points[b * d + k] = held;
    }
    const held = this.#owners[a]!;
    this.#owners[a] = this.#owners[b]!;
    this.#owners[b] = held;
  }

  #grow(): void {
    const points = new Float64Array(this.#points.length * 2);
    points.set(this.#points);
    this.#points = points;
    const owners = new Int32Array(this.#owners.length * 2);
    owners.set(this.#owners);
    this.#owners = owners;
  }
}
