import type { Random } from "../random/random.js";

/**
 * Draws operators in proportion to how often their children were a gain, lately: probability
 * matching (Goldberg 1990; Thierens 2005) with a floor, so that an operator whose time has not come
 * yet stays alive.
 */
export class AdaptiveRates {
  readonly #quality: Float64Array;

  /**
   * @param count operators, at least 1
   * @param floor least probability of each times `count`, 0 to 1
   * @param memory part of the quality that one outcome replaces, 0 to 1
   * @param quality where to go on from, as {@link AdaptiveRates.quality} gave it; absent or of
   *   another length = all alike
   */
  constructor(
    count: number,
    readonly floor = 0.25,
    readonly memory = 0.02,
    quality?: readonly number[],
  ) {
    this.#quality =
      quality?.length === count ? Float64Array.from(quality) : new Float64Array(count).fill(1);
  }

  /** How often each operator's children were a gain, lately, 0 to 1: plain data. */
  get quality(): readonly number[] {
    return [...this.#quality];
  }

  /** Probability of each operator; they add up to 1. */
  get probabilities(): Float64Array {
    const total = this.#quality.reduce((sum, value) => sum + value, 0);
    const count = this.#quality.length;
    return this.#quality.map((value) => this.floor / count + ((1 - this.floor) * value) / total);
  }

  /** Index of an operator. */
  draw(random: Random): number {
    const quality = this.#quality;
    let total = 0;
    for (let i = 0; i < quality.length; i++) total += quality[i]!;
    const draw = random.next();
    if (draw < this.floor) return Math.floor((draw / this.floor) * quality.length);
    let rest = ((draw - this.floor) / (1 - this.floor)) * total;
    for (let i = 0; i < quality.length - 1; i++) {
      rest -= quality[i]!;
      if (rest < 0) return i;
    }
    return quality.length - 1;
  }

  /** Reports whether a child of an operator was a gain: 0 = none, 1 = one. */
  reward(operator: number, gain: number): void {
    // A little is left to whatever fails always, so that totals stay above 0.
    this.#quality[operator]! += this.memory * (Math.max(gain, 1e-3) - this.#quality[operator]!);
  }
}
