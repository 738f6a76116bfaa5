import type { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import { elementCount, LayerKind, type LayerSpec } from "../../model/layer-spec.js";
import type { ComputeFormat } from "../contract.js";
import { inputChannels, isConvolution, outputChannels } from "../profile/operator-class.js";
import type { HardwareProfile } from "../profile/profile-schema.js";
import { type ResolvedOperator, resolveOperator } from "../profile/resolve-operator.js";
import { packedWeightBytes, storedWeightBytes } from "../profile/stored-weight-bytes.js";

/** Time and energy of one layer, without operator overhead, conversions and static power. */
export interface Roof {
  readonly computeSeconds: number;
  readonly memorySeconds: number;
  /** Both combined by the profile's overlap. */
  readonly seconds: number;
  /** Energy of the multiply-accumulates and of the bytes moved. */
  readonly joules: number;
}

/** The costs of one layer in one configuration that do not depend on other layers. */
export interface LayerRoofline {
  readonly resolved: ResolvedOperator;
  /** Bytes of weights, scales and zero points in the deployment format. */
  readonly storedBytes: number;
  /** The same bytes packed to the bit. */
  readonly packedBytes: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** When weights are read from DRAM at every inference. */
  readonly streamed: Roof;
  /** When the whole model stays in on-chip memory. */
  readonly resident: Roof;
  /**
   * As part of one product with other layers that read the same tensor, so the input is already
   * there.
   */
  readonly sharedStreamed: Roof;
  readonly sharedResident: Roof;
  /**
   * In float, on weights that are dequantized at every inference. A QDQ runtime may need that
   * (`profile.qdq`).
   */
  readonly unfusedStreamed?: Roof;
  readonly unfusedResident?: Roof;
  /** Seconds of the operators that follow the layer and are not merged into it. */
  readonly followerSeconds: number;
  readonly followerJoules: number;
}

/** Depth of a product of two activations: the usual width of an attention head. */
const HEAD_WIDTH = 64;

/** Following operators that every runtime merges as a clamp. */
const CLAMPS = new Set(["Relu", "Clip", "Relu6"]);

/**
 * The roofline of one layer (Williams, Waterman and Patterson 2009) for `batch` inputs, softened by
 * the overlap omega:
 *
 * ```text
 * C = (MACs * padding + halfRateReuse * weights + halfRateOutputs * depth) * penalty
 *     / (rate * efficiency)
 * M = weight bytes / bandwidth + activation bytes / bandwidth
 * t = max(C, M) + (1 - omega) * min(C, M)
 * ```
 *
 * Depth is the MACs of one output. Padding is the factor by which output channels are rounded up.
 * Depthwise convolutions may have their own rate. An embedding computes nothing and reads only the
 * rows that it looks up.
 *
 * Activations that do not fit the on-chip memory go through DRAM. When the weights do not fit
 * either, one of the two is read again for every on-chip load of the other, whichever costs less.
 */
export function layerRoofline(
  profile: HardwareProfile,
  layer: LayerSpec,
  config: LayerQuantConfig,
  batch = 1,
): LayerRoofline {
  const resolved = resolveOperator(profile, layer, config);
  const { computeFormat, weightStorageBits, activationStorageBits } = resolved.support;
  const { dram, onChip, host } = profile;
  const storedBytes = storedWeightBytes(
    layer,
    config,
    weightStorageBits,
    profile.formats.container,
  );
  const outputElements = elementCount(layer.outputShape);
  const embedding = layer.kind === LayerKind.EMBEDDING;
  const readBytes = embedding
    ? Math.min(storedBytes, (batch * outputElements * weightStorageBits) / 8)
    : storedBytes;
  const inputBytes =
    (batch * elementCount(layer.inputShape) * (embedding ? 32 : activationStorageBits)) / 8;
  const outputBytes = (batch * outputElements * activationStorageBits) / 8;

  // The schema guarantees a rate and an energy for every format that the profile computes in.
  const onHost = resolved.onHost && host !== undefined;
  const rate = onHost
    ? host.gmacsPerSecond.value
    : (profile.gmacsPerSecond[computeFormat]?.value as number);
  const macPj = onHost
    ? host.energyPerMacPj.value
    : (profile.energyPerMacPj[computeFormat]?.value as number);
  const depthwise =
    layer.kind === LayerKind.DEPTHWISE_CONV ? depthwiseRate(profile, computeFormat) : undefined;
  const efficiency = onHost ? 1 : (profile.efficiency[layer.kind]?.value ?? 1);
  const macs = embedding ? 0 : layer.macs * batch;
  const slots =
    macs === 0
      ? 0
      : macs * padding(profile, layer) +
        profile.halfRateReuse.value * layer.parameterCount +
        (profile.halfRateOutputs?.value ?? 0) * reductionDepth(layer);
  const sustained = onHost ? rate : (depthwise ?? rate * efficiency);
  const computeSeconds = (slots * resolved.computePenalty) / (sustained * 1e9);
  const computeJoules = macs * resolved.computePenalty * macPj * 1e-12;

  const capacity = onChip.capacityBytes.value;
  const fits = inputBytes + outputBytes <= capacity;
  const near = fits ? onChip : dram;
  const nearGBs = onHost ? host.bandwidthGBs.value : near.bandwidthGBs.value;
  const rereadBytes =
    fits || readBytes <= capacity
      ? 0
      : Math.min(
          (Math.ceil(readBytes / capacity) - 1) * inputBytes,
          (Math.ceil(inputBytes / capacity) - 1) * readBytes,
        );
  const roof = (
    weights: typeof dram | typeof onChip,
    activationBytes: number,
    compute = computeSeconds,
    joules = computeJoules,
  ): Roof => {
    const weightGBs = onHost ? host.bandwidthGBs.value : weights.bandwidthGBs.value;
    const memorySeconds =
      (readBytes + rereadBytes) / (weightGBs * 1e9) + activationBytes / (nearGBs * 1e9);
    const moved =
      (readBytes + rereadBytes) * weights.energyPerBytePj.value +
      activationBytes * near.energyPerBytePj.value;
    return {
      computeSeconds: compute,
      memorySeconds,
      seconds:
        Math.max(compute, memorySeconds) +
        (1 - profile.overlap.value) * Math.min(compute, memorySeconds) +
        (onHost ? host.roundTripUs.value * 1e-6 : 0),
      joules: joules + moved * 1e-12,
    };
  };
  const all = inputBytes + outputBytes;
  const { qdq } = profile;
  let unfused = {};
  const share = qdq?.unfusedEfficiency[layer.kind]?.value;
  if (share !== undefined && config.weightBits !== 32 && !embedding) {
    const seconds = slots / ((profile.gmacsPerSecond.float32?.value ?? rate) * share * 1e9);
    const joules = macs * (profile.energyPerMacPj.float32?.value ?? macPj) * 1e-12;
    const bytes = all * (32 / activationStorageBits);
    unfused = {
      unfusedStreamed: roof(dram, bytes, seconds, joules),
      unfusedResident: roof(onChip, bytes, seconds, joules),
    };
  }
  return {
    resolved,
    storedBytes,
    packedBytes: packedWeightBytes(layer, config),
    inputBytes,
    outputBytes,
    streamed: roof(dram, all),
    resident: roof(onChip, all),
    sharedStreamed: roof(dram, outputBytes),
    sharedResident: roof(onChip, outputBytes),
    ...unfused,
    ...followers(profile, layer, resolved, batch * outputElements, near),
  };
}

function depthwiseRate(profile: HardwareProfile, format: ComputeFormat): number | undefined {
  return format === "int4" ? undefined : profile.depthwiseGmacsPerSecond?.[format]?.value;
}

/** Factor, at least 1, for output channels that only fill a tile. */
function padding(profile: HardwareProfile, layer: LayerSpec): number {
  const tile = profile.outputChannelTile?.value;
  if (tile === undefined || layer.weightLayout === undefined) return 1;
  const channels = Math.max(1, outputChannels(layer));
  return (Math.ceil(channels / tile) * tile) / channels;
}

/**
 * Multiply-accumulates of one output. A pass of the whole device takes as long, however few outputs
 * there are.
 */
function reductionDepth(layer: LayerSpec): number {
  if (layer.parameterCount === 0) return HEAD_WIDTH;
  if (layer.weightLayout !== undefined)
    return layer.parameterCount / Math.max(1, outputChannels(layer));
  return isConvolution(layer) ? 9 * inputChannels(layer) : inputChannels(layer);
}

/**
 * Costs of the operators after the layer that the runtime does not merge into it. Each reads and
 * writes the output once. Where they have no integer kernels, an integer layer's output is
 * converted to float and back.
 */
function followers(
  profile: HardwareProfile,
  layer: LayerSpec,
  resolved: ResolvedOperator,
  elements: number,
  near: HardwareProfile["dram"],
): { followerSeconds: number; followerJoules: number } {
  const merged = profile.fusion?.followedBy ?? [];
  const count =
    layer.followedBy?.filter(
      (name) => !CLAMPS.has(name) && !merged.includes("*") && !merged.includes(name),
    ).length ?? 0;
  if (count === 0) return { followerSeconds: 0, followerJoules: 0 };
  const ownBytes = resolved.support.activationStorageBits / 8;
  const integer = resolved.activationFormat === "int8" || resolved.activationFormat === "int16";
  const converts = integer && profile.fusion?.integerFollowers !== true;
  const bytes = 2 * elements * count * (converts ? 4 : ownBytes);
  const convertedBytes = converts ? 2 * elements * (ownBytes + 4) : 0;
  const { conversion } = profile;
  return {
    followerSeconds:
      count * profile.overheadPerOperatorUs.value * 1e-6 +
      bytes / (near.bandwidthGBs.value * 1e9) +
      (converts ? 2 * (conversion?.overheadUs.value ?? 0) * 1e-6 : 0) +
      convertedBytes / ((conversion?.bandwidthGBs.value ?? near.bandwidthGBs.value) * 1e9) +
      (layer.followedBy?.includes("LRN") === true
        ? elements * (profile.powerNs?.value ?? 0) * 1e-9
        : 0),
    followerJoules: (bytes + convertedBytes) * near.energyPerBytePj.value * 1e-12,
  };
}
