import { needsRanges } from "../../../deploy/plan-activations.js";
import { InvalidArgumentError } from "../../../errors.js";
import type { QuantizationGenome } from "../../../genome/quantization-genome.js";
import { checkBatches } from "../../../measure/batches/check-batches.js";
import { splitBatches } from "../../../measure/batches/split-batches.js";
import type { Batch } from "../../../measure/batches/tensor-data.js";
import type { OnnxModel } from "../read/onnx-model.js";
import { placementOf } from "../write/place-tensors.js";
import { type QuantizeOnnxOptions, quantizeOnnxWithReport } from "../write/quantize-onnx.js";
import { calibrateActivations } from "./calibrate-activations.js";
import type { RuntimeChoice } from "./import-runtime.js";
import {
  type Feeds,
  loadOnnxRuntime,
  type OnnxSessionOptions,
  type RuntimeSession,
} from "./ort-session.js";
import { modelInputs } from "./runtime-types.js";

/** How {@link measureOnnxLatency} measures. */
export interface MeasureOnnxLatencyOptions extends QuantizeOnnxOptions {
  /** What is run. Default: the first `batchSize` samples of `calibration`. */
  readonly input?: Batch | undefined;
  /** Samples of a run when `input` is not given. Default 1. */
  readonly batchSize?: number | undefined;
  /** Runs before the first that counts. Default 10. */
  readonly warmUp?: number | undefined;
  /** Runs that count. Default 50. */
  readonly repetitions?: number | undefined;
  /**
   * With several genomes, runs in a row before the next genome has its turn. Turns spread the
   * disturbances of a shared machine over all genomes. Default 5.
   */
  readonly runsPerTurn?: number | undefined;
  /** Optimization level and threads (`intraOpNumThreads`, default 1) of what is measured. */
  readonly session?: OnnxSessionOptions | undefined;
}

/** What a stopwatch saw. Times are of one run, which is one inference of the whole batch. */
export interface MeasuredLatency {
  readonly kind: "measured";
  readonly medianMs: number;
  /** Distance of the quartiles: the middle half of the runs lies within it. */
  readonly iqrMs: number;
  /** The fastest run: nearest to what an undisturbed machine does. */
  readonly minMs: number;
  /** Every run that counts, in order. */
  readonly samplesMs: readonly number[];
  readonly batchSize: number;
  readonly threads: number;
  readonly warmUp: number;
  /** Runtime, version, optimization level, threads, batch. */
  readonly source: string;
}

/**
 * Quantizes the model as the genome says, opens it in ONNX Runtime on this machine and times it.
 * The time is that of one call from JavaScript, its overhead included.
 * @param genome undefined measures the model as it was loaded
 * @throws InvalidArgumentError for a count that is none or when there is nothing to run;
 *   InvalidDataError for a batch that does not fit; what `quantizeOnnx` throws; EvaluationError
 *   when ONNX Runtime refuses the model; MissingDependencyError without onnxruntime-node; the
 *   signal's reason once aborted
 * @example
 * ```ts fragment
 * import { measureOnnxLatency } from "quantevo/onnx";
 *
 * const quantized = await measureOnnxLatency(model, genome, { calibration: batches });
 * const float32 = await measureOnnxLatency(model, undefined);
 * console.log(quantized.medianMs / float32.medianMs);
 * ```
 */
export async function measureOnnxLatency(
  model: OnnxModel,
  genome: QuantizationGenome | undefined,
  options: MeasureOnnxLatencyOptions = {},
): Promise<MeasuredLatency> {
  return (await measureOnnxLatencies(model, [genome], options))[0]!;
}

/**
 * {@link measureOnnxLatency} of several genomes that take turns, so that they can be compared on a
 * machine that does other things too. All sessions are open at once. Throws as that does.
 * @returns one result for each genome, in order
 */
