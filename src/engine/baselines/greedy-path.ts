import { layerSizeBytes } from "../../evaluation/genome-size.js";
import type { NoiseTable } from "../../evaluation/noise/noise-table.js";
import type { GeneSpace } from "../../genome/gene-space.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import type { ModelSpec } from "../../model/layer-spec.js";
import { anchorConfig } from "../../operators/sampling/anchor-config.js";

/**
 * The way from the widest weights to the narrowest that takes bits away where they are missed
 * least: each step lowers one layer by one width, that with the least sensitivity times added noise
 * for each byte saved.
 * @param sensitivity loss per noise power by layer name
 * @returns at most `count` genomes of the way, evenly spaced, both ends among them
 */
export function greedyPath(
  genes: GeneSpace,
  model: ModelSpec,
  noiseTable: NoiseTable,
  sensitivity: ReadonlyMap<string, number>,
  count: number,
): readonly QuantizationGenome[] {
  const ladders = model.layers.map((layer) => {
    const space = genes.layers.get(layer.name)!;
    return space.weightBits.toReversed().map((bits) => {
      const config = anchorConfig(space, bits);
      const noise = noiseTable.weightNoise(layer.name, config, config.calibrationMethod ?? "mse");
      return {
        config,
        cost: (sensitivity.get(layer.name) ?? 1) * noise,
        bytes: layerSizeBytes(layer, config),
      };
    });
  });
  const levels = new Array<number>(ladders.length).fill(0);
  const way = [levels.slice()];
  for (;;) {
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (const [i, ladder] of ladders.entries()) {
      const [now, next] = [ladder[levels[i]!]!, ladder[levels[i]! + 1]];
      if (next === undefined) continue;
      const price = (next.cost - now.cost) / Math.max(1, now.bytes - next.bytes);
      if (price < least) [best, least] = [i, price];
    }
    if (best < 0) break;
    levels[best]!++;
    way.push(levels.slice());
  }
  const place = new Map(model.layers.map(({ name }, i) => [name, i]));
  const stops = Math.min(count, way.length);
  return Array.from({ length: stops }, (_, k) => {
    const at = way[stops === 1 ? 0 : Math.round((k * (way.length - 1)) / (stops - 1))]!;
    return genes.decode(
      genes.encodeUnits(({ layers: [name] }) => {
        const layer = place.get(name!)!;
        return ladders[layer]![at[layer]!]!.config;
      }),
    );
  });
}
