import type { Random } from "../random/random.js";
import { Ranking } from "./ranking.js";

/**
 * Genes in a typed array, row after row: whole numbers for choices, reals for real-coded problems.
 */
export type GeneArray = Uint8Array | Uint16Array | Float64Array;

/**
 * The population of NSGA-II (Deb et al., 2002) in typed arrays: parents in the first rows, children
 * behind them, one survival for both. What a gene means and how children are made is not its
 * business.
 */
export class Population<G extends GeneArray> {
  /** Members that survive. */
  size = 0;
  /** Children behind them that wait for {@link Population.survive}. */
  children = 0;
  readonly points: Float64Array;
  readonly #ranking: Ranking;
  readonly #order: Uint32Array;

  /**
   * @param genes an array with room for `capacity + brood` rows; the population writes into it
   * @param capacity most survivors
   * @param brood most children of a generation
   */
  constructor(
    readonly genes: G,
    readonly geneCount: number,
    readonly objectives: number,
    readonly capacity: number,
    readonly brood: number,
  ) {
    const rows = capacity + brood;
    this.points = new Float64Array(rows * objectives);
    this.#ranking = new Ranking(rows, objectives);
    this.#order = new Uint32Array(rows);
  }

  /**
   * Row of the next child; the caller fills its genes and objectives and then calls
   * {@link Population.keep}.
   */
  get next(): number {
    return this.size + this.children;
  }

  /** Counts the row at `next` as a child. */
  keep(): void {
    this.children++;
  }

  /** A view on the genes of a row. */
  row(index: number): G {
    return this.genes.subarray(index * this.geneCount, (index + 1) * this.geneCount) as G;
  }

  /** Row of a parent by crowded binary tournament; needs a survival before. */
  tournament(random: Random): number {
    return this.better(random.integer(this.size), random.integer(this.size));
  }

  /** The row that wins a crowded tournament: the lower rank, then the lonelier, then the first. */
  better(a: number, b: number): number {
    const { rank, crowding } = this.#ranking;
    if (rank[a] !== rank[b]) return rank[a]! < rank[b]! ? a : b;
    return crowding[b]! > crowding[a]! ? b : a;
  }

  /** Parents and children compete for the places, in the order of their rows. */
  survive(): void {
    const count = this.size + this.children;
    const { rank, crowding } = this.#ranking;
    this.#ranking.update(this.points, count, this.capacity);
    if (count > this.capacity) {
      const last = this.#thinLastFront(count);
      let to = 0;
      for (let from = 0; from < count; from++) {
        if (rank[from]! > last || (rank[from] === last && crowding[from] === -1)) continue;
        if (from !== to) {
          this.genes.copyWithin(
            to * this.geneCount,
            from * this.geneCount,
            (from + 1) * this.geneCount,
          );
          this.points.copyWithin(
            to * this.objectives,
            from * this.objectives,
            (from + 1) * this.objectives,
          );
          rank[to] = rank[from]!;
          crowding[to] = crowding[from]!;
        }
        to++;
      }
    }
    this.size = Math.min(count, this.capacity);
    this.children = 0;
  }

  /** Of the front that no longer fits as a whole, the most crowded leave. Returns its rank. */
  #thinLastFront(count: number): number {
    const { rank, crowding } = this.#ranking;
    const sizes: number[] = [];
    for (let i = 0; i < count; i++) sizes[rank[i]!] = (sizes[rank[i]!] ?? 0) + 1;
    let last = 0;
    let total = sizes[0]!;
    while (total < this.capacity) total += sizes[++last]!;
    if (total > this.capacity) {
      let size = 0;
      for (let i = 0; i < count; i++) if (rank[i] === last) this.#order[size++] = i;
      const members = this.#order.subarray(0, size);
      const excess = total - this.capacity;
      // Spread is worth its price only when everybody is on the first front; before that one look
      // is enough.
      if (last === 0) this.#ranking.thin(this.points, members, excess);
      else {
        members.sort((a, b) => compare(crowding[a]!, crowding[b]!) || b - a);
        for (let i = 0; i < excess; i++) crowding[members[i]!] = -1;
      }
    }
    return last;
  }
}

function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
