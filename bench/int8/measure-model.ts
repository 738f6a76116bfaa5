// Writes the files of one model and measures them beside the runtime's own.
import { existsSync, readFileSync } from "node:fs";
import * as ort from "onnxruntime-node";
import { loadOnnxModel, onnxRuntimeCostModel, quantizeOnnx } from "../../src/formats/onnx/index.js";
import { LayerQuantConfig, QuantizationGenome } from "../../src/index.js";
import { batchSizeOf } from "./batch-size.js";
import {
  type Failure,
  type FileFigures,
  type Format,
  type ModelFigures,
  median,
  OutputNoise,
  PEERS,
  type Prediction,
} from "./figures.js";
import { type Sample, samplesOf } from "./samples.js";

const LEAST_ROUNDS = 15;
const MOST_ROUNDS = 200;
/** Rounds go on for this long. */
const ENOUGH_MS = 1500;
/** A turn repeats short runs until it takes about this long. */
const TURN_MS = 2;
const MOST_REPEATS = 200;

const base = new LayerQuantConfig({
  weightBits: 8,
  activationBits: 8,
  weightScheme: "symmetric",
  activationScheme: "asymmetric",
  granularity: "per-channel",
});
const CONFIGS: Readonly<Record<Format | "float", LayerQuantConfig>> = {
  float: base.with({ weightBits: 32, activationBits: 32 }),
  int8: base,
  w4a8: base.with({ weightBits: 4 }),
  "weight-only": base.with({ weightBits: 4, activationBits: 32 }),
};

const failure = (error: unknown): Failure => ({
  error: String(error).split("\n")[0]!.slice(0, 200),
});

const open = (source: Uint8Array, threads: number) =>
  ort.InferenceSession.create(source, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
  });

const feedsOf = (sample: Sample) =>
  Object.fromEntries(
    Object.entries(sample).map(([input, { type, dims, data }]) => [
      input,
      new ort.Tensor(type, data as never, dims),
    ]),
  );

type Feeds = ReturnType<typeof feedsOf>;

/** Milliseconds of a run, by turn. The files take turns, and another one begins each round. */
async function takeTurns(
  sessions: ReadonlyMap<string, ort.InferenceSession>,
  feeds: readonly Feeds[],
): Promise<Map<string, number[]>> {
  const files = [...sessions];
  const times = new Map(files.map(([file]) => [file, [] as number[]]));
  let start = performance.now();
  await sessions.get("float")!.run(feeds[0]!);
  const repeats = Math.round(TURN_MS / (performance.now() - start));
  const runs = Math.max(1, Math.min(MOST_REPEATS, repeats));
  const begin = performance.now();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    if (round >= LEAST_ROUNDS && performance.now() - begin > ENOUGH_MS) break;
    const input = feeds[round % feeds.length]!;
    for (let turn = 0; turn < files.length; turn++) {
      const [file, session] = files[(round + turn) % files.length]!;
      start = performance.now();
      for (let i = 0; i < runs; i++) await session.run(input);
      times.get(file)!.push((performance.now() - start) / runs);
    }
  }
  return times;
}

/** Times of all files that load and run, by file; `failures` takes the others. */
async function timesOf(
  files: ReadonlyMap<string, Uint8Array>,
  feeds: readonly Feeds[],
  threads: number,
  failures: Map<string, Failure>,
): Promise<Map<string, number[]>> {
  const sessions = new Map<string, ort.InferenceSession>();
  for (const [file, bytes] of files) {
    if (failures.has(file)) continue;
    try {
      const session = await open(bytes, threads);
      for (const input of feeds.slice(0, 2)) await session.run(input);
      sessions.set(file, session);
    } catch (error) {
      if (file === "float") throw error;
      failures.set(file, failure(error));
    }
  }
  const times = await takeTurns(sessions, feeds);
  for (const session of sessions.values()) await session.release();
  return times;
}

