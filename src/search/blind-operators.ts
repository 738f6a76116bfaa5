import type { Random } from "../random/random.js";
import type { ChoiceProblem } from "./choice-problem.js";
import type { VectorOperator } from "./vector-operator.js";

/** Each gene from either parent, with even odds; then seldom a step. */
export function uniformMix(counts: Uint16Array): VectorOperator {
  return {
    name: "uniform-mix",
    mates: true,
    vary(child, mate, random) {
      let bits = 0;
      for (let g = 0; g < child.length; g++) {
        // 24 coins from one draw.
        if (g % 24 === 0) bits = Math.floor(random.next() * 0x1000000);
        if (bits & 1) child[g] = mate[g]!;
        bits >>>= 1;
      }
      if (random.chance(0.5)) step(child, counts, random);
    },
  };
}

/** A run of neighbouring genes from the second parent: a stage of a network goes as a whole. */
export function blockMix(counts: Uint16Array): VectorOperator {
  return {
    name: "block-mix",
    mates: true,
    vary(child, mate, random) {
      const start = random.integer(child.length);
      const length = 1 + random.integer(Math.max(1, child.length >> 1));
      for (let i = 0; i < length; i++) {
        const g = (start + i) % child.length;
        child[g] = mate[g]!;
      }
      if (random.chance(0.5)) step(child, counts, random);
    },
  };
}

/** One to three genes move one level up or down. */
export function steps(counts: Uint16Array): VectorOperator {
  return {
    name: "steps",
    mates: false,
    vary(child, _mate, random) {
      do step(child, counts, random);
      while (random.chance(0.3));
    },
  };
}

/** One gene moves up a level, another one down: what the first spends the second saves. */
export function swap(counts: Uint16Array): VectorOperator {
  return {
    name: "swap",
    mates: false,
    vary(child, _mate, random) {
      const up = random.integer(child.length);
      const down = random.integer(child.length);
      if (child[up]! + 1 < counts[up]!) child[up]!++;
      if (down !== up && child[down]! > 0) child[down]!--;
    },
  };
}

/** One gene takes any other choice. */
export function redraw(counts: Uint16Array): VectorOperator {
  return {
    name: "redraw",
    mates: false,
    vary(child, _mate, random) {
      const g = random.integer(child.length);
      if (counts[g]! > 1) child[g] = (child[g]! + 1 + random.integer(counts[g]! - 1)) % counts[g]!;
    },
  };
}

/**
 * A swap that the estimates say is nearly free: one gene takes another choice, the weighing of the
 * objectives is the one at which that change is worth exactly what it costs, and of a few changes
 * of other genes drawn by chance the one that this weighing likes best follows. Sometimes the
 * second change comes without the first.
 */
export function guidedSwap(problem: ChoiceProblem, tries = 8): VectorOperator {
  const { counts, objectives } = problem;
  const estimates = problem.estimates ?? [];
  const spans = new Float64Array(objectives);
  for (const row of estimates)
    for (let k = 0; k < objectives; k++) {
      let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      for (let c = k; c < row.length; c += objectives) {
        least = Math.min(least, row[c]!);
        most = Math.max(most, row[c]!);
      }
      spans[k]! += most - least;
    }
  const weights = new Float64Array(objectives);
  const other = (genes: Uint16Array, g: number, random: Random) =>
    (genes[g]! + 1 + random.integer(counts[g]! - 1)) % counts[g]!;
  const change = (g: number, from: number, to: number) => {
    const row = estimates[g]!;
    let sum = 0;
    for (let k = 0; k < objectives; k++)
      sum += weights[k]! * (row[to * objectives + k]! - row[from * objectives + k]!);
    return sum;
  };
  /**
   * Weights at which the change is worth nothing; false when it is better or worse in all that were
   * drawn.
   */
  const breakEven = (g: number, from: number, to: number, random: Random): boolean => {
    for (let k = 0; k < objectives; k++)
      weights[k] = spans[k]! > 0 ? Math.exp(random.normal()) / spans[k]! : 0;
    const pivot = random.integer(objectives);
    const row = estimates[g]!;
    const gain = row[to * objectives + pivot]! - row[from * objectives + pivot]!;
    weights[pivot] = 0;
    const weight = -change(g, from, to) / gain;
    if (!(weight > 0 && weight < Number.POSITIVE_INFINITY)) return false;
    weights[pivot] = weight;
    return true;
  };
  return {
    name: "guided-swap",
    mates: false,
    vary(child, _mate, random) {
      const first = random.integer(child.length);
      if (counts[first]! < 2) return;
      const to = other(child, first, random);
      const even = breakEven(first, child[first]!, to, random);
      if (!even) {
        child[first] = to;
        return;
      }
      let gene = -1;
      let choice = 0;
      let best = Number.POSITIVE_INFINITY;
      for (let t = 0; t < tries; t++) {
        const g = random.integer(child.length);
        if (g === first || counts[g]! < 2) continue;
        const c = other(child, g, random);
        const value = change(g, child[g]!, c);
        if (value < best) {
          best = value;
          gene = g;
          choice = c;
        }
      }
      if (gene < 0 || random.chance(0.75)) child[first] = to;
      if (gene >= 0) child[gene] = choice;
    },
  };
}

function step(child: Uint16Array, counts: Uint16Array, random: Random): void {
  const g = random.integer(child.length);
  const up = child[g] === 0 || (child[g]! + 1 < counts[g]! && random.chance(0.5));
  if (up) {
    if (child[g]! + 1 < counts[g]!) child[g]!++;
  } else child[g]!--;
}
