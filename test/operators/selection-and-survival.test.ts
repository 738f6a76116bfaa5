import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { QuantizationGenome } from "../../src/genome/quantization-genome.js";
import {
  binaryTournament,
  fitnessTournament,
  type Individual,
  type RankedIndividual,
  rankAndCrowding,
} from "../../src/operators/index.js";
import { Random } from "../../src/random/random.js";

const population: fc.Arbitrary<Individual[]> = fc
  .array(
    fc.record({
      objectives: fc.tuple(fc.nat(6), fc.nat(6), fc.nat(6)),
      violation: fc.oneof(
        { weight: 3, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.nat(3) },
      ),
      fitness: fc.double({ min: -1, max: 1, noNaN: true }),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map((list) =>
    list.map((fields, i) => ({
      ...fields,
      genome: new QuantizationGenome({ layerConfigs: { [`layer${i}`]: {} } }),
    })),
  );

/** Deb's constrained dominance, said slowly. */
function beats(a: Individual, b: Individual): boolean {
  if (a.violation !== b.violation) return a.violation < b.violation;
  return (
    a.objectives.every((value, k) => value <= b.objectives[k]!) &&
    a.objectives.some((value, k) => value < b.objectives[k]!)
  );
}

describe("rankAndCrowding", () => {
  it("ranks by peeling off what nothing beats", () => {
    fc.assert(
      fc.property(population, (individuals) => {
        const ranked = rankAndCrowding.survive(individuals, individuals.length, 0);
        expect(ranked.length).toBe(individuals.length);
        let rest: readonly RankedIndividual[] = ranked;
        for (let rank = 0; rest.length > 0; rank++) {
          const front = rest.filter((a) => !rest.some((b) => beats(b, a)));
          expect(new Set(front)).toEqual(new Set(rest.filter((a) => a.rank === rank)));
          rest = rest.filter((a) => !front.includes(a));
        }
      }),
    );
  });

  it("keeps no one that a lost one beats, except elites, and the elites always", () => {
    fc.assert(
      fc.property(population, fc.nat(25), fc.nat(4), (individuals, wanted, elites) => {
        const count = Math.max(1, Math.min(wanted, individuals.length));
        const kept = rankAndCrowding.survive(individuals, count, elites);
        expect(kept.length).toBe(count);
        const genomes = new Set(kept.map((individual) => individual.genome));
        const lost = individuals.filter((individual) => !genomes.has(individual.genome));
        const best = individuals
          .toSorted((a, b) => b.fitness - a.fitness)
          .slice(0, Math.min(elites, count));
        const threshold = best.at(-1)?.fitness ?? Number.POSITIVE_INFINITY;
        for (const elite of best)
          if (
            elite.fitness > threshold ||
            individuals.filter((i) => i.fitness === threshold).length === 1
          )
            expect(genomes.has(elite.genome)).toBe(true);
        for (const individual of kept)
          if (individual.fitness < threshold)
            expect(lost.some((other) => beats(other, individual))).toBe(false);
      }),
    );
  });

  it("does not depend on the order of the individuals", () => {
    fc.assert(
      fc.property(population, fc.nat(20), fc.nat(3), (individuals, count, elites) => {
        const keys = (list: readonly Individual[]) =>
          rankAndCrowding.survive(list, count, elites).map((individual) => individual.genome.key);
        expect(keys(individuals.toReversed())).toEqual(keys(individuals));
      }),
    );
  });
});

describe("binaryTournament", () => {
  const individual = (rank: number, crowding: number): RankedIndividual => ({
    genome: new QuantizationGenome({ layerConfigs: { a: {} } }),
    objectives: [0],
    violation: 0,
    fitness: 0,
    rank,
    crowding,
  });

  it("prefers rank, then the lonelier, and gives everyone but the worst a chance", () => {
    const list = [individual(0, 1), individual(0, 5), individual(1, 9), individual(2, 0)];
    const random = new Random(1);
    const wins = new Map(list.map((one) => [one, 0]));
    for (let i = 0; i < 4000; i++) {
      const winner = binaryTournament.select(list, random);
      wins.set(winner, wins.get(winner)! + 1);
    }
    // With replacement, the k-th best of n wins with probability (2 (n - k) + 1) / n^2.
    const shares = [list[1]!, list[0]!, list[2]!, list[3]!].map((one) => wins.get(one)! / 4000);
    for (const [k, expected] of [7 / 16, 5 / 16, 3 / 16, 1 / 16].entries())
      expect(Math.abs(shares[k]! - expected)).toBeLessThan(0.03);
  });
});

describe("fitnessTournament", () => {
  it("prefers fitness, whatever the rank", () => {
    const list = [0.9, 0.5, -0.2].map(
      (fitness, rank): RankedIndividual => ({
        genome: new QuantizationGenome({ layerConfigs: { a: {} } }),
        objectives: [0],
        violation: 0,
        fitness,
        rank: 2 - rank,
        crowding: 0,
      }),
    );
    const random = new Random(1);
    const wins = [0, 0, 0];
    for (let i = 0; i < 3000; i++) wins[list.indexOf(fitnessTournament.select(list, random))]!++;
    for (const [k, expected] of [5 / 9, 3 / 9, 1 / 9].entries())
      expect(Math.abs(wins[k]! / 3000 - expected)).toBeLessThan(0.03);
  });
});
