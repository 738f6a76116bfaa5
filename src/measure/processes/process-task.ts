import { firstSamples } from "../batches/first-samples.js";
import type { Batch } from "../batches/tensor-data.js";
import type { ModelOutputs } from "../metrics/metric.js";

/** A first part of the batches. */
export interface BatchPart {
  readonly batchCount: number;
  /** Samples of the last of them. */
  readonly lastSamples: number;
}

/** One genome to run in a process. Plain data. */
export interface ProcessTask<Setup, Work> {
  /** What is the same for all genomes. Only when the process asked for it. */
  readonly setup?: Setup;
  /** The genome, as the runtime needs it. Absent: the process is only to start. */
  readonly work?: Work;
  /** Default: all batches. */
  readonly part?: BatchPart | undefined;
}

/** What a process answers: outputs, or nothing when it still needs the setup. */
export interface ProcessReply {
  readonly outputs?: ModelOutputs;
}

/** How a runtime works in a process. */
export interface ProcessRuntime<Setup, Prepared, Work> {
  /** Loads the runtime. */
  start(): Promise<unknown>;
  /** Makes what serves all genomes of a setup. */
  prepare(setup: Setup): Promise<Prepared>;
  /** Runs a genome over a part of the batches, or over all of them. */
  run(prepared: Prepared, work: Work, part: BatchPart | undefined): Promise<ModelOutputs>;
}

/** What the module of a process exports: it keeps the latest setup, and runs task after task. */
export function serveTasks<Setup, Prepared, Work>(
  runtime: ProcessRuntime<Setup, Prepared, Work>,
): (task: ProcessTask<Setup, Work>) => Promise<ProcessReply> {
  let kept: { readonly prepared: Prepared } | undefined;
  return async ({ setup, work, part }) => {
    if (setup !== undefined) kept = { prepared: await runtime.prepare(setup) };
    if (work === undefined) {
      await runtime.start();
      return {};
    }
    if (kept === undefined) return {};
    return { outputs: await runtime.run(kept.prepared, work, part) };
  };
}

/** The part of its batches that a runner was given. */
export function partOf(batches: readonly Batch[]): BatchPart {
  const [tensor] = Object.values(batches.at(-1) ?? {});
  return { batchCount: batches.length, lastSamples: tensor?.dims[0] ?? 0 };
}

/** The batches of a part. */
export function batchesOf(
  all: readonly Batch[],
  { batchCount, lastSamples }: BatchPart,
): readonly Batch[] {
  return all
    .slice(0, batchCount)
    .map((batch, i) => (i === batchCount - 1 ? firstSamples(batch, lastSamples) : batch));
}
