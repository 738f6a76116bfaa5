import type { CalibrationMethod } from "../calibration/method.js";
import type { LayerQuantConfig } from "./layer-quant-config.js";

/**
 * Canonical text of a genome. Settings that have no effect are left out (the group size of a per-channel
 * layer, the scheme of weights left in float), so genomes that quantize alike have one key.
 */
export function genomeKey(
  layerConfigs: ReadonlyMap<string, LayerQuantConfig>,
  calibrationMethod: CalibrationMethod,
): string {
  const parts: string[] = [];
  for (const [name, config] of layerConfigs)
    parts.push(`${JSON.stringify(name)}:${layerKey(config, config.calibrationMethod ?? calibrationMethod)}`);
  // The order of layers has no effect, and plain objects do not keep it for names such as "2".
  return parts.sort().join(";");
}

/** Canonical text of one layer's settings under the calibration method that it really uses. */
export function layerKey(config: LayerQuantConfig, calibrationMethod: CalibrationMethod): string {
  return `${weightKey(config, calibrationMethod)}|${activationKey(config, calibrationMethod)}`;
}

/** Canonical text of what decides a layer's quantized weights. */
export function weightKey(config: LayerQuantConfig, calibrationMethod: CalibrationMethod): string {
  if (config.weightBits === 32) return "w32";
  const grain = config.granularity === "per-group" ? `g${config.groupSize}` : config.granularity;
  if (config.weightBits < 2) return `w${config.weightBits},${grain}`;
  const narrow = config.weightScheme === "asymmetric" ? "" : config.useSymmetric ? ",narrow" : ",full";
  return `w${config.weightBits},${config.weightScheme}${narrow},${grain},${calibrationMethod}`;
}

/** Canonical text of what decides a layer's quantized input activation. */
export function activationKey(config: LayerQuantConfig, calibrationMethod: CalibrationMethod): string {
  if (config.activationBits === 32) return "a32";
  return `a${config.activationBits},${config.activationScheme},${calibrationMethod}`;
}
