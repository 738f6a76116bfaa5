import type { CalibrationMethodName } from "../calibration/method-definition.js";
import type { GeneValues } from "../genes/gene-kind.js";
import { codeCount, codeOf, type Decides } from "../genes/layer-setting.js";
import { settingOf, settingsThatDecide } from "../genes/precision.js";
import type { LayerQuantConfig } from "./layer-quant-config.js";

/**
 * Canonical text of a genome. Settings that have no effect are left out (the group size of a
 * per-channel layer, the scheme of weights left in float), so genomes that quantize alike have one
 * key.
 * @param geneValues values that differ from the defaults of their kinds
 */
export function genomeKey(
  layerConfigs: ReadonlyMap<string, LayerQuantConfig>,
  calibrationMethod: CalibrationMethodName,
  geneValues: GeneValues = new Map(),
): string {
  const { labels, order } = nameOrder(layerConfigs);
  const texts: string[] = [];
  for (const config of layerConfigs.values())
    texts.push(layerKey(config, config.calibrationMethod ?? calibrationMethod));
  let key = "";
  for (const at of order)
    key += key === "" ? labels[at]! + texts[at]! : `;${labels[at]!}${texts[at]!}`;
  return key + geneValuesKey(geneValues);
}

/** Whatever the order in which the values were set. Empty where there are none. */
function geneValuesKey(geneValues: GeneValues): string {
  const texts: string[] = [];
  for (const [name, values] of geneValues)
    for (const [owner, value] of values) texts.push(JSON.stringify([name, owner, value]));
  return texts.length === 0 ? "" : `;;${texts.sort().join(";")}`;
}

/** Canonical text of one layer's settings under the calibration method that it really uses. */
export function layerKey(
  config: LayerQuantConfig,
  calibrationMethod: CalibrationMethodName,
): string {
  const known = codesOf(config, calibrationMethod);
  known.text ??=
    `w${textFor("weights", config, calibrationMethod)}` +
    `|a${textFor("activation", config, calibrationMethod)}`;
  return known.text;
}

/**
 * What decides a layer's quantized weights, as one integer below 2^53: equal for two settings
 * exactly when they quantize alike.
 */
export function weightCode(
  config: LayerQuantConfig,
  calibrationMethod: CalibrationMethodName,
): number {
  return codesOf(config, calibrationMethod).weights;
}

/** What decides a layer's quantized input activation, as one integer. */
export function activationCode(
  config: LayerQuantConfig,
  calibrationMethod: CalibrationMethodName,
): number {
  return codesOf(config, calibrationMethod).activation;
}

/** Canonical text of what decides a layer's quantized weights. */
export function weightKey(
  config: LayerQuantConfig,
  calibrationMethod: CalibrationMethodName,
): string {
  return `w${textFor("weights", config, calibrationMethod)}`;
}

/** Canonical text of what decides a layer's quantized input activation. */
export function activationKey(
  config: LayerQuantConfig,
  calibrationMethod: CalibrationMethodName,
): string {
  return `a${textFor("activation", config, calibrationMethod)}`;
}

/** The values that have an effect, in the order of the declarations. */
function textFor(
  what: Decides,
  config: LayerQuantConfig,
  calibrationMethod: CalibrationMethodName,
): string {
  const settings = { ...config, calibrationMethod };
  return settingsThatDecide(what)
    .filter((name) => settingOf(name).effect[what]!(settings))
    .map((name) => String(settings[name]))
    .join(",");
}

interface Codes {
  readonly weights: number;
  readonly activation: number;
  text?: string;
}

/** Codes of settings that were met, by the method that they use. */
const known = new WeakMap<LayerQuantConfig, Map<CalibrationMethodName, Codes>>();

function codesOf(config: LayerQuantConfig, calibrationMethod: CalibrationMethodName): Codes {
  let byMethod = known.get(config);
  if (byMethod === undefined) {
    byMethod = new Map();
    known.set(config, byMethod);
  }
  let codes = byMethod.get(calibrationMethod);
  if (codes === undefined) {
    codes = {
      weights: codeFor("weights", config, calibrationMethod),
      activation: codeFor("activation", config, calibrationMethod),
    };
    byMethod.set(calibrationMethod, codes);
  }
  return codes;
}

/**
 * A number in the mixed radix of the declarations: one digit for each setting, 0 for one that has
 * no effect. Which have one follows from the digits before, so two settings never share a number.
 */
function codeFor(
  what: Decides,
  config: LayerQuantConfig,
  calibrationMethod: CalibrationMethodName,
): number {
  const settings = { ...config, calibrationMethod };
  let code = 0;
  for (const name of settingsThatDecide(what)) {
    const setting = settingOf(name);
    const digit = setting.effect[what]!(settings) ? codeOf(setting, settings[name]!) : 0;
    code = code * codeCount(setting) + digit;
  }
  return code;
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
