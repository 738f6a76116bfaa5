import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/random/random.js";
import { Nsga2, type ParentArchive } from "../../src/search/nsga2.js";
import { Population } from "../../src/search/population.js";
import { rankConstrained } from "../../src/search/rank-constrained.js";
import type { VectorOperator } from "../../src/search/vector-operator.js";

interface Point {
  readonly objectives: readonly [number, number, number];
  readonly violation: number;
  readonly fitness: number;
}

const clouds: fc.Arbitrary<Point[]> = fc.array(
  fc.record({
    objectives: fc.tuple(fc.nat(6), fc.nat(6), fc.nat(6)),
    violation: fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.nat(3) },
    ),
    fitness: fc.double({ min: -1, max: 1, noNaN: true }),
  }),
  { minLength: 1, maxLength: 25 },
);

/** Deb's constrained dominance, said slowly. */
function beats(a: Point, b: Point): boolean {
  if (a.violation !== b.violation) return a.violation < b.violation;
  return (
    a.objectives.every((value, k) => value <= b.objectives[k]!) &&
    a.objectives.some((value, k) => value < b.objectives[k]!)
  );
}

/** A population of the points; ids are their places. Survives with `capacity` members. */
function survivors(
  points: readonly Point[],
  capacity: number,
  elites: number,
): Population<Uint16Array> {
  const population = new Population(
    new Uint16Array((capacity + points.length) * 1),
    1,
    3,
    capacity,
    points.length,
  );
  for (const [i, { objectives, violation, fitness }] of points.entries()) {
    population.row(population.next)[0] = i;
    population.points.set(objectives, population.next * 3);
    population.describe(violation, fitness, i);
    population.keep();
  }
  population.survive(elites);
  return population;
}

describe("rankConstrained", () => {
  it("ranks by peeling off what nothing beats", () => {
    fc.assert(
      fc.property(clouds, (points) => {
        const { rank } = rankConstrained(
          Float64Array.from(points.flatMap(({ objectives }) => objectives)),
          Float64Array.from(points, ({ violation }) => violation),
          3,
        );
        let rest = points.map((_, i) => i);
        for (let level = 0; rest.length > 0; level++) {
          const front = rest.filter((a) => !rest.some((b) => beats(points[b]!, points[a]!)));
          expect(front).toEqual(rest.filter((a) => rank[a] === level));
          rest = rest.filter((a) => !front.includes(a));
        }
      }),
    );
  });
});

describe("survival", () => {
  it("keeps no one that a lost one beats, except elites, and the elites always", () => {
    fc.assert(
      fc.property(clouds, fc.integer({ min: 1, max: 25 }), fc.nat(4), (points, wanted, most) => {
        const capacity = Math.min(wanted, points.length);
        const elites = Math.min(most, capacity);
        const population = survivors(points, capacity, elites);
        expect(population.size).toBe(capacity);
        const kept = [...population.ids.subarray(0, capacity)];
        for (const [row, id] of kept.entries()) {
          // Genes, objectives and figures go with the row.
          expect(population.row(row)[0]).toBe(id);
          expect([...population.points.subarray(row * 3, row * 3 + 3)]).toEqual(
            points[id]!.objectives,
          );
          expect(population.violation[row]).toBe(points[id]!.violation);
          expect(population.fitness[row]).toBe(points[id]!.fitness);
        }
        const lost = points.map((_, i) => i).filter((i) => !kept.includes(i));
        const fittest = points
          .map(({ fitness }) => fitness)
          .sort((a, b) => b - a)
          .slice(0, elites);
        const least = fittest.at(-1) ?? Number.POSITIVE_INFINITY;
        for (const i of lost) expect(points[i]!.fitness <= least || elites === 0).toBe(true);
        for (const id of kept)
          if (!(points[id]!.fitness >= least))
            expect(lost.some((other) => beats(points[other]!, points[id]!))).toBe(false);
      }),
    );
  });

  it("drops the most crowded of a front that does not fit, never its ends", () => {
    // Nine points on a line; those at 4, 5 and 6 are crowded together.
    const xs = [0, 10, 20, 40, 41, 42, 60, 80, 100];
    const points = xs.map(
      (x): Point => ({ objectives: [x, 100 - x, 0], violation: 0, fitness: 0 }),
    );
    const kept = (capacity: number) =>
      [...survivors(points, capacity, 0).ids.subarray(0, capacity)].map((id) => xs[id]!);
    expect(kept(8)).not.toContain(41);
    const seven = kept(7);
    expect(seven.filter((x) => x >= 40 && x <= 42).length).toBe(1);
    for (const capacity of [2, 3, 5, 8]) {
      expect(kept(capacity)).toContain(0);
      expect(kept(capacity)).toContain(100);
    }
  });

  it("drops the most crowded of a later front too", () => {
    const ends = [0, 30, 50, 51, 70, 100];
    const points: Point[] = [
      { objectives: [-1, -1, 0], violation: 0, fitness: 0 },
      ...ends.map((x): Point => ({ objectives: [x, 100 - x, 0], violation: 0, fitness: 0 })),
    ];
    const kept = [...survivors(points, 6, 0).ids.subarray(0, 6)];
    expect(kept).toContain(0);
    expect(kept.filter((id) => id === 3 || id === 4).length).toBe(1);
    expect(kept).toContain(1);
    expect(kept).toContain(6);
  });

  it("prefers less violation to better objectives", () => {
    const points: Point[] = [
      { objectives: [0, 0, 0], violation: 2, fitness: 0 },
      { objectives: [9, 9, 9], violation: 0, fitness: 0 },
      { objectives: [5, 5, 5], violation: 1, fitness: 0 },
    ];
    expect([...survivors(points, 2, 0).ids.subarray(0, 2)]).toEqual([1, 2]);
  });
});

