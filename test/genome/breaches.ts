import { hasEffect, SEARCHED_SETTINGS } from "../../src/genes/precision.js";
import type { GeneSpaceOptions } from "../../src/genome/gene-space.js";
import type { QuantizationGenome } from "../../src/genome/quantization-genome.js";

/** What a genome breaks of a space's choices, ties, pins and uniform precision, said slowly. */
export function breaches(genome: QuantizationGenome, options: GeneSpaceOptions): string[] {
  const { space, pinned = new Map(), uniformPrecision = false } = options;
  const found: string[] = [];
  for (const [name, config] of genome.layerConfigs) {
    const layer = space.layers.get(name);
    if (layer === undefined) {
      found.push(`${name} is unknown`);
      continue;
    }
    for (const { name: setting, choices } of SEARCHED_SETTINGS)
      if (
        hasEffect(setting, config) &&
        pinned.get(name)?.[setting] === undefined &&
        !(layer[choices] as readonly unknown[]).includes(config[setting])
      )
        found.push(`${name}.${setting}`);
    for (const [field, value] of Object.entries(pinned.get(name) ?? {}))
      if (config[field as keyof typeof config] !== value) found.push(`pin ${name}.${field}`);
  }
  if ([...genome.layerConfigs.keys()].join() !== [...space.layers.keys()].join())
    found.push("other layers");
  for (const tie of space.ties) {
    const [first, ...others] = tie.map((name) => JSON.stringify(genome.layerConfigs.get(name)));
    if (others.some((other) => other !== first)) found.push(`tie ${tie.join()}`);
  }
  if (uniformPrecision)
    for (const field of ["weightBits", "activationBits"] as const) {
      const free = [...genome.layerConfigs].filter(
        ([name]) => pinned.get(name)?.[field] === undefined,
      );
      if (new Set(free.map(([, config]) => config[field])).size > 1) found.push(`mixed ${field}`);
    }
  return found;
}
