import type { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import type { SearchRules } from "../contract.js";

/**
 * The settings with the next wider (1) or narrower (-1) weights that the layer may have; undefined
 * at the end of its list.
 */
export function stepWidth(
  config: LayerQuantConfig,
  rules: SearchRules,
  layer: string,
  by: 1 | -1,
): LayerQuantConfig | undefined {
  const widths = rules.layers.get(layer)!.weightBits;
  const at = widths.indexOf(config.weightBits);
  const weightBits = at < 0 ? undefined : widths[at + by];
  return weightBits === undefined ? undefined : config.with({ weightBits });
}
