import type { QuantizationGenome } from "../../src/genome/quantization-genome.js";
import type { SearchRules } from "../../src/operators/index.js";

/** What a genome breaks in its rules, said slowly. */
export function breaches(genome: QuantizationGenome, rules: SearchRules): string[] {
  const found: string[] = [];
  for (const [name, config] of genome.layerConfigs) {
    const space = rules.layers.get(name);
    if (space === undefined) {
      found.push(`${name} is unknown`);
      continue;
    }
    const check = (ok: boolean, what: string) => ok || found.push(`${name}.${what}`);
    check(space.weightBits.includes(config.weightBits), "weightBits");
    check(space.activationBits.includes(config.activationBits), "activationBits");
    check(space.weightSchemes.includes(config.weightScheme), "weightScheme");
    check(space.activationSchemes.includes(config.activationScheme), "activationScheme");
    check(space.granularities.includes(config.granularity), "granularity");
    check(
      config.granularity !== "per-group" || space.groupSizes.includes(config.groupSize),
      "groupSize",
    );
    const method = genome.calibrationMethodOf(name);
    check(space.calibrationMethods.includes(method), "calibrationMethod");
  }
  if ([...genome.layerConfigs.keys()].join() !== [...rules.layers.keys()].join())
    found.push("other layers");
  for (const tie of rules.ties) {
    const [first, ...others] = tie.map((name) => JSON.stringify(genome.layerConfigs.get(name)));
    if (others.some((other) => other !== first)) found.push(`tie ${tie.join()}`);
  }
  return found;
}
