import { checkFields } from "../check/check-fields.js";
import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError } from "../errors.js";
import { checkList } from "./check-arguments.js";
import { crowdingDistance } from "./crowding-distance.js";
import { dominates } from "./dominates.js";
import { noObjective } from "./objective-matrix.js";

/** One member of a {@link ParetoArchive}. */
export interface ParetoEntry<T> {
  readonly item: T;
  /** All minimised. */
  readonly objectives: readonly number[];
}

/** How a {@link ParetoArchive} treats equals and excess. */
export interface ParetoArchiveOptions<T> {
  /**
   * Text by which items with equal objectives are told apart: the one that sorts first (by code
   * unit) stays.
   */
  readonly key: (item: T) => string;
  /** Most members; more are thinned by crowding distance. At least 1; default: no limit. */
  readonly capacity?: number | undefined;
}

/**
 * Items none of which is dominated by another, with distinct objectives. Without a capacity the
 * content depends only on what was inserted, never on the order. With one, whenever there is one
 * member too many, the most crowded goes; of equally crowded ones the last in the archive's order.
 * So the order of insertion matters, and nothing else does.
 */
export class ParetoArchive<T> {
  readonly #key: (item: T) => string;
  readonly #capacity: number;
  /** Ascending by objectives, first to last. */
  #entries: ParetoEntry<T>[] = [];

  /**
   * @throws InvalidArgumentError when `key` is no function or the capacity is not a positive
   *   integer
   */
  constructor(options: ParetoArchiveOptions<T>) {
    checkFields(options, "options", ["key", "capacity"]);
    if (typeof options.key !== "function")
      throw new InvalidArgumentError(
        "key",
        `key is ${describeValue(options.key)}; allowed: a function from an item to text`,
      );
    const capacity = options.capacity ?? Number.POSITIVE_INFINITY;
    if (!(capacity >= 1 && (Number.isInteger(capacity) || capacity === Number.POSITIVE_INFINITY)))
      throw new InvalidArgumentError(
        "capacity",
        `capacity is ${describeValue(capacity)}; allowed: an integer of at least 1`,
      );
    this.#key = options.key;
    this.#capacity = capacity;
  }

  /** Members, ascending by the first objective, equal ones by the second, and so on. */
  get entries(): readonly ParetoEntry<T>[] {
    return [...this.#entries];
  }

  /** The members' items, in the order of {@link ParetoArchive.entries}. */
  get items(): readonly T[] {
    return this.#entries.map((entry) => entry.item);
  }

  /** Number of members. */
  get size(): number {
    return this.#entries.length;
  }

  /**
   * Offers an item. Members that it dominates leave.
   * @param objectives at least one, as many as all others have, all minimised; infinity is allowed
   * @returns whether the item is a member now
   * @throws InvalidArgumentError on another number of objectives; InvalidDataError on NaN
   */
  insert(item: T, objectives: ArrayLike<number>): boolean {
    const entry: ParetoEntry<T> = { item, objectives: this.#checked(objectives) };
    const at = this.#lowerBound(entry.objectives);
    const equal = this.#entries[at];
    if (equal !== undefined && compareVectors(equal.objectives, entry.objectives) === 0) {
      if (this.#key(item) >= this.#key(equal.item)) return false;
      this.#entries[at] = entry;
      return true;
    }
    // Only what sorts before can dominate it, only what sorts behind can it dominate.
    for (let i = 0; i < at; i++)
      if (dominates(this.#entries[i]!.objectives, entry.objectives)) return false;
    const behind = this.#entries
      .slice(at)
      .filter((other) => !dominates(entry.objectives, other.objectives));
    this.#entries = [...this.#entries.slice(0, at), entry, ...behind];
    if (this.#entries.length > this.#capacity) return this.#dropMostCrowded() !== entry;
    return true;
  }

  #checked(objectives: ArrayLike<number>): readonly number[] {
    checkList(objectives, "objectives");
    const expected = this.#entries[0]?.objectives.length ?? Math.max(1, objectives.length);
    if (objectives.length !== expected)
      throw new InvalidArgumentError(
        "objectives",
        `objectives has ${objectives.length} numbers; allowed: ${expected}`,
      );
    // Adding 0 turns -0 into 0: equal objectives are then equal in print as well.
    return Array.from(objectives, (value, k) => {
      if (typeof value !== "number" || Number.isNaN(value)) throw noObjective(value, 0, k);
      return value + 0;
    });
  }

  #lowerBound(objectives: readonly number[]): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareVectors(this.#entries[middle]!.objectives, objectives) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #dropMostCrowded(): ParetoEntry<T> {
    const distances = crowdingDistance(this.#entries.map((entry) => entry.objectives));
    let victim = 0;
    for (let i = 1; i < distances.length; i++) if (distances[i]! <= distances[victim]!) victim = i;
    return this.#entries.splice(victim, 1)[0]!;
  }
}

function compareVectors(a: readonly number[], b: readonly number[]): number {
  for (const [k, x] of a.entries()) {
    const y = b[k]!;
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}
