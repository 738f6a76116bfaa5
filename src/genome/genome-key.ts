import type { CalibrationMethod } from "../calibration/method.js";
import { ACTIVATION_BITS, WEIGHT_BITS } from "./bits.js";
import type { LayerQuantConfig } from "./layer-quant-config.js";

/**
 * Canonical text of a genome. Settings that have no effect are left out (the group size of a
 * per-channel layer, the scheme of weights left in float), so genomes that quantize alike have one
 * key.
 */
export function genomeKey(
  layerConfigs: ReadonlyMap<string, LayerQuantConfig>,
  calibrationMethod: CalibrationMethod,
): string {
  const { labels, order } = nameOrder(layerConfigs);
  const texts: string[] = [];
  for (const config of layerConfigs.values())
    texts.push(layerKey(config, config.calibrationMethod ?? calibrationMethod));
  let key = "";
  for (const at of order)
    key += key === "" ? labels[at]! + texts[at]! : `;${labels[at]!}${texts[at]!}`;
  return key;
}

/** Canonical text of one layer's settings under the calibration method that it really uses. */
export function layerKey(config: LayerQuantConfig, calibrationMethod: CalibrationMethod): string {
  const code =
    weightCode(config, calibrationMethod) * ACTIVATION_CODES +
    activationCode(config, calibrationMethod);
  let text = layerTexts.get(code);
  if (text === undefined) {
    text = `${weightKey(config, calibrationMethod)}|${activationKey(config, calibrationMethod)}`;
    if (layerTexts.size >= MOST_TEXTS) layerTexts.clear();
    layerTexts.set(code, text);
  }
  return text;
}

/**
 * What decides a layer's quantized weights, as one integer: equal for two settings exactly when
 * they quantize alike.
 */
export function weightCode(config: LayerQuantConfig, calibrationMethod: CalibrationMethod): number {
  const bits = WEIGHT_BITS.indexOf(config.weightBits);
  if (config.weightBits === 32) return bits;
  const { granularity, weightScheme } = config;
  const grain =
    granularity === "per-group" ? config.groupSize + 1 : granularity === "per-channel" ? 1 : 0;
  if (config.weightBits < 2) return grain * WEIGHT_CODES + bits;
  const narrow = weightScheme !== "asymmetric" && config.useSymmetric ? 1 : 0;
  const rest = (SCHEME[weightScheme] * 2 + narrow) * 4 + METHOD[calibrationMethod];
  return grain * WEIGHT_CODES + rest * WEIGHT_BITS.length + bits;
}

/** What decides a layer's quantized input activation, as one integer from 0 to 47. */
export function activationCode(
  config: LayerQuantConfig,
  calibrationMethod: CalibrationMethod,
): number {
  const bits = ACTIVATION_BITS.indexOf(config.activationBits);
  if (config.activationBits === 32) return bits;
  return (
    (SCHEME[config.activationScheme] * 4 + METHOD[calibrationMethod]) * ACTIVATION_BITS.length +
    bits
  );
}

const SCHEME = { symmetric: 0, asymmetric: 1, "power-of-two": 2 } as const;
const METHOD = { "min-max": 0, percentile: 1, mse: 2, entropy: 3 } as const;
const WEIGHT_CODES = 3 * 2 * 4 * WEIGHT_BITS.length;
const ACTIVATION_CODES = 3 * 4 * ACTIVATION_BITS.length;

/**
 * Texts of settings that were met. They follow from the code alone; forgetting them costs only
 * time.
 */
const layerTexts = new Map<number, string>();
const MOST_TEXTS = 100_000;

/** Canonical text of what decides a layer's quantized weights. */
export function weightKey(config: LayerQuantConfig, calibrationMethod: CalibrationMethod): string {
  if (config.weightBits === 32) return "w32";
  const grain = config.granularity === "per-group" ? `g${config.groupSize}` : config.granularity;
  if (config.weightBits < 2) return `w${config.weightBits},${grain}`;
  const narrow =
    config.weightScheme === "asymmetric" ? "" : config.useSymmetric ? ",narrow" : ",full";
  return `w${config.weightBits},${config.weightScheme}${narrow},${grain},${calibrationMethod}`;
}

/** Canonical text of what decides a layer's quantized input activation. */
export function activationKey(
  config: LayerQuantConfig,
  calibrationMethod: CalibrationMethod,
): string {
  if (config.activationBits === 32) return "a32";
  return `a${config.activationBits},${config.activationScheme},${calibrationMethod}`;
}

interface NameOrder {
  readonly names: readonly string[];
  /** Each name as the key writes it. */
  readonly labels: readonly string[];
  /**
   * Places of the names in the order of their labels: the order of layers has no effect, and plain
   * objects do not keep it for names such as "2".
   */
  readonly order: readonly number[];
}

/** The names met last: the genomes of a run share them. */
let latest: NameOrder = { names: [], labels: [], order: [] };

function nameOrder(layerConfigs: ReadonlyMap<string, LayerQuantConfig>): NameOrder {
  if (layerConfigs.size === latest.names.length) {
    let at = 0;
    for (const name of layerConfigs.keys())
      if (name !== latest.names[at++]) return newOrder(layerConfigs);
    return latest;
  }
  return newOrder(layerConfigs);
}

function newOrder(layerConfigs: ReadonlyMap<string, LayerQuantConfig>): NameOrder {
  const names = [...layerConfigs.keys()];
  const labels = names.map((name) => `${JSON.stringify(name)}:`);
  const order = [...names.keys()].sort((a, b) => (labels[a]! < labels[b]! ? -1 : 1));
  latest = { names, labels, order };
  return latest;
}
