import type { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import { LayerKind, type LayerSpec } from "../../model/layer-spec.js";
import type { ComputeFormat, OperatorSupport } from "../contract.js";
import { inputChannels, operatorClass, outputChannels } from "./operator-class.js";
import type {
  ActivationFormat,
  Combination,
  FormatRule,
  HardwareProfile,
  WeightFormat,
} from "./profile-schema.js";

/** How a target executes a layer, and at which cost of arithmetic. */
export interface ResolvedOperator {
  readonly support: OperatorSupport;
  /**
   * Factor on the MACs of the layer, at least 1: unpacking, zero-point corrections and scales of
   * groups.
   */
  readonly computePenalty: number;
  /** Format of the activations between layers. */
  readonly activationFormat: ComputeFormat;
  /** Whether the accelerator hands the layer to the CPU beside it, which computes in float32. */
  readonly onHost: boolean;
}

type Status = OperatorSupport["status"];

/**
 * Finds how the target's runtime executes a layer in a configuration. A refused layer resolves to
 * the form it would be re-encoded to.
 *
 * Settings without effect do not matter. These are scheme and granularity of float weights, and the
 * scheme of binary and ternary weights. So are the activations of an embedding (its input is ids),
 * and the weights of a layer without any.
 */
export function resolveOperator(
  profile: HardwareProfile,
  layer: LayerSpec,
  config: LayerQuantConfig,
): ResolvedOperator {
  const { formats } = profile;
  const outcome = new Outcome();
  const embedding = layer.kind === LayerKind.EMBEDDING;
  const weighted = layer.parameterCount > 0;
  const activationBits = embedding ? 32 : config.activationBits;
  const activations = activationRow(profile, activationBits);
  // In a product of two activations, both operands have the width of the activations.
  const weightBits = weighted ? config.weightBits : activationBits === 4 ? 8 : activationBits;
  const weights = weightRow(profile, layer, weightBits, activationBits);
  if (weighted) outcome.apply(weights);
  if (!embedding) outcome.apply(activations);

  const quantized = weighted && config.weightBits !== 32;
  let storageBits: number = weights.storageBits;
  let integer = weights.arithmetic !== "float" && activations.integerFormat !== undefined;
  if (quantized && config.weightBits >= 2)
    outcome.apply(formats.weightSchemes[config.weightScheme]);
  if (activations.integerFormat !== undefined)
    outcome.apply(formats.activationSchemes[config.activationScheme]);
  if (quantized) {
    outcome.apply(formats.granularities[config.granularity]);
    if (
      config.granularity === "per-group" &&
      applyGroup(profile, config.groupSize, storageBits, outcome)
    )
      integer = false;
  }
  let onHost = false;
  for (const rule of formats.combinations ?? []) {
    if (!holds(rule.when, layer, config, activationBits, quantized)) continue;
    outcome.apply(rule);
    if (rule.floatOnly === true) integer = false;
    if (rule.storageBits !== undefined) storageBits = Math.max(storageBits, rule.storageBits);
    if (rule.returnsToHost === true) onHost = true;
  }
  if (onHost) integer = false;

  const floatFormat = onHost ? "float32" : activations.floatFormat;
  const computeFormat = integer
    ? wider(weights.arithmetic as "int8" | "int16", activations.integerFormat as "int8" | "int16")
    : floatFormat;
  const activationStorageBits = integer
    ? Math.max(activations.storageBits, computeFormat === "int16" ? 16 : 8)
    : Math.max(
        activations.integerFormat === undefined ? activations.storageBits : 0,
        floatFormat === "float16" ? 16 : 32,
      );
  if (!embedding && !onHost) {
    if (!integer && quantized && activations.integerFormat === undefined && storageBits < 16)
      outcome.apply(formats.weightOnly);
    if (activations.integerFormat !== undefined && activationStorageBits > activations.storageBits)
      outcome.worsen(
        "emulated",
        `Activations of ${activationBits} bits move and compute as ${computeFormat} beside ` +
          `weights of ${config.weightBits} bits.`,
      );
  }
  return {
    support: {
      status: outcome.status,
      weightStorageBits: storageBits,
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
    onHost,
  };
}

/**
 * Applies the rules for per-group scales.
 * @returns whether the weights are computed in float
 */
function applyGroup(
  profile: HardwareProfile,
  groupSize: number,
  storageBits: number,
  outcome: Outcome,
): boolean {
  const group = profile.formats.granularities["per-group"];
  outcome.penalty *= 1 + group.scalePenalty.value / groupSize;
  if (group.storageBits !== undefined && !group.storageBits.includes(storageBits))
    outcome.worsen(
      group.otherWidths ?? "emulated",
      `The runtime has no block-wise scales for weights stored in ${storageBits} bits.`,
    );
  const multiple = group.groupSizeMultipleOf ?? 1;
  if (groupSize % multiple !== 0)
    outcome.worsen(
      "refused",
      `The runtime takes groups of multiples of ${multiple}, not of ${groupSize}.`,
    );
  if (group.groupSizes !== undefined && !group.groupSizes.includes(groupSize))
    outcome.worsen(
      "refused",
      `The runtime takes groups of ${group.groupSizes.join(" or ")}, not of ${groupSize}.`,
    );
  return group.floatOnly === true;
}

function holds(
  when: Combination["when"],
  layer: LayerSpec,
  config: LayerQuantConfig,
  activationBits: number,
  quantized: boolean,
): boolean {
  const among = (list: readonly unknown[] | undefined, value: unknown) =>
    list === undefined || list.includes(value);
  const aboutWeights =
    when.weightBits !== undefined ||
    when.weightSchemes !== undefined ||
    when.granularities !== undefined;
  if (
    aboutWeights &&
    !quantized &&
    !(when.weightBits?.includes(32) === true && layer.parameterCount > 0)
  )
    return false;
  return (
    among(when.operators, operatorClass(layer)) &&
    among(when.weightBits, config.weightBits) &&
    among(when.activationBits, activationBits) &&
    (when.weightSchemes === undefined ||
      (config.weightBits >= 2 && when.weightSchemes.includes(config.weightScheme))) &&
    among(when.activationSchemes, config.activationScheme) &&
    among(when.granularities, config.granularity) &&
    (when.inputChannelsNotMultipleOf === undefined ||
      inputChannels(layer) % when.inputChannelsNotMultipleOf !== 0) &&
    (when.outputChannelsNotMultipleOf === undefined ||
      outputChannels(layer) % when.outputChannelsNotMultipleOf !== 0)
  );
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

const SEVERITY: Record<Status, number> = { native: 0, emulated: 1, refused: 2 };

/** The worst status so far, the reasons, and the product of the penalties. */
class Outcome {
  status: Status = "native";
  penalty = 1;
  readonly reasons: string[] = [];

  apply(rule: FormatRule): void {
    this.penalty *= rule.computePenalty?.value ?? 1;
    if (rule.status !== "native" && rule.reason !== undefined)
      this.worsen(rule.status, rule.reason);
  }

  worsen(status: Status, reason: string): void {
    if (SEVERITY[status] > SEVERITY[this.status]) this.status = status;
    if (!this.reasons.includes(reason)) this.reasons.push(reason);
  }
}
