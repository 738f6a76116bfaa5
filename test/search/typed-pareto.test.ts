import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crowdingDistance } from "../../src/pareto/crowding-distance.js";
import { dominates } from "../../src/pareto/dominates.js";
import { nonDominatedSort } from "../../src/pareto/non-dominated-sort.js";
import { Random } from "../../src/random/random.js";
import { Population } from "../../src/search/population.js";
import { Ranking } from "../../src/search/ranking.js";
import { SeenGenomes } from "../../src/search/seen-genomes.js";
import { VectorArchive } from "../../src/search/vector-archive.js";

/** Points of a few levels, so that ties and repetitions are frequent. */
const clouds = fc.integer({ min: 1, max: 4 }).chain((d) =>
  fc.array(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: d, maxLength: d }), {
    minLength: 1,
    maxLength: 60,
  }),
);

describe("Ranking", () => {
  it("equals the checked sort and crowding of pareto/", () => {
    fc.assert(
      fc.property(clouds, (rows) => {
        const d = rows[0]!.length;
        const ranking = new Ranking(rows.length + 3, d);
        // Used twice: buffers must not remember.
        ranking.update(Float64Array.from(rows.toReversed().flat()), rows.length);
        const fronts = nonDominatedSort(rows);
        expect(ranking.update(Float64Array.from(rows.flat()), rows.length)).toBe(fronts.length);
        for (const [rank, front] of fronts.entries()) {
          const distances = crowdingDistance(rows, front);
          for (const [at, point] of front.entries()) {
            expect(ranking.rank[point]).toBe(rank);
            expect(ranking.crowding[point]).toBeCloseTo(distances[at]!, 12);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it("leaves out the crowding of fronts that start behind what is enough", () => {
    const ranking = new Ranking(4, 2);
    ranking.update(Float64Array.of(0, 1, 1, 0, 2, 3, 3, 2), 4, 2);
    expect([...ranking.rank]).toEqual([0, 0, 1, 1]);
    expect([...ranking.crowding]).toEqual([Infinity, Infinity, 0, 0]);
  });
});

describe("VectorArchive", () => {
  it("holds what nothing beats, each vector once, whatever the order", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }).chain((d) =>
          fc.array(fc.array(fc.integer({ min: 0, max: 40 }), { minLength: d, maxLength: d }), {
            minLength: 1,
            maxLength: 300,
          }),
        ),
        (rows) => {
          const d = rows[0]!.length;
          const archive = new VectorArchive(d);
          const points = Float64Array.from(rows.flat());
          const entered = rows.map((_, i) => archive.insert(points, i, i));
          const front = rows.filter((row) => !rows.some((other) => dominates(other, row)));
          const texts = (list: readonly (readonly number[])[]) =>
            list.map((row) => row.join()).sort();
          const own = archive.points();
          const members = Array.from({ length: archive.size }, (_, i) => [
            ...own.subarray(i * d, (i + 1) * d),
          ]);
          expect(texts(members)).toEqual([...new Set(texts(front))]);
          for (const [i, owner] of archive.owners().entries()) {
            expect(rows[owner]).toEqual(members[i]);
            expect(entered[owner]).toBe(true);
          }
          expect(rows[archive.pick(0.999, 0.999)]).toBeDefined();
        },
      ),
      { numRuns: 300 },
    );
  });

  it("grows over many blocks", () => {
    const random = new Random(4);
    const points = Float64Array.from({ length: 3000 }, () => random.next());
    const archive = new VectorArchive(3);
    let expected: number[][] = [];
    for (let i = 0; i < 1000; i++) {
      const row = [...points.subarray(i * 3, i * 3 + 3)];
      // On the plane x + y + z = 1 nothing beats anything; what is above it is beaten sooner or
      // later.
      const sum = i % 3 === 0 ? 1 : row[0]! + row[1]! + row[2]!;
      for (let k = 0; k < 3; k++)
        points[i * 3 + k] = i % 3 === 0 ? row[k]! / (row[0]! + row[1]! + row[2]!) : row[k]! / sum;
      const vector = [...points.subarray(i * 3, i * 3 + 3)];
      const beaten = expected.some(
        (other) => dominates(other, vector) || other.join() === vector.join(),
      );
      expect(archive.insert(points, i, i)).toBe(!beaten);
      if (!beaten) expected = [...expected.filter((other) => !dominates(vector, other)), vector];
    }
    expect(archive.size).toBe(expected.length);
    expect(archive.size).toBeGreaterThan(300);
  });
});

describe("SeenGenomes", () => {
  it("knows what it was given, and nothing else", () => {
    const random = new Random(1);
    const seen = new SeenGenomes(6);
    const texts = new Set<string>();
    for (let i = 0; i < 5000; i++) {
      const genes = Uint16Array.from({ length: 6 }, () => random.integer(4));
      expect(seen.add(genes)).toBe(!texts.has(genes.join()));
      texts.add(genes.join());
      expect(seen.size).toBe(texts.size);
    }
  });
});

describe("Population", () => {
  it("keeps whole fronts and of the last the loneliest, each row with its genes", () => {
    const population = new Population(new Uint16Array(8), 1, 2, 3, 5);
    for (const [i, [x, y]] of [
      [9, 9],
      [0, 4],
      [1, 3.9],
      [4, 0],
      [2, 1],
      [8, 8],
    ].entries()) {
      const row = population.next;
      population.row(row)[0] = i;
      population.points.set([x!, y!], row * 2);
      population.keep();
    }
    population.survive();
    expect(population.size).toBe(3);
    expect(population.children).toBe(0);
    expect([...population.genes.subarray(0, 3)]).toEqual([1, 3, 4]);
    expect([...population.points.subarray(0, 6)]).toEqual([0, 4, 4, 0, 2, 1]);
    const random = new Random(2);
    for (let i = 0; i < 20; i++) expect(population.tournament(random)).toBeLessThan(3);
  });

  it("prefers the better rank, then the lonelier in a tournament", () => {
    const population = new Population(new Uint8Array(4), 1, 2, 2, 2);
    population.points.set([0, 0, 1, 1]);
    population.keep();
    population.keep();
    population.survive();
    const random = new Random(3);
    const wins = Array.from({ length: 400 }, () => population.tournament(random)).filter(
      (w) => w === 0,
    );
    expect(wins.length).toBeGreaterThan(260);
    expect(wins.length).toBeLessThan(340);
  });
});
