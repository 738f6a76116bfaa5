import type { LayerQuantConfig } from "../genome/layer-quant-config.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import type { LayerSpec, ModelSpec } from "../model/layer-spec.js";

/** The built-in deployment targets. */
export const HardwareTarget = {
  ARM_NEON: "arm-neon",
  ARM_DOT: "arm-dot",
  QUALCOMM_HEXAGON: "qualcomm-hexagon",
  APPLE_NEURAL_ENGINE: "apple-neural-engine",
  NVIDIA_TENSORRT: "nvidia-tensorrt",
  INTEL_VNNI: "intel-vnni",
} as const;
/** One of the values of {@link (HardwareTarget:variable)}. */
export type HardwareTarget = (typeof HardwareTarget)[keyof typeof HardwareTarget];

/** A number format that a target computes in. */
export type ComputeFormat = "int4" | "int8" | "int16" | "float16" | "float32";

/** How a target runs one layer in one configuration. */
export interface OperatorSupport {
  /**
   * `native`: runs as configured. `emulated`: runs widened or unpacked, at a cost. `refused`: the
   * runtime rejects it.
   */
  readonly status: "native" | "emulated" | "refused";
  /** Bits of each weight in the target's storage. */
  readonly weightStorageBits: number;
  /** Bits of each activation when it moves between layers. */
  readonly activationStorageBits: number;
  /** Number format of the multiply-accumulates. */
  readonly computeFormat: ComputeFormat;
  /** Why the layer is not native, one sentence for each reason. Empty when native. */
  readonly reasons: readonly string[];
}

/** Cost of one layer in one inference. */
export interface LayerCost {
  readonly name: string;
  readonly latencyMs: number;
  readonly energyMj: number;
  /** Bytes of weights, scales and zero points in the target's deployment format. */
  readonly storedBytes: number;
  /** What bounds the latency: arithmetic, memory traffic, or fixed costs. */
  readonly bound: "compute" | "memory" | "overhead";
  readonly support: OperatorSupport;
}

/** Expected errors of an estimate. */
export interface CostUncertainty {
  /**
   * Median absolute relative error of the latency. 0.2 means that half of the checked predictions
   * were off by less than 20%.
   */
  readonly latency: number;
  /** The same for energy. Mostly an estimate, because few energies are published. */
  readonly energy: number;
  /** The measurements that the errors were found on. */
  readonly source: string;
}

/** A conversion of activations between two layers with different formats. */
export interface FormatConversion {
  /** The layer whose output is converted. */
  readonly from: string;
  /** The layer that reads it. */
  readonly to: string;
  readonly fromFormat: ComputeFormat;
  readonly toFormat: ComputeFormat;
  /** Bytes read and written. 0 at no cost where the earlier layer writes the new format itself. */
  readonly bytes: number;
  readonly latencyMs: number;
  readonly energyMj: number;
}

/** Cost of one inference at batch 1, unless the cost model was made for another batch. */
export interface CostEstimate {
  /** `measured` when the whole model ran on the device, else `predicted`. */
  readonly kind: "predicted" | "measured";
  readonly latencyMs: number;
  readonly energyMj: number;
  /** Memory in MB (10^6 bytes): the stored weights plus the peak of live activations. */
  readonly memoryFootprintMb: number;
  /** Bytes of all parameters in the target's deployment format. */
  readonly storedBytes: number;
  /**
   * Bytes of all parameters packed to the bit: codes, float32 scales, zero points and float
   * parameters.
   */
  readonly packedBytes?: number;
  /** Inputs of one run. Latency, energy and activations are those of the whole batch. Default 1. */
  readonly batch?: number;
  /**
   * Expected errors of latency and energy. Absent when nobody has checked this model of the device.
   */
  readonly uncertainty?: CostUncertainty;
  /** Conversions between layers. The costs of the layers that read them include their costs. */
  readonly conversions?: readonly FormatConversion[];
  /** Costs by layer, in model order. */
  readonly layers: readonly LayerCost[];
  /** What was widened, emulated or refused, for people. Empty when every layer is native. */
  readonly notes: readonly string[];
  /** Names of the layers that the runtime refuses. A genome with any breaks a constraint. */
  readonly refusedLayers: readonly string[];
  /** Where the numbers come from: name and version of the profile, or the user's model. */
  readonly source: string;
}

/**
 * Estimates what running a genome on a device costs. Implement it to add a target that profiles
 * cannot describe.
 */
export interface HardwareCostModel {
  /** A {@link HardwareTarget}, or a custom name. */
  readonly target: string;
  /** How the target runs a layer in a configuration. Must not depend on other layers. */
  supports(layer: LayerSpec, config: LayerQuantConfig): OperatorSupport;
  /** Costs of one inference of the model with the genome's settings. */
  estimate(model: ModelSpec, genome: QuantizationGenome): CostEstimate;
  /** Groups of layers that must have equal settings on this device. Absent means none. */
  tiedLayers?(model: ModelSpec): readonly (readonly string[])[];
}
