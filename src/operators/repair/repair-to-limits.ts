import type { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import { changeUnits } from "../change-units.js";
import type { RepairOperator, SearchRules } from "../contract.js";
import { layerUnits, unitParameters, unitScore } from "../layer-units.js";

/**
 * Brings a genome within limits on what it costs: layers go down width by width, those first that
 * lose least for what they save (score times noise of the width that they go to, over parameters
 * times bits saved), then activations the same way; no further than the limits need. A genome that
 * keeps to them, and one that cannot be brought to, comes back as it is. Asks `excess` a few times,
 * by bisection.
 * @param excess by how much a genome breaks the limits in all, 0 when it keeps to them, and the
 *   less the narrower layers are
 * @param scores by layer name, larger needs more bits; absent = all alike
 */
export function repairToLimits(
  excess: (genome: QuantizationGenome) => number,
  scores?: ReadonlyMap<string, number>,
): RepairOperator {
  return {
    name: "repair-to-limits",
    repair(genome, rules) {
      if (!(excess(genome) > 0)) return genome;
      const steps = stepsDown(genome, rules, scores);
      const after = (count: number) => changeUnits(genome, rules, steps.slice(0, count));
      let kept = after(steps.length);
      if (excess(kept) > 0) return genome;
      // Least number of steps that is known to be enough, most that is known not to be.
      let [enough, short] = [steps.length, 0];
      while (enough - short > 1) {
        const middle = (enough + short) >> 1;
        const candidate = after(middle);
        if (excess(candidate) > 0) short = middle;
        else {
          enough = middle;
          kept = candidate;
        }
      }
      return kept;
    },
  };
}

interface Step {
  readonly unit: readonly string[];
  readonly config: LayerQuantConfig;
  readonly price: number;
  readonly place: number;
}

/** Every step down that is left, cheapest first; a unit's steps in their order. */
function stepsDown(
  genome: QuantizationGenome,
  rules: SearchRules,
  scores: ReadonlyMap<string, number> | undefined,
): (readonly [readonly string[], LayerQuantConfig])[] {
  const weights: Step[] = [];
  const activations: (readonly [readonly string[], LayerQuantConfig])[] = [];
  for (const [place, unit] of layerUnits(rules).entries()) {
    const space = rules.layers.get(unit[0]!)!;
    const score = scores === undefined ? 1 : unitScore(unit, scores) + FLOOR;
    let config = genome.layerConfigs.get(unit[0]!)!;
    let price = 0;
    for (let at = space.weightBits.indexOf(config.weightBits) - 1; at >= 0; at--) {
      const weightBits = space.weightBits[at]!;
      const saved = unitParameters(unit, rules) * (config.weightBits - weightBits);
      // Noise grows fourfold with every bit less. A later step of a layer never comes before an
      // earlier one.
      price = Math.max(price, (score * 4 ** -weightBits) / saved);
      config = config.with({ weightBits });
      weights.push({ unit, config, price, place });
    }
    for (let at = space.activationBits.indexOf(config.activationBits) - 1; at >= 0; at--) {
      config = config.with({ activationBits: space.activationBits[at]! });
      activations.push([unit, config]);
    }
  }
  // The last step decides for all under uniform precision.
  const byWidth = (a: Step, b: Step) => b.config.weightBits - a.config.weightBits;
  weights.sort(
    (a, b) =>
      (rules.uniformPrecision ? byWidth(a, b) : a.price - b.price) ||
      a.place - b.place ||
      byWidth(a, b),
  );
  return [...weights.map(({ unit, config }) => [unit, config] as const), ...activations];
}

/** So that size decides among layers whose score is 0. */
const FLOOR = 0.01;
