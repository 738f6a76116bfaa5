// What bench/int8-files.ts measures of a model, and what it concludes from many.
import { rankCorrelation } from "../../src/numeric/rank-correlation.js";

/** Genomes that are the same for every layer. */
export const FORMATS = ["int8", "w4a8", "weight-only"] as const;
export type Format = (typeof FORMATS)[number];

/** Files of the runtime's own tool, by folder; bench/int8/peer.py writes them. */
export const PEERS = ["own", "own2"] as const;
export type Peer = (typeof PEERS)[number];

/** A peer that is faster but this many dB worse than the other is not taken. */
const PEER_LOSS_DB = 3;

/** What one file did. */
export interface FileFigures {
  readonly bytes: number;
  /** Milliseconds of a run by threads, the median. */
  readonly ms: Readonly<Record<number, number>>;
  /** Speed over float32 by threads, the median of paired runs. */
  readonly speed: Readonly<Record<number, number>>;
  /** Of the worst float output, dB; null where no output is float. */
  readonly sqnrDb: number | null;
}

export interface Failure {
  readonly error: string;
}

/** Predicted milliseconds of a run by threads. */
export type Prediction = Readonly<Record<number, number>>;

export interface ModelFigures {
  readonly name: string;
  /** Nothing could be measured: the model counts as failed in every format. */
  readonly error?: string;
  readonly float?: FileFigures;
  readonly peers?: Readonly<Partial<Record<Peer, FileFigures | Failure>>>;
  readonly ours?: Readonly<Partial<Record<Format, FileFigures | Failure>>>;
  readonly predicted?: Readonly<Partial<Record<Format | "float", Prediction>>>;
}

/** The figures, where there are any. */
export function measured(file: FileFigures | Failure | undefined): FileFigures | undefined {
  return file === undefined || "error" in file ? undefined : file;
}

/** The middle value, the upper of two; NaN of none. */
export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Signal over noise in dB, at most 120, of outputs that are added run by run. */
export class OutputNoise {
  private readonly sums = new Map<string, [signal: number, noise: number]>();

  /** @throws Error for another number of values, or one that is not finite where float32 is */
  add(output: string, float: ArrayLike<number>, other: ArrayLike<number>): void {
    if (float.length !== other.length)
      throw new Error(`output ${output} has ${other.length} values; float32 has ${float.length}`);
    const sum = this.sums.get(output) ?? [0, 0];
    for (let i = 0; i < float.length; i++) {
      const value = float[i]!;
      if (!Number.isFinite(value)) continue;
      if (!Number.isFinite(other[i]))
        throw new Error(`output ${output} has ${other[i]} where float32 has ${value}`);
      sum[0] += value ** 2;
      sum[1] += (value - other[i]!) ** 2;
    }
    this.sums.set(output, sum);
  }

  /** Of the worst output; outputs that are all zero are left out. Null of none. */
  worstDb(): number | null {
    const decibels = [...this.sums.values()]
      .filter(([signal]) => signal > 0)
      .map(([signal, noise]) => 10 * Math.log10(signal / Math.max(noise, signal * 1e-12)));
    return decibels.length === 0 ? null : Math.min(...decibels);
  }
}

/**
 * The runtime's own file: the faster of its two, unless it is more than 3 dB worse than the other.
 * @param threads whose speed counts
 */
export function peerOf(
  { peers }: ModelFigures,
  threads: number,
): { readonly peer: Peer; readonly figures: FileFigures } | undefined {
  const found = PEERS.flatMap((peer) => {
    const figures = measured(peers?.[peer]);
    return figures === undefined ? [] : [{ peer, figures }];
  });
  const best = Math.max(...found.map(({ figures }) => figures.sqnrDb ?? 0));
  return found
    .filter(({ figures }) => (figures.sqnrDb ?? 0) >= best - PEER_LOSS_DB)
    .sort((a, b) => b.figures.speed[threads]! - a.figures.speed[threads]!)[0];
}

