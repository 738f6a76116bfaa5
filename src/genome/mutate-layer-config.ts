import { hasEffect, type LayerSpace, SEARCHED_SETTINGS, settingOf } from "../genes/precision.js";
import { drawShare, stepChoice } from "../genes/step.js";
import type { Random } from "../random/random.js";
import type { LayerQuantConfig, LayerQuantConfigFields } from "./layer-quant-config.js";

/**
 * One setting, one step: settings whose choices are ordered go to a neighbour (weight bits most
 * often, they decide the most), the others to another allowed value. A value off the list goes to
 * the nearest of an ordered setting. A setting that only has an effect after the step is drawn with
 * it, unless its value is allowed. When the drawn setting has no other value, another setting is
 * drawn; a space of one point returns the config unchanged.
 */
export function mutateLayerConfig(
  config: LayerQuantConfig,
  space: LayerSpace,
  random: Random,
): LayerQuantConfig {
  const rest = SEARCHED_SETTINGS.filter(({ name }) => hasEffect(name, config));
  while (rest.length > 0) {
    const at = drawShare(
      rest.map(({ name }) => settingOf(name).share),
      random,
    );
    const [{ name, choices }] = rest.splice(at, 1) as [(typeof SEARCHED_SETTINGS)[number]];
    const values = space[choices] as readonly unknown[];
    const { ordered } = settingOf(name);
    const now = values.indexOf(config[name]);
    const value =
      now < 0 && ordered
        ? nearest(values as readonly number[], config[name] as number)
        : values[stepChoice(values.length, now, ordered, random)];
    let changed = withSetting(config, name, value);
    if (changed.equals(config)) continue;
    for (const other of SEARCHED_SETTINGS) {
      const options = space[other.choices] as readonly unknown[];
      const present = changed[other.name];
      if (present === undefined || options.length === 0 || options.includes(present)) continue;
      if (hasEffect(other.name, changed) && !hasEffect(other.name, config))
        changed = withSetting(changed, other.name, random.pick(options));
    }
    return changed;
  }
  return config;
}

function withSetting(config: LayerQuantConfig, name: string, value: unknown): LayerQuantConfig {
  return config.with({ [name]: value } as Partial<LayerQuantConfigFields>);
}

function nearest(values: readonly number[], wanted: number): number {
  return values.reduce((a, b) => (Math.abs(b - wanted) < Math.abs(a - wanted) ? b : a));
}
