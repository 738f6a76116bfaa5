/**
 * Ranks and crowding distances of points in typed arrays, with buffers that are used again from
 * call to call. The same figures as `nonDominatedSort` and `crowdingDistance` of `pareto/`, which
 * check their input and cost ten times as much: fronts by efficient non-dominated sort with binary
 * search (Zhang et al., ENS-BS, 2015), crowding after Deb et al. (NSGA-II, 2002); of equal points
 * only the first in its front gets a distance above 0.
 */
export class Ranking {
  /** Front of each point; 0 is best. */
  readonly rank: Int32Array;
  /** Crowding distance within its front, 0 to Infinity. */
  readonly crowding: Float64Array;
  readonly #dimensions: number;
  readonly #order: Uint32Array;
  /** Latest member of each front, and of each point the one before it in its front; -1 = none. */
  readonly #last: Int32Array;
  readonly #previous: Int32Array;
  readonly #members: Uint32Array;
  /** Place of each point in lexicographic order: it decides between equals. */
  readonly #place: Uint32Array;

  /** @param capacity most points in a call */
  constructor(capacity: number, dimensions: number) {
    this.#dimensions = dimensions;
    this.rank = new Int32Array(capacity);
    this.crowding = new Float64Array(capacity);
    this.#order = new Uint32Array(capacity);
    this.#last = new Int32Array(capacity);
    this.#previous = new Int32Array(capacity);
    this.#members = new Uint32Array(capacity);
    this.#place = new Uint32Array(capacity);
  }

  /**
   * Fills `rank` and `crowding` for the first `count` points.
   * @param points row-major, all minimised, no NaN
   * @param enough fronts that start after this many points all get the rank of the first such
   *   front, and no crowding
   * @returns the number of fronts that were told apart
   */
  update(points: Float64Array, count: number, enough = count): number {
    const d = this.#dimensions;
    const order = this.#order.subarray(0, count);
    for (let i = 0; i < count; i++) order[i] = i;
    order.sort((a, b) => {
      for (let k = 0; k < d; k++) {
        const difference = points[a * d + k]! - points[b * d + k]!;
        if (difference !== 0) return difference;
      }
      return a - b;
    });
    let fronts = 0;
    for (let at = 0; at < count; at++) {
      const point = order[at]!;
      this.#place[point] = at;
      let low = 0;
      let high = fronts;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.#isBeaten(points, point, this.#last[middle]!)) low = middle + 1;
        else high = middle;
      }
      this.rank[point] = low;
      this.#previous[point] = low === fronts ? -1 : this.#last[low]!;
      this.#last[low] = point;
      if (low === fronts) fronts++;
    }
    let placed = 0;
    for (let front = 0; front < fronts; front++) {
      let size = 0;
      for (let point = this.#last[front]!; point >= 0; point = this.#previous[point]!)
        this.#members[size++] = point;
      // In the order that they came: ascending by the first objective.
      const members = this.#members.subarray(0, size).reverse();
      if (placed >= enough) for (const point of members) this.crowding[point] = 0;
      else this.#crowd(points, members);
      placed += size;
    }
    return fronts;
  }

