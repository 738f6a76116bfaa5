import type { WeightBits } from "../../genes/bits.js";
import type { SamplingOperator } from "../contract.js";
import { anchorConfig } from "./anchor-config.js";

/**
 * One genome for each allowed weight width, all layers alike: the baselines that a front must not
 * be dominated by. The widest and the narrowest come first, then the rest from wide to narrow.
 */
export const uniformAnchors: SamplingOperator = {
  name: "uniform-anchors",
  sample({ space, count }) {
    const widths = new Set<WeightBits>();
    for (const unit of space.units) for (const bits of unit.space.weightBits) widths.add(bits);
    const descending = [...widths].sort((a, b) => b - a);
    const order =
      descending.length < 3
        ? descending
        : [descending[0]!, descending.at(-1)!, ...descending.slice(1, -1)];
    return order
      .slice(0, count)
      .map((bits) => space.encodeUnits((unit) => anchorConfig(unit.space, bits)));
  },
};
