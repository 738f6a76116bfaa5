import type { Random } from "../random/random.js";
import type { LayerQuantConfig, LayerQuantConfigFields } from "./layer-quant-config.js";
import type { LayerSpace } from "./search-space.js";

type Step = (
  config: LayerQuantConfig,
  space: LayerSpace,
  random: Random,
) => Partial<LayerQuantConfigFields>;

/**
 * One setting, one step: bits go to a neighbouring level (weight bits most often, they decide the
 * most), the others to another allowed value. When the drawn setting has no other value, another
 * setting is drawn; a space of one point returns the config unchanged.
 */
export function mutateLayerConfig(
  config: LayerQuantConfig,
  space: LayerSpace,
  random: Random,
): LayerQuantConfig {
  const steps = [...STEPS];
  while (steps.length > 0) {
    let total = 0;
    for (const [share] of steps) total += share;
    let draw = random.next() * total;
    let index = 0;
    while (index < steps.length - 1 && draw >= (steps[index] as [number, Step])[0])
      draw -= (steps[index++] as [number, Step])[0];
    const [[, step]] = steps.splice(index, 1) as [[number, Step]];
    const changed = config.with(step(config, space, random));
    if (!changed.equals(config)) return changed;
  }
  return config;
}

/**
 * The level below or above, evenly; at an end of the list, the one there is; off the list, the
 * nearest.
 */
function stepLevel<T extends number>(levels: readonly T[], current: T, random: Random): T {
  const at = levels.indexOf(current);
  if (at < 0)
    return levels.reduce((a, b) => (Math.abs(b - current) < Math.abs(a - current) ? b : a));
  const up = at + 1 < levels.length;
  const next = at > 0 && (!up || random.chance(0.5)) ? at - 1 : at + (up ? 1 : 0);
  return levels[next] as T;
}

function other<T>(values: readonly T[], current: T, random: Random): T {
  const rest = values.filter((value) => value !== current);
  return rest.length === 0 ? current : random.pick(rest);
}

const STEPS: readonly (readonly [share: number, step: Step])[] = [
  [
    8,
    (config, space, random) => ({
      weightBits: stepLevel(space.weightBits, config.weightBits, random),
    }),
  ],
  [
    2,
    (config, space, random) => ({
      activationBits: stepLevel(space.activationBits, config.activationBits, random),
    }),
  ],
  [
    1,
    (config, space, random) => ({
      weightScheme: other(space.weightSchemes, config.weightScheme, random),
    }),
  ],
  [
    1,
    (config, space, random) => ({
      activationScheme: other(space.activationSchemes, config.activationScheme, random),
    }),
  ],
  [
    2,
    (config, space, random) => {
      const granularity = other(space.granularities, config.granularity, random);
      return granularity === "per-group"
        ? { granularity, groupSize: random.pick(space.groupSizes) }
        : { granularity };
    },
  ],
  [
    1,
    (config, space, random) =>
      config.granularity === "per-group"
        ? { groupSize: stepLevel(space.groupSizes, config.groupSize, random) }
        : {},
  ],
  [
    1,
    (config, space, random) => ({
      calibrationMethod: other(space.calibrationMethods, config.calibrationMethod, random),
    }),
  ],
];
