import type { Random } from "../random/random.js";
import { Ranking } from "./ranking.js";

/** Genes in a typed array, row after row: whole numbers for choices, reals for real-coded problems. */
export type GeneArray = Uint8Array | Uint16Array | Float64Array;

/**
 * The population of NSGA-II (Deb et al., 2002) in typed arrays: parents in the first rows, children behind them,
 * one survival for both. What a gene means and how children are made is not its business.
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

  /** Row of the next child; the caller fills its genes and objectives and then calls {@link Population.keep}. */
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
    const a = random.integer(this.size);
    const b = random.integer(this.size);
    const { rank, crowding } = this.#ranking;
    if (rank[a] !== rank[b]) return rank[a]! < rank[b]! ? a : b;
    return crowding[b]! > crowding[a]! ? b : a;
  }

  /** Parents and children compete for the places; the best come first. */
  survive(): void {
    const count = this.size + this.children;
    const { rank, crowding } = this.#ranking;
    this.#ranking.update(this.points, count, this.capacity);
    const order = this.#order.subarray(0, count);
    for (let i = 0; i < count; i++) order[i] = i;
    if (count > this.capacity) {
      order.sort((a, b) => rank[a]! - rank[b]! || compare(crowding[b]!, crowding[a]!) || a - b);
      const kept = order.subarray(0, this.capacity).sort();
      // In ascending order a row never overwrites one that is still to move.
      for (let at = 0; at < kept.length; at++) {
        const from = kept[at]!;
        if (from === at) continue;
        this.genes.copyWithin(at * this.geneCount, from * this.geneCount, (from + 1) * this.geneCount);
        this.points.copyWithin(at * this.objectives, from * this.objectives, (from + 1) * this.objectives);
        rank[at] = rank[from]!;
        crowding[at] = crowding[from]!;
      }
    }
    this.size = Math.min(count, this.capacity);
    this.children = 0;
  }
}

function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
