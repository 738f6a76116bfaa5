import { z } from "zod";
import type { GeneValue } from "./gene.js";

/** Whole numbers from the first to the second. */
export type WholeRange = readonly [least: number, most: number];

/** Settings of a layer as conditions read them, by name. */
export type SettingValues = Readonly<Record<string, GeneValue | undefined>>;

/** What is decided by a setting: a layer's weights, the activation that comes in, or both. */
export type Decides = "weights" | "activation";

/** One setting of a layer's quantization, declared once. */
export interface LayerSetting<T extends GeneValue = GeneValue> {
  /** All values in the order of mutation, or a range of whole numbers. */
  readonly values: (() => readonly T[]) | WholeRange;
  /** Value of settings that do not name one; undefined = the genome's own decides. */
  readonly default: T | undefined;
  /** Field of a layer's search space that lists the choices; absent = it is not searched. */
  readonly choices?: string;
  /** See {@link Gene.ordered}. */
  readonly ordered: boolean;
  /** See {@link Gene.share}. */
  readonly share: number;
  /**
   * What it decides, each with the condition under which it has an effect. A condition reads only
   * settings that have an effect wherever it reads them.
   */
  readonly effect: Readonly<Partial<Record<Decides, (settings: SettingValues) => boolean>>>;
  /** Codes of its values in keys; default the places of the values. */
  readonly codes?: { readonly count: number; codeOf(value: GeneValue): number };
}

/** Number of codes that the values of a setting have in a key. */
export function codeCount(setting: LayerSetting): number {
  if (setting.codes !== undefined) return setting.codes.count;
  const { values } = setting;
  return typeof values === "function" ? values().length : values[1] - values[0] + 1;
}

/** Code of a value that the setting allows, 0 to {@link codeCount} - 1; two values have two. */
export function codeOf(setting: LayerSetting, value: GeneValue): number {
  if (setting.codes !== undefined) return setting.codes.codeOf(value);
  const { values } = setting;
  return typeof values === "function" ? values().indexOf(value) : (value as number) - values[0];
}

/** Whether the setting has the value. */
export function allows(setting: LayerSetting, value: unknown): boolean {
  if (value === undefined) return setting.default === undefined;
  const { values } = setting;
  if (typeof values === "function") return (values() as readonly unknown[]).includes(value);
  return (
    Number.isInteger(value) && (value as number) >= values[0] && (value as number) <= values[1]
  );
}

/** What the setting allows, for a message. */
export function allowedText({ values }: LayerSetting): string {
  return typeof values === "function"
    ? values().join(", ")
    : `an integer from ${values[0]} to ${values[1]}`;
}

/** A schema of the setting's values. */
export function valueSchema<T extends GeneValue>(setting: LayerSetting<T>): z.ZodType<T> {
  const { values } = setting;
  if (typeof values !== "function")
    return z.int().min(values[0]).max(values[1]) as unknown as z.ZodType<T>;
  if (values().every((value) => typeof value === "boolean"))
    return z.boolean() as unknown as z.ZodType<T>;
  // Values may be added later: a calibration method of the user's.
  return z.custom<T>((value) => value !== undefined && allows(setting, value), {
    error: () => allowedText(setting),
  });
}

/** {@link valueSchema}, optional for what a layer may leave to its genome. */
export function settingSchema(setting: LayerSetting): z.ZodType<GeneValue | undefined> {
  const schema = valueSchema(setting);
  return setting.default === undefined ? schema.optional() : schema;
}
