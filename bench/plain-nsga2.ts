/**
 * The reference: a plain NSGA-II (Deb et al., 2002) on typed arrays, as short as possible. It has
 * uniform crossover, a fresh draw of each gene with probability 1 / genes, and binary tournaments.
 * It has no archive and remembers no evaluations.
 */
export interface PlainProblem {
  readonly counts: Uint8Array;
  readonly objectives: number;
  evaluate(genes: Uint8Array, offset: number, out: Float64Array, at: number): void;
}

export function plainNsga2(problem: PlainProblem, size: number, generations: number, seed: number) {
  const { counts, objectives: d } = problem;
  const length = counts.length;
  const genes = new Uint8Array(2 * size * length);
  const points = new Float64Array(2 * size * d);
  const rank = new Int32Array(2 * size);
  const crowding = new Float64Array(2 * size);
  const random = mulberry32(seed);
  const pick = () => {
    const a = Math.floor(random() * size);
    const b = Math.floor(random() * size);
    return rank[a]! < rank[b]! || (rank[a] === rank[b] && crowding[a]! > crowding[b]!) ? a : b;
  };
  for (let i = 0; i < size; i++) {
    for (let g = 0; g < length; g++) genes[i * length + g] = Math.floor(random() * counts[g]!);
    problem.evaluate(genes, i * length, points, i * d);
  }
  sortAndCrowd(points, d, size, rank, crowding);
  for (let generation = 1; generation < generations; generation++) {
    for (let child = size; child < 2 * size; child++) {
      const [a, b] = [pick(), pick()];
      const cross = random() < 0.9;
      for (let g = 0; g < length; g++) {
        const from = cross && random() < 0.5 ? b : a;
        genes[child * length + g] =
          random() < 1 / length ? Math.floor(random() * counts[g]!) : genes[from * length + g]!;
      }
      problem.evaluate(genes, child * length, points, child * d);
    }
    sortAndCrowd(points, d, 2 * size, rank, crowding);
    const order = Array.from({ length: 2 * size }, (_, i) => i)
      .sort((a, b) => rank[a]! - rank[b]! || crowding[b]! - crowding[a]! || a - b)
      .slice(0, size)
      .sort((a, b) => a - b);
    for (const [to, from] of order.entries()) {
      genes.copyWithin(to * length, from * length, (from + 1) * length);
      points.copyWithin(to * d, from * d, (from + 1) * d);
      rank[to] = rank[from]!;
      crowding[to] = crowding[from]!;
    }
  }
  return { genes: genes.subarray(0, size * length), points: points.slice(0, size * d) };
}

function sortAndCrowd(
  p: Float64Array,
  d: number,
  count: number,
  rank: Int32Array,
  crowding: Float64Array,
) {
  const beatenBy = new Int32Array(count);
  const beats: number[][] = Array.from({ length: count }, () => []);
  for (let i = 0; i < count; i++)
    for (let j = i + 1; j < count; j++) {
      let [less, more] = [false, false];
      for (let k = 0; k < d && !(less && more); k++) {
        if (p[i * d + k]! < p[j * d + k]!) less = true;
        else if (p[i * d + k]! > p[j * d + k]!) more = true;
      }
      if (less === more) continue;
      beats[less ? i : j]!.push(less ? j : i);
      beatenBy[less ? j : i]!++;
    }
  let front = Array.from({ length: count }, (_, i) => i).filter((i) => beatenBy[i] === 0);
  for (let level = 0; front.length > 0; level++) {
    const next: number[] = [];
    for (const i of front) {
      rank[i] = level;
      crowding[i] = 0;
      for (const j of beats[i]!) if (--beatenBy[j]! === 0) next.push(j);
    }
    for (let k = 0; k < d; k++) {
      front.sort((a, b) => p[a * d + k]! - p[b * d + k]!);
      const span = p[front.at(-1)! * d + k]! - p[front[0]! * d + k]! || 1;
      crowding[front[0]!] = crowding[front.at(-1)!] = Number.POSITIVE_INFINITY;
      for (let i = 1; i + 1 < front.length; i++)
        crowding[front[i]!]! += (p[front[i + 1]! * d + k]! - p[front[i - 1]! * d + k]!) / span;
    }
    front = next;
  }
}

/** A small 32-bit generator, good enough for a reference. */
export function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
