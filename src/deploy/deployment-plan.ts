import type { ActivationBits } from "../genes/bits.js";
import type { QuantizationParams } from "../quantization/index.js";
import type { Reader } from "./placement.js";
import type { CodeStorage, FloatType } from "./storage.js";

/** How codes are stored, and what they stand for. */
export interface QuantizedStorage extends CodeStorage {
  /** The type that the tensor has in the float model. */
  readonly floatType: FloatType;
  /** The scales are exact in float16. */
  readonly float16Scale: boolean;
}

/** Weights that are stored as codes. */
export interface PlannedWeight {
  readonly tensor: string;
  readonly role: "weight";
  readonly layer: string;
  readonly format: "integer";
  /** Over the shape of the layer's weight layout, a view of the stored tensor. */
  readonly parameters: QuantizationParams;
  readonly storage: QuantizedStorage;
  /** Row-major, packed at `storage.bits`. */
  readonly codes: Uint8Array;
  /** The width that the layer's settings give activations, those inside its operator included. */
  readonly activationBits: ActivationBits;
}

/** Where a quantized activation is read, and by which layer. */
export interface PlannedReader extends Reader {
  readonly layer: string;
}

/**
 * A value of the graph that is rounded to codes where some operators read it. Operators that read
 * it in another format have an entry of their own.
 */
export interface PlannedActivation {
  readonly tensor: string;
  readonly role: "activation";
  readonly format: "integer";
  /** Per-tensor. */
  readonly parameters: QuantizationParams;
  readonly storage: QuantizedStorage;
  /** Those that need it as codes. */
  readonly readers: readonly PlannedReader[];
  /** It is rounded where it is made, so that everything reads it rounded. */
  readonly everywhere?: true | undefined;
}

/** A bias that is stored as int32 multiples of the product of the scales that it is added to. */
export interface PlannedBias {
  /** The stored tensor; "" where the float model has none. */
  readonly tensor: string;
  readonly role: "bias";
  readonly layer: string;
  readonly format: "integer";
  /** One scale for each channel, or one for all. */
  readonly scale: Float32Array;
  readonly codes: Int32Array;
  readonly reader: Reader;
  readonly parameters?: undefined;
  readonly storage: { readonly floatType: FloatType | undefined };
}

/** A bias that stays in float and takes up what rounding the weights did to the layer's mean. */
export interface CorrectedBias {
  /** One for each output channel. */
  readonly values: Float32Array;
  readonly floatType: "float32" | "float16";
  readonly reader: Reader;
}

/** What stays in float. */
export interface PlannedFloat {
  readonly tensor: string;
  readonly role: "weight" | "activation" | "bias" | "other";
  /** The layer whose settings say so, where one does. */
  readonly layer?: string;
  readonly format: "float";
  readonly parameters?: undefined;
  /** The type is undefined for a value of which none is stored. */
  readonly storage: { readonly floatType: FloatType | undefined };
  /** Why, in words for a report. */
  readonly reason: string;
  /** Values that take the place of the tensor's at one operator. */
  readonly corrected?: CorrectedBias | undefined;
}

/** What becomes of one tensor. */
export type PlannedTensor = PlannedWeight | PlannedActivation | PlannedBias | PlannedFloat;

/**
 * What a genome makes of a model, tensor by tensor, in no file format's words: plain data that any
 * writer takes. Weights come first, in model order, then activations, then what no setting decides.
 */
export type DeploymentPlan = readonly PlannedTensor[];

/** The weights of a plan that are stored as codes. */
export function plannedWeights(plan: DeploymentPlan): PlannedWeight[] {
  return plan.filter((entry) => entry.role === "weight" && entry.format === "integer");
}

/** The activations of a plan that are rounded to codes. */
export function plannedActivations(plan: DeploymentPlan): PlannedActivation[] {
  return plan.filter((entry) => entry.role === "activation" && entry.format === "integer");
}

/** The biases of a plan that are stored as int32. */
export function plannedBiases(plan: DeploymentPlan): PlannedBias[] {
  return plan.filter((entry) => entry.role === "bias" && entry.format === "integer");
}

/** The biases of a plan that stay in float and were corrected. */
export function correctedBiases(plan: DeploymentPlan): CorrectedBias[] {
  return plan.flatMap((entry) =>
    entry.format === "float" && entry.corrected !== undefined ? [entry.corrected] : [],
  );
}