export async function measureOnnxLatencies(
  model: OnnxModel,
  genomes: readonly (QuantizationGenome | undefined)[],
  options: MeasureOnnxLatencyOptions = {},
): Promise<readonly MeasuredLatency[]> {
  const warmUp = count("warmUp", options.warmUp ?? 10, 0);
  const repetitions = count("repetitions", options.repetitions ?? 50, 1);
  const runsPerTurn = count("runsPerTurn", options.runsPerTurn ?? 5, 1);
  const input = inputOf(model, options);
  const batchSize = batchSizeOf(model, input) ?? 1;
  const choice: RuntimeChoice = {
    runtime: options.session?.runtime ?? options.runtime,
    importRuntime: options.session?.importRuntime ?? options.importRuntime,
  };
  let activationRanges = options.activationRanges;
  if (activationRanges === undefined && options.calibration !== undefined)
    if (genomes.some((genome) => genome !== undefined && needsRanges(placementOf(model), genome)))
      activationRanges = await calibrateActivations(model, options.calibration, {
        ...choice,
        signal: options.signal,
      });

  const runtime = await loadOnnxRuntime({ ...options.session, ...choice });
  const feeds = runtime.feeds(model.inputs, input);
  const outputs = model.outputs.map(({ name }) => name);
  const sessions: RuntimeSession[] = [];
  try {
    for (const genome of genomes) {
      options.signal?.throwIfAborted();
      const files =
        genome === undefined
          ? model
          : await quantizeOnnxWithReport(model, genome, {
              activationRanges,
              ...choice,
              signal: options.signal,
            });
      sessions.push(await runtime.open(files));
    }
    const samples = await takeTurns(
      sessions,
      feeds,
      outputs,
      { warmUp, repetitions, runsPerTurn },
      options.signal,
    );
    const threads = options.session?.intraOpNumThreads ?? 1;
    const source =
      `${runtime.description}, ${threads} thread${threads === 1 ? "" : "s"}, batch ` +
      `${batchSize}, ${repetitions} runs after ${warmUp}`;
    return samples.map((samplesMs) => ({
      kind: "measured",
      medianMs: quantile(samplesMs, 0.5),
      iqrMs: quantile(samplesMs, 0.75) - quantile(samplesMs, 0.25),
      minMs: Math.min(...samplesMs),
      samplesMs,
      batchSize,
      threads,
      warmUp,
      source,
    }));
  } finally {
    for (const session of sessions) await session.release();
  }
}

interface Schedule {
  readonly warmUp: number;
  readonly repetitions: number;
  readonly runsPerTurn: number;
}

async function takeTurns(
  sessions: readonly RuntimeSession[],
  feeds: Feeds,
  outputs: readonly string[],
  { warmUp, repetitions, runsPerTurn }: Schedule,
  signal: AbortSignal | undefined,
): Promise<number[][]> {
  for (const session of sessions)
    for (let i = 0; i < warmUp; i++) await session.run(feeds, outputs);
  const samples: number[][] = sessions.map(() => []);
  for (let done = 0; done < repetitions; done += runsPerTurn)
    for (const [index, session] of sessions.entries()) {
      signal?.throwIfAborted();
      // The caches are another session's after its turn; one run brings them back.
      if (sessions.length > 1) await session.run(feeds, outputs);
      for (let run = done; run < Math.min(repetitions, done + runsPerTurn); run++) {
        const start = performance.now();
        await session.run(feeds, outputs);
        samples[index]!.push(performance.now() - start);
      }
    }
  return samples;
}

function inputOf(model: OnnxModel, options: MeasureOnnxLatencyOptions): Batch {
  const batchSize = count("batchSize", options.batchSize ?? 1, 1);
  if (options.input !== undefined) {
    checkBatches(modelInputs(model), [options.input], "input");
    return options.input;
  }
  if (options.calibration === undefined)
    throw new InvalidArgumentError(
      "input",
      "input is missing and there is no calibration to take it from; allowed: one of the two",
    );
  checkBatches(modelInputs(model), options.calibration, "calibration");
  const [first] = splitBatches(options.calibration[0]!, batchSize);
  const found = batchSizeOf(model, first!);
  // A model without inputs has no batch to cut.
  if (found !== undefined && found < batchSize)
    throw new InvalidArgumentError(
      "batchSize",
      `batchSize is ${batchSize}; allowed: at most ${found}, the samples of the first ` +
        "calibration batch",
    );
  return first!;
}

function batchSizeOf(model: OnnxModel, batch: Batch): number | undefined {
  return batch[model.inputs[0]?.name ?? ""]?.dims[0];
}

function count(name: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least && value <= 1e6) return value;
  throw new InvalidArgumentError(
    name,
    `${name} is ${value}; allowed: an integer from ${least} to 1000000`,
  );
}

/** Linear interpolation between order statistics. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const lower = sorted[below]!;
  return lower + (position - below) * ((sorted[below + 1] ?? lower) - lower);
}
