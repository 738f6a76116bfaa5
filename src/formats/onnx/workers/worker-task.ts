import type { QuantizationGenomeDict } from "../../../genome/quantization-genome.js";
import type { ActivationFormat } from "../activations/activation-ranges.js";
import type { ModelOutputs } from "../metrics/metric.js";
import type { OnnxModel } from "../read/onnx-model.js";
import type { OnnxSessionOptions } from "../session/ort-session.js";
import type { Batch } from "../tensor-data.js";

/** What a worker process keeps: everything that is the same for all genomes. Plain data. */
export interface WorkerSetup {
  /** The model without its decoded file, which the worker decodes again. */
  readonly model: Omit<OnnxModel, "proto">;
  readonly batches: readonly Batch[];
  /** Names of the outputs wanted. */
  readonly outputs: readonly string[];
  readonly session: Omit<OnnxSessionOptions, "importRuntime">;
}

/** A first part of the batches. */
export interface BatchPart {
  readonly batchCount: number;
  /** Samples of the last of them. */
  readonly lastSamples: number;
}

/** One genome to run. Plain data. */
export interface WorkerTask {
  /** Only when the worker asked for it. */
  readonly setup?: WorkerSetup;
  /** Absent: the worker is only to start, and to load ONNX Runtime. */
  readonly genome?: QuantizationGenomeDict;
  /** The formats of the activations that the genome quantizes, by `formatKey`. */
  readonly formats?: ReadonlyMap<string, ActivationFormat>;
  /** Default: all batches. */
  readonly part?: BatchPart | undefined;
}

/** What a worker answers: outputs, or nothing when it still needs the setup. */
export interface WorkerReply {
  readonly outputs?: ModelOutputs;
}
