import { z } from "zod";
import { describeNonRecord, isRecord } from "../check/check-fields.js";
import { didYouMean } from "../check/did-you-mean.js";
import { InvalidArgumentError } from "../errors.js";
import { allowedText, allows, settingSchema } from "../genes/layer-setting.js";
import {
  type LayerQuantConfigFields,
  SETTING_NAMES,
  type SettingName,
  settingOf,
} from "../genes/precision.js";

export type { LayerQuantConfigFields };

const fieldsSchema = z.strictObject(
  Object.fromEntries(
    SETTING_NAMES.map((name) => {
      const setting = settingOf(name);
      const schema = settingSchema(setting);
      return [name, setting.default === undefined ? schema : schema.default(setting.default)];
    }),
  ),
);

// The fields are those of LAYER_SETTINGS: a setting that is declared there is a property here.
export interface LayerQuantConfig extends LayerQuantConfigFields {}

/**
 * How one layer is quantized. Immutable; {@link LayerQuantConfig.with} gives a changed copy.
 * @example
 * ```ts
 * import { LayerQuantConfig } from "quantevo";
 *
 * const config = new LayerQuantConfig({ weightBits: 4, granularity: "per-group", groupSize: 32 });
 * config.with({ weightBits: 8 }).weightBits; // 8
 * ```
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the constructor sets all fields
export class LayerQuantConfig {
  /**
   * @throws InvalidArgumentError naming the field, the value and what is allowed; unknown fields
   *   are refused.
   */
  constructor(fields: Partial<LayerQuantConfigFields> = {}) {
    if (!isRecord(fields))
      throw new InvalidArgumentError(
        "",
        `a layer's settings are ${describeNonRecord(fields)}; allowed: an object`,
      );
    const full = isComplete(fields) ? fields : parsedFields(fields);
    for (const name of SETTING_NAMES) {
      const value = full[name];
      if (value !== undefined) (this as Record<string, unknown>)[name] = value;
    }
    Object.freeze(this);
  }

  /** A copy with some fields changed. @throws InvalidArgumentError as the constructor does. */
  with(patch: Partial<LayerQuantConfigFields>): LayerQuantConfig {
    return new LayerQuantConfig(Object.assign(this.toDict(), patch));
  }

  /** True when every field is the same. */
  equals(other: LayerQuantConfig): boolean {
    return this === other || SETTING_NAMES.every((name) => this[name] === other[name]);
  }

  /** Plain data, every field written out. */
  toDict(): LayerQuantConfigFields {
    return { ...this };
  }

  /**
   * Reads what {@link LayerQuantConfig.toDict} gives.
   * @throws InvalidArgumentError on anything else
   */
  static fromDict(data: unknown): LayerQuantConfig {
    if (!isRecord(data))
      throw new InvalidArgumentError(
        "",
        `a layer's settings are ${describeNonRecord(data)}; allowed: an object`,
      );
    return new LayerQuantConfig(data as Partial<LayerQuantConfigFields>);
  }
}

const REQUIRED = SETTING_NAMES.filter((name) => settingOf(name).default !== undefined).length;

/** Every field is there and allowed, and no other: nothing to parse. */
function isComplete(fields: Partial<LayerQuantConfigFields>): fields is LayerQuantConfigFields {
  let found = 0;
  for (const key in fields) {
    if (!(SETTING_NAMES as readonly string[]).includes(key)) return false;
    const setting = settingOf(key as SettingName);
    if (!allows(setting, fields[key as SettingName])) return false;
    if (setting.default !== undefined) found++;
  }
  return found === REQUIRED;
}

function parsedFields(fields: Partial<LayerQuantConfigFields>): LayerQuantConfigFields {
  const parsed = fieldsSchema.safeParse({ ...fields });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const unknown = issue?.code === "unrecognized_keys" ? issue.keys[0] : undefined;
    const field = unknown ?? String(issue?.path[0] ?? "");
    const value = describeValue((fields as Record<string, unknown>)[field]);
    throw new InvalidArgumentError(
      field,
      unknown === undefined
        ? `${field} is ${value}; allowed: ${allowedText(settingOf(field as SettingName))}`
        : `${unknown} is no field of a layer's quantization` +
            `${didYouMean(unknown, SETTING_NAMES)}; allowed: ${SETTING_NAMES.join(", ")}`,
    );
  }
  return parsed.data as unknown as LayerQuantConfigFields;
}

function describeValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}
