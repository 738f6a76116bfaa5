import type { GeneSpace } from "../../genome/gene-space.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import { Random } from "../../random/random.js";
import { type ExactSeedOptions, exactSeeds, granularSettings } from "../run/exact-seeds.js";
import type { MeasuredRecord } from "./measured-record.js";

/** Allocations that are made for each genome that is to be measured. */
const PROPOSALS_PER_PLACE = 10;

/**
 * Genomes that would be the optima if the losses of layers added up as the surrogate's trend has
 * it: exact allocation on the tables, with the sensitivities learned so far. Where evolution needs
 * many measurements to find that a layer bears less, these carry it into every size at once.
 */
export function learnedAllocations(
  space: GeneSpace,
  parts: Pick<ExactSeedOptions, "model" | "costModel">,
  record: MeasuredRecord,
  places: number,
): readonly QuantizationGenome[] {
  if (space.uniformPrecision || record.size === 0) return [];
  // What is learned of a granularity holds for all layers alike, right or wrong: the usual one is
  // proposed alone too.
  const noiseTable = record.weightedNoise;
  return [granularSettings, undefined].flatMap((settingsOf) => {
    const seeds = exactSeeds({ ...parts, noiseTable, settingsOf });
    // Nothing is drawn; the contract asks for a generator.
    return seeds
      .sample({ space, count: places * PROPOSALS_PER_PLACE, random: new Random(0) })
      .map((genes) => space.decode(genes));
  });
}
