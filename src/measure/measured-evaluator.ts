import { checkSignal } from "../async/check-signal.js";
import { quoteName } from "../check/quote-name.js";
import { EvaluationError, InvalidArgumentError, UnsupportedError } from "../errors.js";
import type { AccuracyEstimate, AccuracyEvaluator } from "../evaluation/evaluator.js";
import { checkGenome } from "../genome/quantization-genome.js";
import { fingerprint } from "../numeric/fingerprint.js";
import { batchSizes, sampleBatches } from "./batches/first-samples.js";
import type { ModelInput } from "./batches/model-input.js";
import type { Batch } from "./batches/tensor-data.js";
import { chanceNote } from "./metrics/chance-note.js";
import type { Metric, MetricCall, MetricResult, ModelOutputs } from "./metrics/metric.js";
import { constantOutputs } from "./metrics/outputs/constant-outputs.js";
import { infinitePlaces, refuseNewInfinity } from "./metrics/outputs/infinite-places.js";
import type { GenomeRunner } from "./runner.js";

/** What genomes are measured with. */
export interface MeasuredEvaluatorOptions {
  readonly metric: Metric;
  /** Inputs of the model. */
  readonly inputs: readonly ModelInput[];
  /** Checked batches that the metric judges, in the order of its labels. */
  readonly validation: readonly Batch[];
  /** Outputs of the float model over all of them, those that the metric reads. */
  readonly float: ModelOutputs;
  /** Their names, in the order of the model. */
  readonly outputNames: readonly string[];
  /** Runtime, version and options, for the source of an estimate. */
  readonly runtime: string;
  /** Starts what runs genomes, once the float model was judged. */
  openRunner(): Promise<GenomeRunner>;
}

/** Measures genomes by running the really quantized model, in whatever runtime. */
export interface MeasuredEvaluator {
  /** The float model on the same data. */
  readonly baseline: AccuracyEstimate;
  /** See AccuracyEvaluator; undefined where the data is no row of samples. */
  readonly sampleCount: number | undefined;
  /**
   * @throws InvalidArgumentError for what is no genome, or a number of samples out of range;
   *   EvaluationError when the metric refuses the outputs; UnsupportedError once disposed; what the
   *   runner throws
   */
  evaluate: AccuracyEvaluator["evaluate"];
  /** @throws UnsupportedError once disposed */
  requireOpen(): void;
  /** Lets go of the data; later calls are refused. */
  dispose(): Promise<void>;
}

/**
 * An evaluator of genomes that a runner runs and a metric judges.
 * @throws EvaluationError when the metric refuses the float model's outputs; what `openRunner`
 *   throws
 */
export async function measuredEvaluator({
  metric,
  inputs,
  validation,
  float,
  outputNames,
  runtime,
  openRunner,
}: MeasuredEvaluatorOptions): Promise<MeasuredEvaluator> {
  let disposed = false;
  const reference: ModelOutputs | undefined = metric.needsReference === true ? float : undefined;
  const sizes = batchSizes(inputs, validation);
  const call: MetricCall = { outputNames, batchSizes: sizes };
  const judgedFloat = metric.evaluate(float, reference, call);
  const estimated = toEstimate(metric, judgedFloat, runtime);
  const guessing = chanceNote(metric.name, judgedFloat);
  const baseline: AccuracyEstimate = {
    ...estimated,
    ...(guessing !== undefined && { notes: [guessing] }),
  };
  const infinite = infinitePlaces(float);
  const varying = outputNames.filter((name) => !constantOutputs(float, sizes).includes(name));
  let samples = metric.judgesPart === true ? sampleBatches(inputs, validation, float) : undefined;
  const sampleCount = samples?.count;
  const runner = await openRunner();
  const requireOpen = () => {
    if (disposed)
      throw new UnsupportedError("evaluator", "this evaluator was disposed of; create another");
  };
  return {
    baseline,
    sampleCount,
    requireOpen,
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
      refuseNewInfinity(found, infinite);
      const judged = metric.evaluate(found, reference, {
        ...call,
        ...(partial && { partial, batchSizes: part.sizes, referenceBatchSizes: sizes }),
      });
      const estimate = toEstimate(metric, judged, runtime);
      const lost = constantOutputs(found, partial ? part.sizes : sizes);
      const notes = varying.filter((name) => lost.includes(name)).map(constantNote);
      return notes.length === 0 ? estimate : { ...estimate, notes };
    },
    async dispose() {
      disposed = true;
      samples = undefined;
      await runner.dispose();
    },
  };
}

function constantNote(name: string): string {
  return `output ${quoteName(name)} is the same for every sample: it no longer sees its input`;
}

/** @throws EvaluationError when the metric gave no score, value and number of samples */
function toEstimate(metric: Metric, found: MetricResult, runtime: string): AccuracyEstimate {
  const { score, value, samples } = found ?? {};
  if (!(score >= 0 && score <= 1) || !Number.isFinite(value) || !(samples >= 1))
    throw new EvaluationError(
      "metric",
      `metric ${metric.name} gave score ${score}, value ${value} on ${samples} samples; ` +
        "allowed: a score from 0 to 1, a finite value, 1 sample or more",
    );
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
    source: `${runtime}, ${samples} samples`,
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

/** What decides a measurement, as a text that tells two apart: for caches and checkpoints. */
export function measurementIdentity(of: {
  /** Bytes of the float model. */
  readonly model: Uint8Array;
  /** Bytes of a second file that it has. */
  readonly externalData?: Uint8Array | undefined;
  readonly calibration: readonly Batch[];
  readonly validation: readonly Batch[];
  readonly metric: Metric;
  /** Runtime, version and options. */
  readonly runtime: string;
}): string {
  const data = (batches: readonly Batch[]) =>
    fingerprint(
      ...batches.flatMap((batch) =>
        Object.keys(batch)
          .sort()
          .flatMap((name) => [name, batch[name]!.dims.join(), batch[name]!.data]),
      ),
    );
  return [
    "measured",
    `model ${fingerprint(of.model, ...(of.externalData ? [of.externalData] : []))}`,
    `calibration ${data(of.calibration)}`,
    `validation ${data(of.validation)}`,
    `metric ${of.metric.identity ?? of.metric.name}`,
    of.runtime,
  ].join("; ");
}
