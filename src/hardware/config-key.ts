import { type ActivationBits, WEIGHT_BITS } from "../genome/bits.js";
import type { LayerQuantConfig } from "../genome/layer-quant-config.js";

const ACTIVATION_INDEX: Record<ActivationBits, number> = { 4: 0, 8: 1, 16: 2, 32: 3 };

/** The settings that cost anything, in one integer. */
export function configKey(config: LayerQuantConfig): number {
  const { granularity } = config;
  const group = granularity === "per-group" ? config.groupSize + 1 : granularity === "per-channel" ? 1 : 0;
  return (
    (((group * 3 + schemeIndex(config.weightScheme)) * 3 + schemeIndex(config.activationScheme)) * 4 +
      ACTIVATION_INDEX[config.activationBits]) *
      WEIGHT_BITS.length +
    WEIGHT_BITS.indexOf(config.weightBits)
  );
}

function schemeIndex(scheme: LayerQuantConfig["weightScheme"]): number {
  return scheme === "symmetric" ? 0 : scheme === "asymmetric" ? 1 : 2;
}