  #isBeaten(points: Float64Array, point: number, latest: number): boolean {
    const d = this.#dimensions;
    const offset = point * d;
    for (let other = latest; other >= 0; other = this.#previous[other]!) {
      // Sorted by the first objective: the others decide, and one that is equal in all is no
      // victory.
      let k = 1;
      const row = other * d;
      while (k < d && points[row + k]! <= points[offset + k]!) k++;
      if (k === d) {
        let same = true;
        for (let m = 0; m < d && same; m++) same = points[row + m]! === points[offset + m]!;
        if (!same) return true;
      }
      if (d === 2) return false;
    }
    return false;
  }

  /** @param members ascending in lexicographic order; reordered */
  #crowd(points: Float64Array, members: Uint32Array): void {
    const d = this.#dimensions;
    const { crowding } = this;
    const place = this.#place;
    let size = 0;
    for (let i = 0; i < members.length; i++) {
      const point = members[i]!;
      crowding[point] = 0;
      let same = i > 0;
      const before = members[size - 1]!;
      for (let k = 0; k < d && same; k++) same = points[before * d + k]! === points[point * d + k]!;
      if (!same) members[size++] = point;
    }
    const distinct = members.subarray(0, size);
    for (let k = 0; k < d; k++) {
      if (k > 0) {
        // Two objectives: the front is sorted by the second one backwards.
        if (d === 2) distinct.reverse();
        else
          distinct.sort((a, b) => points[a * d + k]! - points[b * d + k]! || place[a]! - place[b]!);
      }
      const [first, last] = [distinct[0]!, distinct[size - 1]!];
      crowding[first] = Number.POSITIVE_INFINITY;
      crowding[last] = Number.POSITIVE_INFINITY;
      const span = points[last * d + k]! - points[first * d + k]!;
      if (!(span > 0)) continue;
      for (let i = 1; i + 1 < size; i++)
        crowding[distinct[i]!]! +=
          (points[distinct[i + 1]! * d + k]! - points[distinct[i - 1]! * d + k]!) / span;
    }
  }

  /**
   * Takes `excess` members out of a front one by one, each time the most crowded, neighbours
   * closing up before the next (after Kukkonen and Deb, 2006): the rest is spread more evenly than
   * by one pass over all. Needs an update before. Afterwards `crowding` of who left is -1, of the
   * rest their distance.
   * @param members indices of the front, reordered
   */
  thin(points: Float64Array, members: Uint32Array, excess: number): void {
    const d = this.#dimensions;
    const { crowding } = this;
    const place = this.#place;
    const count = members.length;
    members.sort((a, b) => place[a]! - place[b]!);
    // Repetitions of an earlier point go to the end and have no distance: they leave first.
    let distinct = 0;
    const repeated: number[] = [];
    for (let i = 0; i < count; i++) {
      let same = distinct > 0;
      for (let k = 0; k < d && same; k++)
        same = points[members[distinct - 1]! * d + k]! === points[members[i]! * d + k]!;
      if (same) repeated.push(members[i]!);
      else members[distinct++] = members[i]!;
    }
    members.set(repeated, distinct);
    // Links by position among the distinct ones, a list for each objective; -1 = an end.
    const before = new Int32Array(count * d);
    const after = new Int32Array(count * d);
    const spans = new Float64Array(d);
    const order = new Uint32Array(distinct);
    const value = (i: number, k: number) => points[members[i]! * d + k]!;
    for (let k = 0; k < d; k++) {
      for (let i = 0; i < distinct; i++) order[i] = i;
      if (k > 0) order.sort((a, b) => value(a, k) - value(b, k) || a - b);
      for (let i = 0; i < distinct; i++) {
        before[order[i]! * d + k] = i > 0 ? order[i - 1]! : -1;
        after[order[i]! * d + k] = i + 1 < distinct ? order[i + 1]! : -1;
      }
      spans[k] = value(order[distinct - 1]!, k) - value(order[0]!, k) || 1;
    }
    const distance = new Float64Array(count);
    const measure = (i: number) => {
      let sum = 0;
      for (let k = 0; k < d; k++) {
        const [low, high] = [before[i * d + k]!, after[i * d + k]!];
        sum +=
          low < 0 || high < 0
            ? Number.POSITIVE_INFINITY
            : (value(high, k) - value(low, k)) / spans[k]!;
      }
      distance[i] = sum;
    };
    for (let i = 0; i < distinct; i++) measure(i);
    const gone = new Uint8Array(count);
    for (let round = 0; round < excess; round++) {
      let victim = -1;
      for (let i = 0; i < count; i++)
        if (gone[i] === 0 && (victim < 0 || distance[i]! <= distance[victim]!)) victim = i;
      gone[victim] = 1;
      if (victim >= distinct) continue;
      for (let k = 0; k < d; k++) {
        const [low, high] = [before[victim * d + k]!, after[victim * d + k]!];
        if (low >= 0) after[low * d + k] = high;
        if (high >= 0) before[high * d + k] = low;
      }
      for (let k = 0; k < d; k++) {
        const [low, high] = [before[victim * d + k]!, after[victim * d + k]!];
        if (low >= 0) measure(low);
        if (high >= 0) measure(high);
      }
    }
    for (let i = 0; i < count; i++) crowding[members[i]!] = gone[i] === 1 ? -1 : distance[i]!;
  }
}
