import { z } from "zod";
import { CalibrationMethod } from "../calibration/method.js";
import { describeNonRecord, isRecord } from "../check/check-fields.js";
import { InvalidArgumentError } from "../errors.js";
import { QuantizationGranularity, QuantizationScheme } from "../quantization/scheme.js";
import { ACTIVATION_BITS, type ActivationBits, WEIGHT_BITS, type WeightBits } from "./bits.js";

/** Largest block of per-group quantization. */
export const MAX_GROUP_SIZE = 65_536;

/** The fields of a {@link LayerQuantConfig}. */
export interface LayerQuantConfigFields {
  /** Bits of a weight: 1, 1.58, 2, 3, 4, 5, 6, 8, 16, or 32 for float32. Default 8. */
  readonly weightBits: WeightBits;
  /** Bits of the activation that comes in: 4, 8, 16, or 32 for float32. Default 8. */
  readonly activationBits: ActivationBits;
  /** Default symmetric. Binary and ternary weights are symmetric whatever this says. */
  readonly weightScheme: QuantizationScheme;
  /** Default asymmetric. */
  readonly activationScheme: QuantizationScheme;
  /** Granularity of the weights (activations are per-tensor). Default per-channel. */
  readonly granularity: QuantizationGranularity;
  /**
   * Block length of per-group weights, 1 to 65,536. Default 32; read only when granularity is
   * per-group.
   */
  readonly groupSize: number;
  /** Balanced integer range for symmetric weights, -(2^(b-1)-1) .. 2^(b-1)-1. Default true. */
  readonly useSymmetric: boolean;
  /** Overrides the genome's calibration method for this layer. */
  readonly calibrationMethod?: CalibrationMethod | undefined;
}

const fieldsSchema = z.strictObject({
  weightBits: z.literal(WEIGHT_BITS).default(8),
  activationBits: z.literal(ACTIVATION_BITS).default(8),
  weightScheme: z.enum(QuantizationScheme).default("symmetric"),
  activationScheme: z.enum(QuantizationScheme).default("asymmetric"),
  granularity: z.enum(QuantizationGranularity).default("per-channel"),
  groupSize: z.int().min(1).max(MAX_GROUP_SIZE).default(32),
  useSymmetric: z.boolean().default(true),
  calibrationMethod: z.enum(CalibrationMethod).optional(),
});

const ALLOWED: Record<string, string> = {
  weightBits: WEIGHT_BITS.join(", "),
  activationBits: ACTIVATION_BITS.join(", "),
  weightScheme: Object.values(QuantizationScheme).join(", "),
  activationScheme: Object.values(QuantizationScheme).join(", "),
  granularity: Object.values(QuantizationGranularity).join(", "),
  groupSize: `an integer from 1 to ${MAX_GROUP_SIZE}`,
  useSymmetric: "true, false",
  calibrationMethod: Object.values(CalibrationMethod).join(", "),
};

/** How one layer is quantized. Immutable; {@link LayerQuantConfig.with} gives a changed copy. */
export class LayerQuantConfig implements LayerQuantConfigFields {
  readonly weightBits: WeightBits;
  readonly activationBits: ActivationBits;
  readonly weightScheme: QuantizationScheme;
  readonly activationScheme: QuantizationScheme;
  readonly granularity: QuantizationGranularity;
  readonly groupSize: number;
  readonly useSymmetric: boolean;
  readonly calibrationMethod?: CalibrationMethod | undefined;

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
    this.weightBits = full.weightBits;
    this.activationBits = full.activationBits;
    this.weightScheme = full.weightScheme;
    this.activationScheme = full.activationScheme;
    this.granularity = full.granularity;
    this.groupSize = full.groupSize;
    this.useSymmetric = full.useSymmetric;
    if (full.calibrationMethod !== undefined) this.calibrationMethod = full.calibrationMethod;
    Object.freeze(this);
  }

  /** A copy with some fields changed. @throws InvalidArgumentError as the constructor does. */
  with(patch: Partial<LayerQuantConfigFields>): LayerQuantConfig {
    return new LayerQuantConfig(Object.assign(this.toDict(), patch));
  }

  /** True when every field is the same. */
  equals(other: LayerQuantConfig): boolean {
    return (
      this.weightBits === other.weightBits &&
      this.activationBits === other.activationBits &&
      this.weightScheme === other.weightScheme &&
      this.activationScheme === other.activationScheme &&
      this.granularity === other.granularity &&
      this.groupSize === other.groupSize &&
      this.useSymmetric === other.useSymmetric &&
      this.calibrationMethod === other.calibrationMethod
    );
  }

  /** Plain data, every field written out. */
  toDict(): LayerQuantConfigFields {
    const fields: LayerQuantConfigFields = {
      weightBits: this.weightBits,
      activationBits: this.activationBits,
      weightScheme: this.weightScheme,
      activationScheme: this.activationScheme,
      granularity: this.granularity,
      groupSize: this.groupSize,
      useSymmetric: this.useSymmetric,
    };
    const { calibrationMethod } = this;
    return calibrationMethod === undefined ? fields : Object.assign(fields, { calibrationMethod });
  }

  /**
   * Reads what {@link LayerQuantConfig.toDict} gives. @throws InvalidArgumentError on anything
   * else.
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

const VALUES: { readonly [K in keyof LayerQuantConfigFields]-?: (value: unknown) => boolean } = {
  weightBits: isOneOf(WEIGHT_BITS),
  activationBits: isOneOf(ACTIVATION_BITS),
  weightScheme: isOneOf(Object.values(QuantizationScheme)),
  activationScheme: isOneOf(Object.values(QuantizationScheme)),
  granularity: isOneOf(Object.values(QuantizationGranularity)),
  groupSize: (value) =>
    Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_GROUP_SIZE,
  useSymmetric: (value) => typeof value === "boolean",
  calibrationMethod: isOneOf([undefined, ...Object.values(CalibrationMethod)]),
};
const REQUIRED = Object.keys(VALUES).length - 1;

function isOneOf(values: readonly unknown[]): (value: unknown) => boolean {
  return (value) => values.includes(value);
}

/**
 * Every field is there and allowed, and no other: nothing to parse. A search makes millions of
 * these.
 */
function isComplete(fields: Partial<LayerQuantConfigFields>): fields is LayerQuantConfigFields {
  let found = 0;
  for (const key in fields) {
    if (!Object.hasOwn(VALUES, key)) return false;
    const field = key as keyof LayerQuantConfigFields;
    if (!VALUES[field](fields[field])) return false;
    if (field !== "calibrationMethod") found++;
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
        ? `${field} is ${value}; allowed: ${ALLOWED[field] ?? "an object of layer settings"}`
        : `${unknown} is no field of a layer's quantization; allowed: ` +
            `${Object.keys(ALLOWED).join(", ")}`,
    );
  }
  return parsed.data as LayerQuantConfigFields;
}

function describeValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}
