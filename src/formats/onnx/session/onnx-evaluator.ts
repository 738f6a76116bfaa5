import { quoteName } from "../../../check/quote-name.js";
import type { AccuracyEstimate, AccuracyEvaluator } from "../../../evaluation/evaluator.js";
import { checkGenome, type QuantizationGenome } from "../../../genome/quantization-genome.js";
import { type HardwareCostModel, HardwareTarget } from "../../../hardware/contract.js";
import { checkBatches } from "../../../measure/batches/check-batches.js";
import type { Batch } from "../../../measure/batches/tensor-data.js";
import { measuredEvaluator, measurementIdentity } from "../../../measure/measured-evaluator.js";
import { checkMetric } from "../../../measure/metrics/check-metric.js";
import type { Metric } from "../../../measure/metrics/metric.js";
import { wantsProcesses } from "../../../measure/processes/choose-runner.js";
import type { ModelSpec } from "../../../model/layer-spec.js";
import { checkModel, checkOptions } from "../check-arguments.js";
import { onnxRuntimeCostModel } from "../cost/onnx-runtime-cost-model.js";
import type { OnnxModel } from "../read/onnx-model.js";
import { withDimensionsOf } from "../read/with-dimensions-of.js";
import { encodeModel } from "../wire/encode-model.js";
import type { ActivationRanges } from "../write/activation-ranges.js";
import { FileBytesPredictor, STORED_WEIGHT_BITS } from "../write/predict-file-bytes.js";
import {
  checkWeightOptions,
  quantizedModel,
  type WeightOptions,
  weightOptionsOf,
} from "../write/quantized-model.js";
import { calibrateIn } from "./calibrate-activations.js";
import { checkWorkerOptions, onnxRunner, type WorkerOptions } from "./genome-runner.js";
import { runtimeChoice } from "./import-runtime.js";
import { isolatedRuntime } from "./isolated-runtime.js";
import { judgedOutputs } from "./judged-outputs.js";
import { loadOnnxRuntime, type OnnxRuntime, type OnnxSessionOptions } from "./ort-session.js";
import { runBatches } from "./run-batches.js";
import { modelInputs } from "./runtime-types.js";

/** What a model is measured on. */
export interface OnnxEvaluatorOptions extends WorkerOptions, WeightOptions {
  /** Batches that set the ranges of activations. */
  readonly calibration: readonly Batch[];
  /** Batches that the metric judges, in the order of its labels. */
  readonly validation: readonly Batch[];
  readonly metric: Metric;
  /** Stops the preparation (calibration and the float baseline). */
  readonly signal?: AbortSignal | undefined;
}

/** Measures genomes by running the really quantized model. */
export interface OnnxEvaluator extends AccuracyEvaluator {
  readonly kind: "measured";
  /** The float model on the same data. */
  readonly baseline: AccuracyEstimate;
  readonly identity: string;
  /**
   * What to know about the measurement: the outputs that the metric does not judge, and elements of
   * activations that were NaN or infinite.
   */
  readonly notes: readonly string[];
  readonly activationRanges: ActivationRanges;
  /**
   * The model's layers with the sizes of the first calibration batch: what to give to the engine
   * where the file leaves dimensions open.
   * @throws InvalidModelError when the shapes that follow contradict each other
   */
  readonly spec: ModelSpec;
  /**
   * The model's latency in ONNX Runtime, operator by operator, for the target `intel-vnni`: see
   * {@link onnxRuntimeCostModel}.
   */
  costModel(target: HardwareTarget): HardwareCostModel | undefined;
  /** The bytes that `evaluate` measures: an ONNX file, as from `quantizeOnnx`. */
  quantize(genome: QuantizationGenome): Promise<Uint8Array>;
  /** Lets go of the data; later calls are refused. */
  dispose(): Promise<void>;
}

/**
 * An evaluator that quantizes the model as the genome says, runs the resulting file in ONNX Runtime
 * over the validation batches and applies the metric. Calibration and the float baseline are done
 * once, here. Every genome gets a session of its own; with one thread (the default) results are the
 * same bit for bit on one machine. onnxruntime-node (1.30) blocks the thread that it runs on, so
 * genomes asked for at once (`parallelEvaluations`) are run in worker processes, see `workers`;
 * metrics are applied on this thread. Where workers are asked for, calibration and the float
 * baseline run in a process as well. A worker that dies or passes `evaluationTimeoutMs` costs that
 * one evaluation, an EvaluationError, and is replaced; the engine tries again after a death.
 * Workers keep no program from ending; `dispose` ends them at once. It can judge on the first
 * samples only (`sampleCount` and the option `samples`) when the metric can and every input and
 * output has the samples in its first dimension. The samples keep their order: shuffle data that is
 * sorted by class.
 * @throws InvalidArgumentError for what is no model, metric or known option; InvalidDataError for
 *   batches that do not fit the model; MissingDependencyError without onnxruntime-node;
 *   EvaluationError when the model does not run, its outputs are NaN or infinite, or the metric
 *   refuses them (`evaluate` too). `evaluate` also throws InvalidArgumentError for a genome of
 *   another model, UnsupportedError once disposed, and the signal's reason once aborted (between
 *   batches)
 * @example
 * ```ts fragment
 * import { QuantizationEvolutionEngine } from "quantevo";
 * import { createOnnxEvaluator, topOneAccuracy } from "quantevo/onnx";
 *
 * const evaluator = await createOnnxEvaluator(model, {
 *   calibration: batches.slice(0, 4),
 *   validation: batches,
 *   metric: topOneAccuracy(labels),
 * });
 * const engine = new QuantizationEvolutionEngine({ maxEvaluations: 100 }, { evaluator });
 * await engine.runEvolution(evaluator.spec);
 * await evaluator.dispose();
 * ```
 */
