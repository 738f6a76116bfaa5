import type { LayerQuantConfig } from "../../genome/layer-quant-config.js";

/**
 * The settings that affect costs as one integer below 2^31. It is computed for every layer of every
 * genome, so it is arithmetic on the fields without a table. Twice the weight bits distinguish 1
 * from 1.58.
 */
export function configKey(config: LayerQuantConfig): number {
  const { granularity } = config;
  const group =
    granularity === "per-group" ? config.groupSize + 1 : granularity === "per-channel" ? 1 : 0;
  const schemes = schemeIndex(config.weightScheme) * 3 + schemeIndex(config.activationScheme);
  return (
    ((group * 9 + schemes) * 33 + config.activationBits) * 65 + Math.trunc(2 * config.weightBits)
  );
}

function schemeIndex(scheme: LayerQuantConfig["weightScheme"]): number {
  return scheme === "symmetric" ? 0 : scheme === "asymmetric" ? 1 : 2;
}
