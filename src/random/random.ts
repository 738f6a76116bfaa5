import seedrandom from "seedrandom";

/** The state of a generator: plain JSON data, restored by {@link Random.restore}. */
export interface RandomState {
  readonly i: number;
  readonly j: number;
  readonly S: readonly number[];
}

/**
 * Seeded random numbers (ARC4, https://github.com/davidbau/seedrandom). The same seed gives the
 * same stream on every platform. No module of this library draws from anywhere else.
 */
export class Random {
  readonly #seed: string;
  readonly #generator: seedrandom.StatefulPRNG<seedrandom.State.Arc4>;

  /** @param seed any string or number; equal seeds give equal streams */
  constructor(seed: string | number, state?: RandomState) {
    this.#seed = String(seed);
    this.#generator = seedrandom(this.#seed, {
      state: state === undefined ? true : { ...state, S: [...state.S] },
    });
  }

  /** A generator that goes on from a saved state. */
  static restore(seed: string | number, state: RandomState): Random {
    return new Random(seed, state);
  }

  /** The present state, as plain data. */
  state(): RandomState {
    return this.#generator.state();
  }

  /**
   * An independent stream named by `label`; it depends on the seed and the label, not on draws made
   * so far.
   */
  child(label: string): Random {
    return new Random(`${this.#seed}/${label}`);
  }

  /** A uniform double in [0, 1). */
  next(): number {
    return this.#generator();
  }

  /** A uniform integer in [0, bound); `bound` is a positive integer below 2^31. */
  integer(bound: number): number {
    return Math.floor(this.#generator() * bound);
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.#generator() < probability;
  }

  /** One of the items, each as likely; `items` is not empty. */
  pick<T>(items: readonly T[]): T {
    return items[this.integer(items.length)] as T;
  }

  /** A standard normal deviate (Marsaglia's polar method, one of the pair). */
  normal(): number {
    for (;;) {
      const u = 2 * this.#generator() - 1;
      const v = 2 * this.#generator() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s);
    }
  }

  /** Shuffles in place (Fisher and Yates) and returns the same array. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const held = items[i] as T;
      items[i] = items[j] as T;
      items[j] = held;
    }
    return items;
  }
}
