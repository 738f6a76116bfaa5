/**
 * Non-dominated points of the plane (both coordinates minimised) and the area they dominate up to a
 * reference corner, kept up to date point by point. Points must lie below the reference in both
 * coordinates.
 */
export class Staircase {
  /** Ascending x, and with it descending y. */
  readonly #x: Float64Array;
  readonly #y: Float64Array;
  #size = 0;
  #area = 0;

  /** @param capacity most points ever held */
  constructor(
    capacity: number,
    readonly referenceX: number,
    readonly referenceY: number,
  ) {
    this.#x = new Float64Array(capacity);
    this.#y = new Float64Array(capacity);
  }

  /** Area dominated so far. */
  get area(): number {
    return this.#area;
  }

  /** Forgets all points. */
  clear(): void {
    this.#size = 0;
    this.#area = 0;
  }

  /** Adds a point; one that is covered already changes nothing. */
  insert(x: number, y: number): void {
    const xs = this.#x;
    const ys = this.#y;
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (xs[middle]! <= x) low = middle + 1;
      else high = middle;
    }
    if (low > 0 && ys[low - 1]! <= y) return;
    // The steps it covers: those from the first with the same x on, while they are not lower.
    const start = low > 0 && xs[low - 1] === x ? low - 1 : low;
    let end = start;
    let left = x;
    let top = start > 0 ? ys[start - 1]! : this.referenceY;
    for (; end < this.#size && ys[end]! >= y; end++) {
      this.#area += (xs[end]! - left) * (top - y);
      left = xs[end]!;
      top = ys[end]!;
    }
    this.#area += ((end < this.#size ? xs[end]! : this.referenceX) - left) * (top - y);
    xs.copyWithin(start + 1, end, this.#size);
    ys.copyWithin(start + 1, end, this.#size);
    this.#size += 1 - (end - start);
    xs[start] = x;
    ys[start] = y;
  }
}
