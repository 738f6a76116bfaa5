import type { LayerQuantConfig } from "../genome/layer-quant-config.js";
import { elementCount, LayerKind, type LayerSpec } from "../model/layer-spec.js";
import type { HardwareProfile } from "./profile-schema.js";
import { type ResolvedOperator, resolveOperator } from "./resolve-operator.js";
import { storedWeightBytes } from "./stored-weight-bytes.js";

/** Time and energy of one layer, without operator overhead, conversions and static power. */
export interface Roof {
  readonly computeSeconds: number;
  readonly memorySeconds: number;
  /** The two combined with the profile's overlap. */
  readonly seconds: number;
  /** Multiply-accumulates and bytes moved. */
  readonly joules: number;
}

/** Everything about one layer in one configuration that does not depend on the other layers. */
export interface LayerRoofline {
  readonly resolved: ResolvedOperator;
  /** Bytes of weights, scales and zero points. */
  readonly storedBytes: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** When weights come from DRAM at every inference. */
  readonly streamed: Roof;
  /** When the whole model stays in the on-chip memory. */
  readonly resident: Roof;
}

/**
 * The roofline of one layer (Williams, Waterman and Patterson 2009), softened by the overlap omega:
 *
 *     C = (MACs + halfRateReuse * weights) * penalty / (rate * efficiency)
 *     M = weight bytes / bandwidth + activation bytes / bandwidth
 *     t = max(C, M) + (1 - omega) * min(C, M)
 *
 * An embedding computes nothing and reads only the rows that it looks up. Activations that do not fit the on-chip
 * memory go through DRAM.
 */
export function layerRoofline(
  profile: HardwareProfile,
  layer: LayerSpec,
  config: LayerQuantConfig,
): LayerRoofline {
  const resolved = resolveOperator(profile, layer, config);
  const { computeFormat, weightStorageBits, activationStorageBits } = resolved.support;
  const storedBytes = storedWeightBytes(layer, config, weightStorageBits);
  const outputElements = elementCount(layer.outputShape);
  const embedding = layer.kind === LayerKind.EMBEDDING;
  const readBytes = embedding ? Math.min(storedBytes, (outputElements * weightStorageBits) / 8) : storedBytes;
  const inputBytes = (elementCount(layer.inputShape) * (embedding ? 32 : activationStorageBits)) / 8;
  const outputBytes = (outputElements * activationStorageBits) / 8;
  const activationBytes = inputBytes + outputBytes;

  // The schema makes sure that every format that rules lead to has a rate and an energy.
  const rate = profile.gmacsPerSecond[computeFormat]?.value as number;
  const macPj = profile.energyPerMacPj[computeFormat]?.value as number;
  const efficiency = profile.efficiency[layer.kind]?.value ?? 1;
  const macs = embedding ? 0 : layer.macs;
  const slots = macs === 0 ? 0 : macs + profile.halfRateReuse.value * layer.parameterCount;
  const computeSeconds = (slots * resolved.computePenalty) / (rate * efficiency * 1e9);
  const computeJoules = macs * resolved.computePenalty * macPj * 1e-12;

  const { dram, onChip } = profile;
  const near = activationBytes <= onChip.capacityBytes.value ? onChip : dram;
  const roof = (weights: typeof dram | typeof onChip): Roof => {
    const memorySeconds =
      readBytes / (weights.bandwidthGBs.value * 1e9) + activationBytes / (near.bandwidthGBs.value * 1e9);
    const moved = readBytes * weights.energyPerBytePj.value + activationBytes * near.energyPerBytePj.value;
    return {
      computeSeconds,
      memorySeconds,
      seconds:
        Math.max(computeSeconds, memorySeconds) +
        (1 - profile.overlap.value) * Math.min(computeSeconds, memorySeconds),
      joules: computeJoules + moved * 1e-12,
    };
  };
  return { resolved, storedBytes, inputBytes, outputBytes, streamed: roof(dram), resident: roof(onChip) };
}
