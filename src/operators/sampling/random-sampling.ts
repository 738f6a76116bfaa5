import { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import type { LayerSpace } from "../../genes/precision.js";
import type { Random } from "../../random/random.js";
import type { SamplingOperator } from "../contract.js";
import { newGenome } from "../new-genome.js";

/** Every setting of every layer drawn evenly from what is allowed. */
export const randomSampling: SamplingOperator = {
  name: "random-sampling",
  sample: (rules, count, random) =>
    Array.from({ length: count }, () =>
      newGenome(rules, (space) => randomLayerConfig(space, random)),
    ),
};

function randomLayerConfig(space: LayerSpace, random: Random): LayerQuantConfig {
  const granularity = random.pick(space.granularities);
  return new LayerQuantConfig({
    weightBits: random.pick(space.weightBits),
    activationBits: random.pick(space.activationBits),
    weightScheme: random.pick(space.weightSchemes),
    activationScheme: random.pick(space.activationSchemes),
    granularity,
    ...(granularity === "per-group" && { groupSize: random.pick(space.groupSizes) }),
    calibrationMethod: random.pick(space.calibrationMethods),
  });
}
