import type { Random } from "../random/random.js";
import { rankConstrained } from "./rank-constrained.js";
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
  /** How far each row breaks limits in all; 0 = not at all, as long as nobody says otherwise. */
  readonly violation: Float64Array;
  /** Of each row, larger is better. */
  readonly fitness: Float64Array;
  /** The number that {@link Population.describe} gave each row. */
  readonly ids: Int32Array;
  readonly #ranking: Ranking;
  readonly #order: Uint32Array;
  readonly #marks: Uint8Array;
  #hasFitness = false;
  #allFeasible = true;

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
    this.#marks = new Uint8Array(rows);
    this.violation = new Float64Array(rows);
    this.fitness = new Float64Array(rows);
    this.ids = new Int32Array(rows);
  }

  /** Front of a member; 0 is best. */
  rankOf(row: number): number {
    return this.#ranking.rank[row]!;
  }

  /** Crowding distance of a member within its front; larger is less crowded. */
  crowdingOf(row: number): number {
    return this.#ranking.crowding[row]!;
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

  /**
   * The row that wins a crowded tournament: the lower rank, then the less crowded, then the first.
   */
  better(a: number, b: number): number {
    const { rank, crowding } = this.#ranking;
    if (rank[a] !== rank[b]) return rank[a]! < rank[b]! ? a : b;
    return crowding[b]! > crowding[a]! ? b : a;
  }

  /** Parents and children have a fitness that counts beside rank and crowding. */
  get hasFitness(): boolean {
    return this.#hasFitness;
  }

  /** Row of a parent by fitness, of two equals the one drawn first. */
  fitnessTournament(random: Random): number {
    const a = random.integer(this.size);
    const b = random.integer(this.size);
    return this.fitness[b]! > this.fitness[a]! ? b : a;
  }

  /**
   * Says more of the row at `next` than its objectives.
   * @param violation how far it breaks limits in all, 0 = not at all: less comes before objectives
   * @param fitness larger is better
   * @param id a number that goes with the row
   */
  describe(violation: number, fitness: number, id: number): void {
    this.violation[this.next] = violation;
    this.fitness[this.next] = fitness;
    this.ids[this.next] = id;
    this.#hasFitness = true;
  }

  /**
   * Parents and children compete for the places, in the order of their rows: whole fronts under
   * constrained dominance as long as they fit, of the first that does not the least crowded.
   * @param elites kept before all others for their fitness alone
   */
  survive(elites = 0): void {
    const count = this.size + this.children;
    this.#rank(count);
    if (count > this.capacity) {
      const dropped = this.#dropped(count);
      if (elites > 0) this.#keepElites(dropped, count, elites);
      this.#close(dropped, count);
    }
    this.size = Math.min(count, this.capacity);
    this.children = 0;
  }

  #rank(count: number): void {
    let feasible = true;
    for (let i = 0; i < count && feasible; i++) feasible = this.violation[i] === 0;
    this.#allFeasible = feasible;
    if (feasible) {
      this.#ranking.update(this.points, count, this.capacity);
      return;
    }
    const { objectives: d } = this;
    const { rank, crowding } = rankConstrained(
      this.points.subarray(0, count * d),
      this.violation.subarray(0, count),
      d,
    );
    this.#ranking.rank.set(rank);
    this.#ranking.crowding.set(crowding);
  }

  /** Marks who leaves: later fronts, and the most crowded of the front that no longer fits. */
  #dropped(count: number): Uint8Array {
    const { rank, crowding } = this.#ranking;
    const dropped = this.#marks.fill(0, 0, count);
    const sizes: number[] = [];
    for (let i = 0; i < count; i++) sizes[rank[i]!] = (sizes[rank[i]!] ?? 0) + 1;
    let last = 0;
    let total = sizes[0]!;
    while (total < this.capacity) total += sizes[++last] ?? 0;
    for (let i = 0; i < count; i++) if (rank[i]! > last) dropped[i] = 1;
    if (total > this.capacity) {
      let size = 0;
      for (let i = 0; i < count; i++) if (rank[i] === last) this.#order[size++] = i;
      const members = this.#order.subarray(0, size);
      const excess = total - this.capacity;
      // Spread is worth its price only when everybody is on the first front; before that one
      // pass is enough.
      if (last === 0 && this.#allFeasible) {
        this.#ranking.thin(this.points, members, excess);
        for (const member of members) if (crowding[member] === -1) dropped[member] = 1;
      } else {
        members.sort((a, b) => compare(crowding[a]!, crowding[b]!) || b - a);
        for (let i = 0; i < excess; i++) dropped[members[i]!] = 1;
      }
    }
    return dropped;
  }

  /** The fittest stay; for each that would have left, the worst of the others goes. */
  #keepElites(dropped: Uint8Array, count: number, elites: number): void {
    const { rank, crowding } = this.#ranking;
    const rows = Array.from({ length: count }, (_, i) => i);
    const fittest = rows.toSorted((a, b) => compare(this.fitness[b]!, this.fitness[a]!) || a - b);
    const kept = new Set(fittest.slice(0, elites));
    const worst = rows
      .filter((row) => dropped[row] === 0 && !kept.has(row))
      .sort((a, b) => rank[b]! - rank[a]! || compare(crowding[a]!, crowding[b]!) || b - a);
    for (const row of kept) {
      if (dropped[row] === 0) continue;
      const leaves = worst.shift();
      if (leaves === undefined) break;
      dropped[row] = 0;
      dropped[leaves] = 1;
    }
  }

  /** Moves who stays to the first rows. */
  #close(dropped: Uint8Array, count: number): void {
    const { rank, crowding } = this.#ranking;
    const { geneCount, objectives } = this;
    let to = 0;
    for (let from = 0; from < count; from++) {
      if (dropped[from] === 1) continue;
      if (from !== to) {
        this.genes.copyWithin(to * geneCount, from * geneCount, (from + 1) * geneCount);
        this.points.copyWithin(to * objectives, from * objectives, (from + 1) * objectives);
        rank[to] = rank[from]!;
        crowding[to] = crowding[from]!;
        this.violation[to] = this.violation[from]!;
        this.fitness[to] = this.fitness[from]!;
        this.ids[to] = this.ids[from]!;
      }
      to++;
    }
  }
}

function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
