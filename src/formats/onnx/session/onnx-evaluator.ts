import { checkSignal } from "../../../async/check-signal.js";
import { EvaluationError, InvalidArgumentError, UnsupportedError } from "../../../errors.js";
import type { AccuracyEstimate, AccuracyEvaluator } from "../../../evaluation/evaluator.js";
import { checkGenome, type QuantizationGenome } from "../../../genome/quantization-genome.js";
import { fingerprint } from "../../../numeric/fingerprint.js";
import type { ActivationRanges } from "../activations/activation-ranges.js";
import { calibrateActivations } from "../activations/calibrate-activations.js";
import { checkMetric, checkModel, checkOptions } from "../check-arguments.js";
import { checkBatches } from "../check-batches.js";
import { sampleBatches } from "../first-samples.js";
import type { Metric, MetricResult, ModelOutputs } from "../metrics/metric.js";
import type { OnnxModel } from "../read/onnx-model.js";
import type { Batch } from "../tensor-data.js";
import { encodeModel } from "../wire/encode-model.js";
import { checkWorkerOptions, chooseRunner, type WorkerOptions } from "../workers/choose-runner.js";
import { quantizedModel } from "../write/quantized-model.js";
import { loadOnnxRuntime } from "./ort-session.js";
import { runBatches } from "./run-batches.js";

/** What a model is measured on. */
export interface OnnxEvaluatorOptions extends WorkerOptions {
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
  readonly activationRanges: ActivationRanges;
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
 * metrics are applied on this thread. A worker that dies or passes `evaluationTimeoutMs` costs that
 * one evaluation, an EvaluationError, and is replaced. Workers keep no program from ending;
 * `dispose` ends them at once. It can judge on the first samples only (`sampleCount` and the option
 * `samples`) when the metric can and every input and output has the samples in its first dimension.
 * The samples keep their order: shuffle data that is sorted by class.
 * @throws InvalidArgumentError for what is no model, metric or known option; InvalidDataError for
 *   batches that do not fit the model; MissingDependencyError without onnxruntime-node;
 *   EvaluationError when the model does not run, its outputs are NaN or infinite, or the metric
 *   refuses them (`evaluate` too). `evaluate` also throws InvalidArgumentError for a genome of
 *   another model, UnsupportedError once disposed, and the signal's reason once aborted (between
 *   batches)
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
    "session",
    "signal",
    "workers",
    "evaluationTimeoutMs",
  ]);
  const { calibration, validation, metric, session, signal } = options;
  checkMetric(metric);
  checkWorkerOptions(options);
  checkBatches(model, validation, "validation");
  const runtime = await loadOnnxRuntime(session);
  const ranges = await calibrateActivations(model, calibration, {
    importRuntime: session?.importRuntime,
    signal,
  });
  const outputs = model.outputs.map(({ name }) => name);
  let disposed = false;

  const toEstimate = (found: MetricResult): AccuracyEstimate => {
    const { score, value, samples } = found ?? {};
    if (!(score >= 0 && score <= 1) || !Number.isFinite(value) || !(samples >= 1))
      throw new EvaluationError(
        "metric",
        `metric ${metric.name} gave score ${score}, value ${value} on ${samples} samples; ` +
          "allowed: a score from 0 to 1, a finite value, 1 sample or more",
      );
    const source = `${runtime.description}, ${samples} samples`;
    const { sampleScores, standardError, interval } = found;
    return {
      kind: "measured",
      accuracy: score,
      metric: metric.name,
      metricValue: value,
      samples,
      ...(sampleScores && { sampleScores }),
      ...(standardError !== undefined && { standardError }),
      ...(interval && { interval }),
      source,
    };
  };
  const feeds = validation.map((batch) => runtime.feeds(model.inputs, batch));
  const float = await runBatches(runtime, model.bytes, feeds, outputs, signal);
  const reference: ModelOutputs | undefined = metric.needsReference === true ? float : undefined;
  const baseline = toEstimate(metric.evaluate(float, reference));
  let samples = metric.judgesPart === true ? sampleBatches(model, validation, float) : undefined;
  const sampleCount = samples?.count;
  const runner = await chooseRunner(
    { model, ranges, runtime, feeds, outputs },
    validation,
    options,
    signal,
  );

  const requireOpen = () => {
    if (disposed)
      throw new UnsupportedError("evaluator", "this evaluator was disposed of; create another");
  };
  return {
    kind: "measured",
    baseline,
    identity: identityOf(model, options, runtime.description),
    activationRanges: ranges,
    ...(sampleCount !== undefined && { sampleCount }),
    async evaluate(genome, { signal, samples: wanted } = {}) {
      requireOpen();
      checkSignal(signal);
      checkSampleCount(wanted, sampleCount);
      signal?.throwIfAborted();
      const part = wanted === undefined ? undefined : samples?.first(wanted);
      const partial = part !== undefined && part.samples < sampleCount!;
      checkGenome(genome, "genome");
      const found = await runner.run(genome, {
        batches: partial ? part.batches : undefined,
        signal,
      });
      return toEstimate(metric.evaluate(found, reference, partial ? { partial } : undefined));
    },
    async quantize(genome) {
      requireOpen();
      checkGenome(genome, "genome");
      return encodeModel(quantizedModel(model, genome, ranges).proto);
    },
    async dispose() {
      disposed = true;
      samples = undefined;
      await runner.dispose();
    },
  };
}

/**
 * @throws InvalidArgumentError unless it is undefined or an integer from 1 to the number of
 *   samples, where that is known
 */
function checkSampleCount(samples: number | undefined, most = Number.POSITIVE_INFINITY): void {
  if (samples === undefined || (Number.isInteger(samples) && samples >= 1 && samples <= most))
    return;
  throw new InvalidArgumentError(
    "samples",
    `samples is ${samples}; allowed: an integer from 1 to ${most}`,
  );
}

function identityOf(model: OnnxModel, options: OnnxEvaluatorOptions, runtime: string): string {
  const data = (batches: readonly Batch[]) =>
    fingerprint(
      ...batches.flatMap((batch) =>
        Object.keys(batch)
          .sort()
          .flatMap((name) => [name, batch[name]!.dims.join(), batch[name]!.data]),
      ),
    );
  const { metric, calibration, validation } = options;
  return [
    "measured",
    `model ${fingerprint(model.bytes)}`,
    `calibration ${data(calibration)}`,
    `validation ${data(validation)}`,
    `metric ${metric.identity ?? metric.name}`,
    runtime,
  ].join("; ");
}
