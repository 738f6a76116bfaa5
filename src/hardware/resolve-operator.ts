import type { LayerQuantConfig } from "../genome/layer-quant-config.js";
import { elementCount, LayerKind, type LayerSpec } from "../model/layer-spec.js";
import type { ComputeFormat, OperatorSupport } from "./contract.js";
import type {
  ActivationFormat,
  FormatRule,
  HardwareProfile,
  OperatorClass,
  WeightFormat,
} from "./profile-schema.js";

/** What a layer becomes on a target: the support that callers see, and what it costs to compute that way. */
export interface ResolvedOperator {
  readonly support: OperatorSupport;
  /** Times the MACs of the layer, at least 1: unpacking, zero-point corrections, scales of groups. */
  readonly computePenalty: number;
  /** Format in which the activations move between layers. */
  readonly activationFormat: ComputeFormat;
}

type Status = OperatorSupport["status"];

/**
 * Finds how the target's runtime executes a layer in a configuration, before anything is costed. Settings without
 * effect are not looked at: scheme and granularity of weights left in float, scheme of binary and ternary weights,
 * activations of an embedding (its input is ids). A refused layer resolves to the form it would have if re-encoded.
 */
export function resolveOperator(
  profile: HardwareProfile,
  layer: LayerSpec,
  config: LayerQuantConfig,
): ResolvedOperator {
  const { formats } = profile;
  const outcome = new Outcome();
  const embedding = layer.kind === LayerKind.EMBEDDING;
  const activationBits = embedding ? 32 : config.activationBits;
  const weights = weightRow(profile, layer, config.weightBits, activationBits);
  const activations = activationRow(profile, activationBits);
  outcome.apply(weights);
  if (!embedding) outcome.apply(activations);

  const quantized = config.weightBits !== 32;
  let integer = weights.arithmetic !== "float" && activations.integerFormat !== undefined;
  if (quantized && config.weightBits >= 2) outcome.apply(formats.weightSchemes[config.weightScheme]);
  if (activations.integerFormat !== undefined)
    outcome.apply(formats.activationSchemes[config.activationScheme]);
  if (quantized) {
    outcome.apply(formats.granularities[config.granularity]);
    if (config.granularity === "per-group") {
      const group = formats.granularities["per-group"];
      if (group.floatOnly === true) integer = false;
      outcome.penalty *= 1 + group.scalePenalty.value / config.groupSize;
      if (group.storageBits !== undefined && !group.storageBits.includes(weights.storageBits))
        outcome.worsen(
          group.otherWidths ?? "emulated",
          `The runtime has no block-wise scales for weights stored in ${weights.storageBits} bits.`,
        );
      const multiple = group.groupSizeMultipleOf ?? 1;
      if (config.groupSize % multiple !== 0)
        outcome.worsen(
          "refused",
          `The runtime takes groups of multiples of ${multiple}, not of ${config.groupSize}.`,
        );
    }
  }

  const computeFormat = integer
    ? wider(weights.arithmetic as "int8" | "int16", activations.integerFormat as "int8" | "int16")
    : activations.floatFormat;
  const activationStorageBits = integer
    ? Math.max(activations.storageBits, computeFormat === "int16" ? 16 : 8)
    : Math.max(
        activations.integerFormat === undefined ? activations.storageBits : 0,
        widthOf(activations.floatFormat),
      );
  if (!embedding) {
    if (!integer && quantized && activations.integerFormat === undefined && weights.storageBits < 16)
      outcome.apply(formats.weightOnly);
    if (activations.integerFormat !== undefined && activationStorageBits > activations.storageBits)
      outcome.worsen(
        "emulated",
        `Activations of ${activationBits} bits move and compute as ${computeFormat} beside weights of ${config.weightBits} bits.`,
      );
  }
  return {
    support: {
      status: outcome.status,
      weightStorageBits: weights.storageBits,
      activationStorageBits,
      computeFormat,
      reasons: outcome.reasons,
    },
    computePenalty: outcome.penalty,
    activationFormat: integer
      ? activationStorageBits === 16
        ? "int16"
        : "int8"
      : activationStorageBits === 16
        ? "float16"
        : "float32",
  };
}

/** The kind of operator that decides which formats a runtime has: 1 x 1 convolutions are told apart. */
export function operatorClass(layer: LayerSpec): OperatorClass {
  const inputs = layer.inputShape[1];
  const outputs = layer.outputShape[1];
  const pointwise =
    layer.kind === LayerKind.CONV &&
    inputs !== undefined &&
    outputs !== undefined &&
    layer.parameterCount === inputs * outputs;
  return pointwise ? "pointwise-conv" : layer.kind;
}

/** Output channels of a layer: from the layout of its weights, else from its output shape. */
export function outputChannels(layer: LayerSpec): number {
  const { weightLayout, outputShape } = layer;
  if (weightLayout !== undefined) return weightLayout.shape[weightLayout.channelAxis] ?? 1;
  if (elementCount(outputShape) === 0 || outputShape.length === 0) return 1;
  const convolution =
    layer.kind === LayerKind.CONV ||
    layer.kind === LayerKind.DEPTHWISE_CONV ||
    layer.kind === LayerKind.CONV_TRANSPOSE;
  return (convolution ? outputShape[1] : outputShape.at(-1)) ?? 1;
}

function weightRow(
  profile: HardwareProfile,
  layer: LayerSpec,
  bits: number,
  activationBits: number,
): WeightFormat {
  const row = profile.formats.weights.find(
    ({ bits: width, when }) =>
      width === bits &&
      (when?.operators === undefined || when.operators.includes(operatorClass(layer))) &&
      (when?.minOutputChannels === undefined || outputChannels(layer) >= when.minOutputChannels) &&
      (when?.activationBits === undefined ||
        when.activationBits.some((allowed) => allowed === activationBits)),
  );
  return row as WeightFormat; // The schema makes sure that every width has an unconditional row.
}

function activationRow(profile: HardwareProfile, bits: number): ActivationFormat {
  return profile.formats.activations.find((row) => row.bits === bits) as ActivationFormat;
}

function wider(a: "int8" | "int16", b: "int8" | "int16"): "int8" | "int16" {
  return a === "int16" || b === "int16" ? "int16" : "int8";
}

function widthOf(format: "float16" | "float32"): number {
  return format === "float16" ? 16 : 32;
}

const SEVERITY: Record<Status, number> = { native: 0, emulated: 1, refused: 2 };

/** The worst status so far, the reasons for it, and the product of the penalties. */
class Outcome {
  status: Status = "native";
  penalty = 1;
  readonly reasons: string[] = [];

  apply(rule: FormatRule): void {
    this.penalty *= rule.computePenalty?.value ?? 1;
    if (rule.status !== "native" && rule.reason !== undefined) this.worsen(rule.status, rule.reason);
  }

  worsen(status: Status, reason: string): void {
    if (SEVERITY[status] > SEVERITY[this.status]) this.status = status;
    if (!this.reasons.includes(reason)) this.reasons.push(reason);
  }
}
