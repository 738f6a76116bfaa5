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

/** What a target does with one layer in one configuration. */
export interface OperatorSupport {
  /**
   * `native`: runs as asked. `emulated`: runs widened or unpacked, at a cost. `refused`: the
   * runtime rejects it.
   */
  readonly status: "native" | "emulated" | "refused";
  /** Bits a weight takes in the target's storage. */
  readonly weightStorageBits: number;
  /** Bits an activation takes when it moves. */
  readonly activationStorageBits: number;
  /** Format of the multiply-accumulates. */
  readonly computeFormat: ComputeFormat;
  /** Why it is not native: one sentence each. Empty when native. */
  readonly reasons: readonly string[];
}

/** Cost of one layer. */
export interface LayerCost {
  readonly name: string;
  readonly latencyMs: number;
  readonly energyMj: number;
  /** Weights, scales and zero points as the target's deployment format stores them. */
  readonly storedBytes: number;
  /** Which roof the layer hits. */
  readonly bound: "compute" | "memory" | "overhead";
  readonly support: OperatorSupport;
}

/** How far an estimate may be off. */
export interface CostUncertainty {
  /**
   * Median absolute relative error of the latency: 0.2 = half of the checked predictions were off
   * by less than 20%.
   */
  readonly latency: number;
  /** The same for energy; mostly an estimate, as hardly any energy is published. */
  readonly energy: number;
  /** What the errors were found on. */
  readonly source: string;
}

/** A change of format on the way from one layer to another. */
export interface FormatConversion {
  /** The layer whose output is converted. */
  readonly from: string;
  /** The layer that reads it. */
  readonly to: string;
  readonly fromFormat: ComputeFormat;
  readonly toFormat: ComputeFormat;
  /**
   * Bytes read and written; 0, as the cost, where the layer before writes the new format at once.
   */
  readonly bytes: number;
  readonly latencyMs: number;
  readonly energyMj: number;
}

/** Cost of one inference, at batch 1 unless the cost model was made for another. */
export interface CostEstimate {
  readonly kind: "predicted" | "measured";
  readonly latencyMs: number;
  readonly energyMj: number;
  /** Weights as the target stores them plus the peak of live activations, in MB of 10^6 bytes. */
  readonly memoryFootprintMb: number;
  /** Bytes of all parameters as the target's deployment format stores them. */
  readonly storedBytes: number;
  /**
   * Bytes of all parameters packed to the bit: codes, float32 scales, zero points, float
   * parameters.
   */
  readonly packedBytes?: number;
  /**
   * Inputs worked on at once; latency, energy and activations are those of the whole batch. Absent
   * = 1.
   */
  readonly batch?: number;
  /**
   * How far latency and energy may be off; absent when nobody has checked this model of the device.
   */
  readonly uncertainty?: CostUncertainty;
  /** Every change of format between layers; their costs are contained in the layers that read. */
  readonly conversions?: readonly FormatConversion[];
  readonly layers: readonly LayerCost[];
  /** What was widened, emulated or refused, for people; empty when everything is native. */
  readonly notes: readonly string[];
  /** Layers that the target's runtime refuses as asked; a genome with any violates a constraint. */
  readonly refusedLayers: readonly string[];
  /** Where the numbers come from: profile name and version, or the user's model. */
  readonly source: string;
}

/**
 * A device's cost of running a genome. Implement it to add a target that profiles cannot describe.
 */
export interface HardwareCostModel {
  /** A {@link HardwareTarget} or a name of the user's own. */
  readonly target: string;
  supports(layer: LayerSpec, config: LayerQuantConfig): OperatorSupport;
  estimate(model: ModelSpec, genome: QuantizationGenome): CostEstimate;
  /** Groups of layers that must have equal settings on this device. Absent = none. */
  tiedLayers?(model: ModelSpec): readonly (readonly string[])[];
}