export async function createOnnxEvaluator(
  model: OnnxModel,
  options: OnnxEvaluatorOptions,
): Promise<OnnxEvaluator> {
  checkModel(model);
  checkOptions(options, [
    "calibration",
    "validation",
    "metric",
    "avoidSaturation",
    "correctBiases",
    "session",
    "signal",
    "workers",
    "evaluationTimeoutMs",
  ]);
  const { calibration, validation, metric, session, signal } = options;
  const weightOptions = weightOptionsOf(options);
  checkMetric(metric);
  checkWorkerOptions(options);
  checkWeightOptions(options);
  const { outputs, notes } = judgedOutputs(model, metric);
  checkBatches(modelInputs(model), validation, "validation");
  const runtime = await loadOnnxRuntime(session);
  const { importRuntime: _, ...plainSession } = session ?? {};
  // What ends a process of its own is no end of this one.
  const apart = wantsProcesses(options) && model.externalData === undefined;
  const isolated = (local: OnnxRuntime, of: OnnxSessionOptions) =>
    apart ? isolatedRuntime(local, { session: of, signal }) : local;
  const ranges = await calibrateIn(
    async ({ importRuntime: load, ...of } = {}) =>
      isolated(await loadOnnxRuntime({ ...of, importRuntime: load }), of),
    model,
    calibration,
    { ...runtimeChoice(session), signal },
  );
  const floatRuntime = isolated(runtime, plainSession);
  const floatFeeds = validation.map((batch) => floatRuntime.feeds(model.inputs, batch));
  const feeds = validation.map((batch) => runtime.feeds(model.inputs, batch));
  const measured = await measuredEvaluator({
    metric,
    inputs: modelInputs(model),
    validation,
    float: await runBatches(floatRuntime, model, floatFeeds, outputs, signal),
    outputNames: outputs,
    runtime: runtime.description,
    openRunner: () =>
      onnxRunner(
        { model, ranges, runtime, batches: validation, feeds, outputs, ...weightOptions },
        options,
        signal,
      ),
  });
  const predictor = new FileBytesPredictor(model, ranges, weightOptions);
  const { baseline, sampleCount, evaluate, dispose, requireOpen } = measured;
  return {
    kind: "measured",
    baseline,
    notes: [...notes, ...skippedNotes(ranges)],
    identity: measurementIdentity({
      model: model.bytes,
      externalData: model.externalData?.bytes,
      calibration,
      validation,
      metric,
      runtime: runtime.description + described(weightOptions),
    }),
    activationRanges: ranges,
    storedWeightBits: STORED_WEIGHT_BITS,
    fileBytes: (genome) => predictor.predict(genome),
    get spec() {
      return withDimensionsOf(model, calibration[0]!).spec;
    },
    ...(sampleCount !== undefined && { sampleCount }),
    // Files of this runtime on such a processor; others have devices of their own.
    costModel: (target) =>
      target === HardwareTarget.INTEL_VNNI
        ? onnxRuntimeCostModel(withDimensionsOf(model, calibration[0]!))
        : undefined,
    evaluate,
    async quantize(genome) {
      requireOpen();
      checkGenome(genome, "genome");
      return encodeModel(quantizedModel(model, genome, ranges, weightOptions).proto);
    },
    dispose,
  };
}

function skippedNotes({ skipped }: ActivationRanges): string[] {
  return [...skipped].map(
    ([name, count]) =>
      `activation ${quoteName(name)} is NaN or infinite in ${count} elements, which its range ` +
      "leaves out",
  );
}

/** What else than a genome decides the bytes that are measured. */
function described({ avoidSaturation, correctBiases }: WeightOptions): string {
  const corrected = correctBiases === false ? "" : "; corrects biases";
  return `${avoidSaturation === true ? "; avoids saturation" : ""}${corrected}`;
}