/** Of the worst float output over all test samples, dB. */
async function sqnrDbOf(float: Uint8Array, file: Uint8Array, feeds: readonly Feeds[]) {
  const [reference, session] = [await open(float, 1), await open(file, 1)];
  const noise = new OutputNoise();
  for (const input of feeds) {
    const [before, after] = [await reference.run(input), await session.run(input)];
    for (const [output, { type, data }] of Object.entries(before))
      if (type === "float32")
        noise.add(output, data as Float32Array, (after[output]?.data ?? []) as Float32Array);
  }
  await reference.release();
  await session.release();
  return noise.worstDb();
}

/**
 * All figures of a model. What fails in one file is that file's failure.
 * @param threads at least one number of threads
 * @throws what reading the model or running it in float32 throws
 */
export async function measureModel(
  folder: string,
  name: string,
  formats: readonly Format[],
  threads: readonly number[],
): Promise<ModelFigures> {
  const float = readFileSync(`${folder}/models/${name}.onnx`);
  const feeds = samplesOf(folder, name, "test").map(feedsOf);
  const files = new Map<string, Uint8Array>([["float", float]]);
  for (const peer of PEERS) {
    const path = `${folder}/${peer}/${name}.onnx`;
    if (existsSync(path)) files.set(peer, readFileSync(path));
  }
  const failures = new Map<string, Failure>();
  const predicted = await writeOurs(folder, name, formats, files, failures);

  const ms = new Map([...files.keys()].map((file) => [file, {} as Record<number, number>]));
  const speed = new Map([...files.keys()].map((file) => [file, {} as Record<number, number>]));
  for (const count of threads) {
    const times = await timesOf(files, feeds, count, failures);
    const floats = times.get("float")!;
    for (const [file, list] of times) {
      ms.get(file)![count] = median(list);
      speed.get(file)![count] = median(list.map((one, i) => floats[i]! / one));
    }
  }
  const figures = new Map<string, FileFigures | Failure>(failures);
  for (const [file, bytes] of files) {
    if (failures.has(file)) continue;
    try {
      const sqnrDb = await sqnrDbOf(float, bytes, feeds);
      const [own, over] = [ms.get(file)!, speed.get(file)!];
      figures.set(file, { bytes: bytes.length, ms: own, speed: over, sqnrDb });
    } catch (error) {
      figures.set(file, failure(error));
    }
  }
  const pick = (names: readonly string[]) =>
    Object.fromEntries(
      names.flatMap((file) => (figures.has(file) ? [[file, figures.get(file)!]] : [])),
    );
  return {
    name,
    float: figures.get("float") as FileFigures,
    peers: pick(PEERS),
    ours: pick(formats),
    predicted,
  };
}

/** Adds our files to `files`, or why there is none to `failures`. Returns the predictions. */
async function writeOurs(
  folder: string,
  name: string,
  formats: readonly Format[],
  files: Map<string, Uint8Array>,
  failures: Map<string, Failure>,
) {
  const predicted: Partial<Record<Format | "float", Prediction>> = {};
  try {
    const calibration = samplesOf(folder, name, "calib");
    const model = await loadOnnxModel(files.get("float")!, { sample: calibration[0]! });
    const genomeOf = (format: Format | "float") =>
      new QuantizationGenome({
        layerConfigs: new Map(model.layers.map((layer) => [layer.name, CONFIGS[format]])),
      });
    const costs = onnxRuntimeCostModel(model, { batch: batchSizeOf(model, calibration[0]!) });
    // The cost model is of one thread.
    for (const format of ["float", ...formats] as const)
      predicted[format] = { 1: costs.estimate(model.spec, genomeOf(format)).latencyMs };
    for (const format of formats)
      try {
        files.set(format, await quantizeOnnx(model, genomeOf(format), { calibration }));
      } catch (error) {
        failures.set(format, failure(error));
      }
  } catch (error) {
    for (const format of formats) failures.set(format, failure(error));
  }
  return predicted;
}
