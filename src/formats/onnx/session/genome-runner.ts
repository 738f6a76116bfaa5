import { type ActivationFormat, formatKey } from "../../../deploy/activation-formats.js";
import { checkGenomeLayers } from "../../../deploy/check-genome-layers.js";
import { planActivations } from "../../../deploy/plan-activations.js";
import { InvalidArgumentError } from "../../../errors.js";
import type { QuantizationGenome } from "../../../genome/quantization-genome.js";
import type { Batch } from "../../../measure/batches/tensor-data.js";
import {
  checkProcessOptions,
  chooseRunner,
  type ProcessOptions,
  wantsProcesses,
} from "../../../measure/processes/choose-runner.js";
import type { GenomeRunner } from "../../../measure/runner.js";
import type { WorkerModule } from "../../../measure/workers/worker-file.js";
import { inMemory } from "../external/model-files.js";
import type { OnnxModel } from "../read/onnx-model.js";
import type { ActivationRanges } from "../write/activation-ranges.js";
import { placementOf } from "../write/place-tensors.js";
import { quantizedModel, type WeightOptions, weightOptionsOf } from "../write/quantized-model.js";
import type { Feeds, OnnxRuntime, OnnxSessionOptions } from "./ort-session.js";
import { runBatches } from "./run-batches.js";

/** Where evaluations run, and for how long. */
export interface WorkerOptions extends ProcessOptions {
  readonly session?: OnnxSessionOptions | undefined;
}

/**
 * @throws InvalidArgumentError for a number out of range, or workers that cannot be;
 *   UnsupportedError outside of Node
 */
export function checkWorkerOptions(options: WorkerOptions): void {
  checkProcessOptions(options);
  if (wantsProcesses(options) && options.session?.importRuntime !== undefined)
    throw new InvalidArgumentError(
      "session.importRuntime",
      "session.importRuntime is a function, which worker processes cannot be given; allowed: " +
        "workers 0 and no evaluationTimeoutMs, or an installed runtime",
    );
}

/** What genomes are run with. */
export interface RunnerOptions extends WeightOptions {
  readonly model: OnnxModel;
  readonly ranges: ActivationRanges;
  readonly runtime: OnnxRuntime;
  /** All batches. */
  readonly batches: readonly Batch[];
  /** The same, as the runtime takes them. */
  readonly feeds: readonly Feeds[];
  /** Names of the outputs wanted. */
  readonly outputs: readonly string[];
}

/** What a worker process keeps: everything that is the same for all genomes. Plain data. */
export interface OnnxSetup extends WeightOptions {
  /** The model without its decoded file, which the worker decodes again. */
  readonly model: Omit<OnnxModel, "proto">;
  /** As of {@link ActivationRanges}. */
  readonly inputMeans: ReadonlyMap<string, Float32Array>;
  readonly batches: readonly Batch[];
  /** Names of the outputs wanted. */
  readonly outputs: readonly string[];
  readonly session: Omit<OnnxSessionOptions, "importRuntime">;
}

/** A genome as a worker process needs it. Plain data. */
export interface OnnxWork {
  readonly genome: Omit<ReturnType<QuantizationGenome["toDict"]>, "metrics">;
  /** The formats of the activations that the genome quantizes, by `formatKey`. */
  readonly formats: ReadonlyMap<string, ActivationFormat>;
  /** Values that no genome can quantize. */
  readonly unfit: ReadonlySet<string>;
}

/** The module of worker processes. */
const MODULE: WorkerModule = {
  source: "formats/onnx/session/worker.ts",
  built: "onnx/worker.js",
};

/** ONNX Runtime holds the file, its weights as float32, the quantized file, and what it makes. */
const COPIES = 4;

/**
 * What runs the genomes of an evaluator: this thread, worker processes, or first the one and then
 * the others.
 * @param workers checked by {@link checkWorkerOptions}
 * @throws EvaluationError or MissingDependencyError when workers are asked for and do not start;
 *   the signal's reason
 */
export function onnxRunner(
  options: RunnerOptions,
  workers: WorkerOptions,
  signal?: AbortSignal,
): Promise<GenomeRunner> {
  const { model, ranges, batches, outputs } = options;
  const { importRuntime, ...session } = workers.session ?? {};
  return chooseRunner<OnnxSetup, OnnxWork>(
    {
      local: localRunner(options),
      // A process is sent the model as one message, which has no room for two gigabytes.
      module: importRuntime === undefined && !model.externalData ? MODULE : undefined,
      setup: () => {
        const { proto: _, ...plain } = model;
        const { inputMeans } = ranges;
        return { model: plain, inputMeans, batches, outputs, session, ...weightOptionsOf(options) };
      },
      workOf: (genome) => {
        checkGenomeLayers(model, genome);
        const { metrics: _, ...plain } = genome.toDict();
        return { genome: plain, formats: formatsOf(model, genome, ranges), unfit: ranges.unfit };
      },
      modelBytes: COPIES * model.bytes.byteLength,
      threads: session.intraOpNumThreads ?? 1,
    },
    batches,
    workers,
    signal,
  );
}

/** Runs genomes on this thread. */
function localRunner(options: RunnerOptions): GenomeRunner {
  const { model, ranges, runtime, feeds, outputs } = options;
  const weightOptions = weightOptionsOf(options);
  let all = feeds;
  return {
    run: async (genome, { batches, signal } = {}) => {
      const files = inMemory(quantizedModel(model, genome, ranges, weightOptions).proto);
      const wanted = batches?.map((batch) => runtime.feeds(model.inputs, batch)) ?? all;
      return runBatches(runtime, files, wanted, outputs, signal);
    },
    dispose: async () => {
      all = [];
    },
  };
}

/** The formats of all activations that the genome quantizes. */
function formatsOf(
  model: OnnxModel,
  genome: QuantizationGenome,
  ranges: ActivationRanges,
): Map<string, ActivationFormat> {
  const formats = new Map<string, ActivationFormat>();
  planActivations(model, placementOf(model), genome, {
    format: (range, config, method) => {
      const format = ranges.format(range, config, method);
      formats.set(formatKey(range, config, method), format);
      return format;
    },
    covers: (range) => ranges.covers(range),
  });
  return formats;
}