describe("tournaments", () => {
  const shares = (population: Population<Uint16Array>, pick: (random: Random) => number) => {
    const random = new Random(1);
    const wins = new Float64Array(population.size);
    for (let i = 0; i < 6000; i++) wins[population.ids[pick(random)]!]! += 1 / 6000;
    return wins;
  };

  it("prefer rank, then the less crowded, and give everyone but the worst a chance", () => {
    // 0 and 1 are ends of the first front, 2 lies between them; 3 is on the second.
    const points: Point[] = [
      { objectives: [0, 10, 0], violation: 0, fitness: 0 },
      { objectives: [10, 0, 0], violation: 0, fitness: 0 },
      { objectives: [4, 4, 0], violation: 0, fitness: 0 },
      { objectives: [9, 9, 0], violation: 0, fitness: 0 },
    ];
    const population = survivors(points, 4, 0);
    const wins = shares(population, (random) => population.tournament(random));
    // With replacement, the k-th best of n wins with probability (2 (n - k) + 1) / n^2; the two
    // ends are equals and share the first two places.
    expect(Math.abs(wins[0]! + wins[1]! - 12 / 16)).toBeLessThan(0.03);
    expect(Math.abs(wins[2]! - 3 / 16)).toBeLessThan(0.03);
    expect(Math.abs(wins[3]! - 1 / 16)).toBeLessThan(0.03);
  });

  it("prefer fitness, whatever the rank, where they are about fitness", () => {
    const points = [0.9, 0.5, -0.2].map(
      (fitness, i): Point => ({ objectives: [3 - i, 3 - i, 3 - i], violation: 0, fitness }),
    );
    const population = survivors(points, 3, 0);
    const wins = shares(population, (random) => population.fitnessTournament(random));
    for (const [k, expected] of [5 / 9, 3 / 9, 1 / 9].entries())
      expect(Math.abs(wins[k]! - expected)).toBeLessThan(0.03);
  });
});

/** Writes the second parent's gene beside the child's own: who the parents are shows. */
const witness: VectorOperator = {
  name: "witness",
  mates: true,
  vary(child, mate) {
    child[1] = mate[0]!;
  },
};

describe("Nsga2", () => {
  const idle = (name: string): VectorOperator => ({ name, mates: false, vary: () => {} });
  const make = (stages: readonly (readonly VectorOperator[])[], chance = 1) => {
    const search = new Nsga2({
      counts: Uint16Array.of(100, 100),
      objectives: 2,
      populationSize: 4,
      stages: stages.map((operators) => ({ chance, operators })),
    });
    const { population } = search;
    for (let i = 0; i < 4; i++) {
      population.row(population.next).set([i, 99]);
      population.points.set([i, 4 - i], population.next * 2);
      population.keep();
    }
    search.survive();
    return search;
  };
  const archive: ParentArchive = {
    size: 1,
    read: (into) => into.set([50, 99]),
  };

  it("takes half of its parents, first and second, from the archive", () => {
    const search = make([[witness]]);
    const random = new Random(1);
    const child = new Uint16Array(2);
    let [first, second] = [0, 0];
    for (let i = 0; i < 2000; i++) {
      search.breed(child, archive, random);
      if (child[0] === 50) first++;
      if (child[1] === 50) second++;
    }
    for (const share of [first / 2000, second / 2000]) {
      expect(share).toBeGreaterThan(0.45);
      expect(share).toBeLessThan(0.55);
    }
  });

  it("takes all of them from the population where there is no archive", () => {
    const search = make([[witness]]);
    const random = new Random(1);
    const child = new Uint16Array(2);
    const none: ParentArchive = { size: 0, read: () => expect.fail("asked an empty archive") };
    for (let i = 0; i < 200; i++) {
      search.breed(child, none, random);
      expect(child[0]).toBeLessThan(4);
      expect(child[1]).toBeLessThan(4);
    }
  });

  it("draws an operator the more often the more its children were a gain", () => {
    const search = make([[idle("good"), idle("bad"), idle("worse")]]);
    const random = new Random(2);
    const child = new Uint16Array(2);
    const drawn = [0, 0, 0];
    for (let i = 0; i < 4000; i++) {
      const trail = search.breed(child, archive, random);
      if (i >= 2000) drawn[trail[0]!]!++;
      search.reward(trail, trail[0] === 0);
    }
    expect(drawn[0]! / 2000).toBeGreaterThan(0.7);
    expect(drawn[1]).toBeGreaterThan(40);
    expect(search.rates.get("good")).toBeGreaterThan(search.rates.get("bad")!);
    expect(search.credit[0]![0]).toBeGreaterThan(search.credit[0]![1]!);
  });

  it("rewards the operators of a trail alone, each stage by itself", () => {
    const search = make([[idle("a"), idle("b")], [idle("c")]]);
    const before = search.credit;
    search.reward([1, -1], false);
    const after = search.credit;
    expect(after[0]![0]).toBe(before[0]![0]);
    expect(after[0]![1]).toBeLessThan(before[0]![1]!);
    expect(after[1]).toEqual(before[1]);
  });

  it("meets a stage as often as its chance says", () => {
    const search = make([[idle("a")]], 0.3);
    const random = new Random(3);
    const child = new Uint16Array(2);
    let met = 0;
    for (let i = 0; i < 2000; i++) if (search.breed(child, archive, random)[0] === 0) met++;
    expect(met / 2000).toBeGreaterThan(0.26);
    expect(met / 2000).toBeLessThan(0.34);
  });
});
