import { Random } from "../src/random/random.js";
import { Population } from "../src/search/population.js";

/** A test problem of real variables in [0, 1]. */
export interface RealProblem {
  readonly name: string;
  readonly variables: number;
  readonly objectives: number;
  evaluate(x: Float64Array, out: Float64Array, at: number): void;
}

const zdt = (name: string, shape: (f: number, g: number) => number): RealProblem => ({
  name,
  variables: 30,
  objectives: 2,
  evaluate(x, out, at) {
    let sum = 0;
    for (let i = 1; i < x.length; i++) sum += x[i]!;
    const g = 1 + (9 * sum) / (x.length - 1);
    out[at] = x[0]!;
    out[at + 1] = g * shape(x[0]!, g);
  },
});

/** Zitzler, Deb and Thiele 2000; Deb, Thiele, Laumanns and Zitzler 2002. */
export const REAL_PROBLEMS: readonly RealProblem[] = [
  zdt("zdt1", (f, g) => 1 - Math.sqrt(f / g)),
  zdt("zdt2", (f, g) => 1 - (f / g) ** 2),
  {
    name: "dtlz2",
    variables: 12,
    objectives: 3,
    evaluate(x, out, at) {
      let g = 0;
      for (let i = 2; i < x.length; i++) g += (x[i]! - 0.5) ** 2;
      const [a, b] = [(x[0]! * Math.PI) / 2, (x[1]! * Math.PI) / 2];
      out[at] = (1 + g) * Math.cos(a) * Math.cos(b);
      out[at + 1] = (1 + g) * Math.cos(a) * Math.sin(b);
      out[at + 2] = (1 + g) * Math.sin(a);
    },
  },
];

/**
 * NSGA-II of `src/search` (its population, ranking and tournament) with real-coded operators:
 * simulated binary crossover (Deb and Agrawal 1995; index 15, rate 0.9) and polynomial mutation
 * (Deb and Goyal 1996; index 20, rate 1 / variables), the settings of pymoo. Returns the objectives
 * of the last population.
 */
export function realNsga2(
  problem: RealProblem,
  size: number,
  generations: number,
  seed: number,
): Float64Array {
  const { variables: n, objectives } = problem;
  const random = new Random(seed);
  const population = new Population(new Float64Array(2 * size * n), n, objectives, size, size);
  const add = () => {
    const row = population.next;
    problem.evaluate(population.row(row), population.points, row * objectives);
    population.keep();
  };
  for (let i = 0; i < size; i++) {
    const x = population.row(population.next);
    for (let g = 0; g < n; g++) x[g] = random.next();
    add();
  }
  population.survive();
  const other = new Float64Array(n);
  // Tournaments between neighbours of a shuffled population, as pymoo holds them: everybody
  // competes equally often.
  let contestants: number[] = [];
  const parent = () => {
    if (contestants.length < 2)
      contestants = random.shuffle(Array.from({ length: population.size }, (_, i) => i));
    return population.row(population.better(contestants.pop()!, contestants.pop()!));
  };
  for (let generation = 1; generation < generations; generation++) {
    while (population.children < size) {
      const x = population.row(population.next);
      x.set(parent());
      other.set(parent());
      if (random.chance(0.9)) simulatedBinary(x, other, random);
      polynomial(x, random);
      add();
      if (population.children === size) break;
      population.row(population.next).set(other);
      polynomial(population.row(population.next), random);
      add();
    }
    population.survive();
  }
  return population.points.slice(0, population.size * objectives);
}

function simulatedBinary(a: Float64Array, b: Float64Array, random: Random): void {
  const eta = 15;
  for (let g = 0; g < a.length; g++) {
    if (!random.chance(0.5) || Math.abs(a[g]! - b[g]!) < 1e-14) continue;
    const [low, high] = a[g]! < b[g]! ? [a[g]!, b[g]!] : [b[g]!, a[g]!];
    const u = random.next();
    const spread = (room: number) => {
      const alpha = 2 - (1 + (2 * room) / (high - low)) ** -(eta + 1);
      return u <= 1 / alpha
        ? (u * alpha) ** (1 / (eta + 1))
        : (1 / (2 - u * alpha)) ** (1 / (eta + 1));
    };
    const first = clamp((low + high - spread(low) * (high - low)) / 2);
    const second = clamp((low + high + spread(1 - high) * (high - low)) / 2);
    const swap = random.chance(0.5);
    a[g] = swap ? second : first;
    b[g] = swap ? first : second;
  }
}

function polynomial(x: Float64Array, random: Random): void {
  const eta = 20;
  for (let g = 0; g < x.length; g++) {
    if (!random.chance(1 / x.length)) continue;
    const u = random.next();
    const value = x[g]!;
    const step =
      u < 0.5
        ? (2 * u + (1 - 2 * u) * (1 - value) ** (eta + 1)) ** (1 / (eta + 1)) - 1
        : 1 - (2 * (1 - u) + (2 * u - 1) * value ** (eta + 1)) ** (1 / (eta + 1));
    x[g] = clamp(value + step);
  }
}

const clamp = (value: number) => Math.min(1, Math.max(0, value));
