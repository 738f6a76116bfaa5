import { CALIBRATION_CODES, type CalibrationMethodName } from "../calibration/method-definition.js";
import { calibrationMethodOf, calibrationMethods } from "../calibration/method-registry.js";
import { QuantizationGranularity, QuantizationScheme } from "../quantization/scheme.js";
import { ACTIVATION_BITS, type ActivationBits, WEIGHT_BITS, type WeightBits } from "./bits.js";
import type { GeneValue } from "./gene.js";
import type { Decides, LayerSetting, SettingValues } from "./layer-setting.js";

/** Largest block of per-group quantization. */
export const MAX_GROUP_SIZE = 65_536;

// Conditions of effects. Binary and ternary weights have the scale with the least squared error,
// symmetric, whatever scheme and method say.
const quantizesWeights = ({ weightBits }: SettingValues) => weightBits !== 32;
const rangesWeights = ({ weightBits }: SettingValues) =>
  weightBits !== 32 && (weightBits as number) >= 2;
const quantizesActivation = ({ activationBits }: SettingValues) => activationBits !== 32;
const always = () => true;

/** Declares a setting of values T; the declaration's own literals stay in its type. */
const setting =
  <T extends GeneValue>() =>
  <const D extends LayerSetting<T>>(declaration: D): D & { readonly type?: T } =>
    declaration;

/**
 * The settings of a layer, each declared once: fields, defaults, schema, keys, search space,
 * mutation, sampling, documents and the tests' generators follow from here. A new setting is one
 * entry; a new value of a setting is one more value in its enumeration.
 */
export const LAYER_SETTINGS = {
  /** Bits of a weight: 1, 1.58, 2, 3, 4, 5, 6, 8, 16, or 32 for float32. Default 8. */
  weightBits: setting<WeightBits>()({
    values: () => WEIGHT_BITS,
    default: 8,
    choices: "weightBits",
    ordered: true,
    share: 8,
    effect: { weights: always },
  }),
  /** Bits of the activation that comes in: 4, 8, 16, or 32 for float32. Default 8. */
  activationBits: setting<ActivationBits>()({
    values: () => ACTIVATION_BITS,
    default: 8,
    choices: "activationBits",
    ordered: true,
    share: 2,
    effect: { activation: always },
  }),
  /** Default symmetric. Binary and ternary weights are symmetric whatever this says. */
  weightScheme: setting<QuantizationScheme>()({
    values: () => Object.values(QuantizationScheme),
    default: "symmetric",
    choices: "weightSchemes",
    ordered: false,
    share: 1,
    effect: { weights: rangesWeights },
  }),
  /** Default asymmetric. */
  activationScheme: setting<QuantizationScheme>()({
    values: () => Object.values(QuantizationScheme),
    default: "asymmetric",
    choices: "activationSchemes",
    ordered: false,
    share: 1,
    effect: { activation: quantizesActivation },
  }),
  /** Granularity of the weights (activations are per-tensor). Default per-channel. */
  granularity: setting<QuantizationGranularity>()({
    values: () => Object.values(QuantizationGranularity),
    default: "per-channel",
    choices: "granularities",
    ordered: false,
    share: 2,
    effect: { weights: quantizesWeights },
  }),
  /**
   * Block length of per-group weights, 1 to 65,536. Default 32; read only when granularity is
   * per-group.
   */
  groupSize: setting<number>()({
    values: [1, MAX_GROUP_SIZE],
    default: 32,
    choices: "groupSizes",
    ordered: true,
    share: 1,
    effect: { weights: (s) => quantizesWeights(s) && s.granularity === "per-group" },
  }),
  /**
   * Balanced integer range for symmetric weights, -(2^(b-1)-1) .. 2^(b-1)-1. Default true.
   */
  useSymmetric: setting<boolean>()({
    values: () => [true, false],
    default: true,
    ordered: false,
    share: 1,
    effect: { weights: (s) => rangesWeights(s) && s.weightScheme !== "asymmetric" },
  }),
  /** Overrides the genome's calibration method for this layer. */
  calibrationMethod: setting<CalibrationMethodName>()({
    values: () => calibrationMethods(),
    default: undefined,
    // Methods that users add have codes of their own, so that keys do not depend on what was added.
    codes: {
      count: CALIBRATION_CODES,
      codeOf: (name) => calibrationMethodOf(name as string).code,
    },
    choices: "calibrationMethods",
    ordered: false,
    share: 1,
    effect: { weights: rangesWeights, activation: quantizesActivation },
  }),
};

type Settings = typeof LAYER_SETTINGS;
type ValueOf<S> = S extends { readonly type?: infer T } ? Exclude<T, undefined> : never;

/** Name of a setting of a layer. */
export type SettingName = keyof Settings;

/** Settings that a layer may leave to its genome. */
type OptionalSetting = {
  [K in SettingName]: Settings[K]["default"] extends undefined ? K : never;
}[SettingName];

/** The fields of a `LayerQuantConfig`. */
export type LayerQuantConfigFields = {
  readonly [K in Exclude<SettingName, OptionalSetting>]: ValueOf<Settings[K]>;
} & { readonly [K in OptionalSetting]?: ValueOf<Settings[K]> | undefined };

/** Names of all settings, in the order of the declarations. */
export const SETTING_NAMES = Object.keys(LAYER_SETTINGS) as readonly SettingName[];

/** The declaration of a setting, whatever its values are. */
export function settingOf(name: SettingName): LayerSetting {
  return LAYER_SETTINGS[name] as unknown as LayerSetting;
}

const DECLARATIONS = SETTING_NAMES.map((name) => ({ name, setting: settingOf(name) }));

/** Names of the settings that decide the weights or the activation, in the order of the keys. */
export function settingsThatDecide(what: Decides): readonly SettingName[] {
  return DECLARATIONS.filter(({ setting: { effect } }) => effect[what] !== undefined).map(
    ({ name }) => name,
  );
}

/** Whether a setting has an effect on anything beside the others. */
export function hasEffect(name: SettingName, settings: LayerQuantConfigFields): boolean {
  const { weights, activation } = settingOf(name).effect;
  const values = settings as unknown as SettingValues;
  return weights?.(values) === true || activation?.(values) === true;
}

/** Settings that a search varies, each with the field of a layer's space that has its choices. */
export const SEARCHED_SETTINGS = DECLARATIONS.flatMap(({ name, setting: { choices } }) =>
  choices === undefined ? [] : [{ name, choices: choices as keyof LayerSpace }],
);

/**
 * What one layer may become: the allowed values of each setting that is searched, none of the lists
 * empty. Those of ordered settings are ascending; group sizes are read only when per-group is among
 * the granularities.
 */
export type LayerSpace = {
  readonly [K in SettingName as Settings[K] extends { readonly choices: infer C extends string }
    ? C
    : never]: readonly ValueOf<Settings[K]>[];
};
