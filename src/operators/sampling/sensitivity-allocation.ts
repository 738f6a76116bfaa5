import type { SamplingOperator } from "../contract.js";
import { unitScore } from "../width-genes.js";
import { anchorConfig } from "./anchor-config.js";

/**
 * Mixed-precision genomes that give more bits to layers with higher scores: along the way from
 * narrow to wide, `count` points, at each of which layers are placed on their list of widths by the
 * rank of their score. In the middle the layer with the highest score has the widest format and the
 * one with the lowest the narrowest.
 * @param scores by layer name, larger needs more bits; a layer that is missing counts as 0
 */
export function sensitivityAllocation(scores: ReadonlyMap<string, number>): SamplingOperator {
  return {
    name: "sensitivity-allocation",
    sample({ space, count }) {
      const { units } = space;
      const ascending = units
        .map((unit, at) => ({ at, score: unitScore(unit, scores) }))
        .sort((a, b) => a.score - b.score || b.at - a.at);
      const place = new Float64Array(units.length);
      for (const [rank, { at }] of ascending.entries())
        place[at] = units.length === 1 ? 0.5 : rank / (units.length - 1);
      return Array.from({ length: count }, (_, point) => {
        const middle = (point + 1) / (count + 1);
        return space.encodeUnits((unit, at) => {
          const share = Math.min(1, Math.max(0, middle + place[at]! - 0.5));
          const level = Math.round(share * (unit.space.weightBits.length - 1));
          return anchorConfig(unit.space, unit.space.weightBits[level]!);
        });
      });
    },
  };
}
