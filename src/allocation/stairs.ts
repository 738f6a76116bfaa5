/** Non-dominated pairs of the plane, both minimised, asked pair by pair. */
export class Stairs {
  /** Ascending x, and with it descending y. */
  #x = new Float64Array(64);
  #y = new Float64Array(64);
  #size = 0;

  /** Adds a pair; false when one that is there is no larger in both. */
  insert(x: number, y: number): boolean {
    const xs = this.#x;
    const ys = this.#y;
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (xs[middle]! <= x) low = middle + 1;
      else high = middle;
    }
    if (low > 0 && ys[low - 1]! <= y) return false;
    const start = low > 0 && xs[low - 1] === x ? low - 1 : low;
    let end = start;
    while (end < this.#size && ys[end]! >= y) end++;
    if (end === start && this.#size === xs.length) {
      this.#x = grown(xs);
      this.#y = grown(ys);
      return this.insert(x, y);
    }
    if (end !== start + 1) {
      xs.copyWithin(start + 1, end, this.#size);
      ys.copyWithin(start + 1, end, this.#size);
      this.#size += 1 - (end - start);
    }
    xs[start] = x;
    ys[start] = y;
    return true;
  }
}

function grown(row: Float64Array): Float64Array<ArrayBuffer> {
  const wide = new Float64Array(row.length * 2);
  wide.set(row);
  return wide;
}