function share(cases: readonly boolean[]): string {
  const count = cases.filter(Boolean).length;
  const percent = cases.length === 0 ? "" : ` (${((100 * count) / cases.length).toFixed()}%)`;
  return `${count} of ${cases.length}${percent}`;
}

/**
 * Sentences about all models. Where ours is missing, the model counts against us; models that the
 * runtime's own tool has no file for are left out where its file is the measure.
 * @param threads the first decides which of the runtime's files is the peer
 */
export function summary(all: readonly ModelFigures[], threads: readonly number[]): string[] {
  const rows = all.map((model) => ({
    model,
    int8: measured(model.ours?.int8),
    own: peerOf(model, threads[0]!)?.figures,
  }));
  const beside = rows.filter(({ model, own }) => own !== undefined || model.error !== undefined);
  const lines = threads.flatMap((t) => {
    const near = share(
      beside.map(({ int8, own }) => !!int8 && !!own && int8.speed[t]! >= 0.95 * own.speed[t]!),
    );
    const fast = share(rows.map(({ int8 }) => int8 !== undefined && int8.speed[t]! >= 1));
    const excused = share(
      rows.map(
        ({ int8, own }) =>
          int8 !== undefined && (int8.speed[t]! >= 1 || (own !== undefined && own.speed[t]! < 1)),
      ),
    );
    return [
      `INT8, ${t} thread(s): at least 0.95x the runtime's own in ${near}; not slower than ` +
        `float32 in ${fast}, or its own is slower too: ${excused}.`,
    ];
  });
  const judged = beside.filter(({ own }) => own?.sqnrDb !== null);
  const exact = share(
    judged.map(({ int8, own }) => !!int8 && !!own && (int8.sqnrDb ?? 0) >= (own.sqnrDb ?? 0)),
  );
  const small = share(beside.map(({ int8, own }) => !!int8 && !!own && int8.bytes <= own.bytes));
  lines.push(`SQNR at least that of its own: ${exact}. File not larger: ${small}.`);
  const failed = all.filter(({ error, ours }) => error !== undefined || !measured(ours?.int8));
  if (failed.length > 0)
    lines.push(`No INT8 file of ours ran: ${failed.map(({ name }) => name).join(", ")}.`);
  return [...lines, ...threads.map((t) => predictions(all, t))];
}

interface Pair {
  readonly predicted: number;
  readonly measured: number;
}

/** How near predictions are to what was measured, on all files of ours and the float models. */
function predictions(all: readonly ModelFigures[], threads: number): string {
  const latencies: Pair[] = [];
  const speeds: Pair[] = [];
  for (const { float, ours, predicted } of all) {
    const base = predicted?.float?.[threads];
    if (float === undefined || base === undefined) continue;
    latencies.push({ predicted: base, measured: float.ms[threads]! });
    for (const format of FORMATS) {
      const file = measured(ours?.[format]);
      const ms = predicted?.[format]?.[threads];
      if (file === undefined || ms === undefined) continue;
      latencies.push({ predicted: ms, measured: file.ms[threads]! });
      speeds.push({ predicted: base / ms, measured: file.speed[threads]! });
    }
  }
  if (speeds.length < 2) return `Predictions, ${threads} thread(s): too few files.`;
  const sign = share(speeds.map((pair) => pair.predicted >= 1 === pair.measured >= 1));
  return (
    `Predictions, ${threads} thread(s): milliseconds of ${latencies.length} files: ` +
    `${agreement(latencies)}. Speed over float32 of ${speeds.length}: ${agreement(speeds)}, ` +
    `faster or slower right in ${sign}.`
  );
}

function agreement(pairs: readonly Pair[]): string {
  const rank = rankCorrelation(
    pairs.map((pair) => pair.predicted),
    pairs.map((pair) => pair.measured),
  );
  const error = median(pairs.map((pair) => Math.abs(pair.predicted / pair.measured - 1)));
  return `Spearman ${rank.toFixed(2)}, median error ${(100 * error).toFixed()}%`;
}
