import { join } from "node:path";
import {
  type Batch,
  loadOnnxModel,
  type Metric,
  type OnnxModel,
  perplexity,
  splitBatches,
  topOneAccuracy,
} from "../src/formats/onnx/index.js";
import { readNpy } from "./zoo.js";

/** Samples with the metric that judges them. */
export interface ZooData {
  readonly batches: Batch[];
  readonly metric: Metric;
  readonly samples: number;
}

/**
 * A model of the zoo to be searched: data to search on, data to report on, and what is to be
 * reached.
 */
export interface ZooTask {
  readonly name: string;
  readonly model: OnnxModel;
  readonly search: ZooData;
  readonly test: ZooData;
  /** Batches that set the ranges of activations: the first of the search data. */
  readonly calibration: Batch[];
  /** Compression against FP32, everything counted, that is to be reached ... */
  readonly compression: number;
  /**
   * ... with no more than this lost: of top-1 (0.011 = 1.1 points), or of perplexity the relative
   * rise.
   */
  readonly loss: number;
}

/** The models that `bench:zoo` knows. */
export const ZOO_TASKS = ["resnet20", "mobilenetv2", "kws-dscnn", "shakespeare-gpt"] as const;
/** One of {@link ZOO_TASKS}. */
export type ZooTaskName = (typeof ZOO_TASKS)[number];

const BATCH = 128;
const WINDOW = 128;
const GPT_BATCH = 16;
const GPT_SEARCH_WINDOWS = 64;
const GPT_TEST_WINDOWS = 256;
const RANGE_BATCHES = 2;

/** Reads a task from a zoo folder (its README.md says what is in it). */
export async function zooTask(name: ZooTaskName, folder: string): Promise<ZooTask> {
  const at = (...parts: string[]) => join(folder, ...parts);
  const make = async (
    path: string,
    data: readonly ZooData[],
    compression: number,
    loss: number,
  ) => ({
    name,
    model: await loadOnnxModel(at(path, "model.onnx")),
    search: data[0]!,
    test: data[1]!,
    calibration: data[0]!.batches.slice(0, RANGE_BATCHES),
    compression,
    loss,
  });
  if (name === "shakespeare-gpt") {
    const tokens = (part: string) => at("shakespeare-gpt", `${part}-tokens.npy`);
    const data = [
      await windows(tokens("calibration"), GPT_SEARCH_WINDOWS),
      await windows(tokens("test"), GPT_TEST_WINDOWS),
    ];
    return make("shakespeare-gpt", data, 6.5, 0.03);
  }
  if (name === "kws-dscnn") {
    const part = (which: string) =>
      labelled(at(name, `${which}-features.npy`), at(name, `${which}-labels.npy`), "mfcc");
    return make(name, [await part("calibration"), await part("test")], 5, 0.015);
  }
  const part = (which: string) =>
    labelled(at("cifar10", `${which}-images.npy`), at("cifar10", `${which}-labels.npy`), "input");
  const data = [await part("calibration"), await part("test")];
  return name === "resnet20"
    ? make("cifar10-resnet20", data, 8, 0.011)
    : make("cifar10-mobilenetv2", data, 5.5, 0.02);
}

/**
 * Inputs with labels: CIFAR images (uint8, normalised as the networks were trained), or features as
 * they are.
 */
async function labelled(inputs: string, labels: string, input: string): Promise<ZooData> {
  const { data, shape } = await readNpy(inputs);
  const values =
    data instanceof Uint8Array ? Float32Array.from(data, (pixel, i) => normalised(pixel, i)) : data;
  const batches = splitBatches({ [input]: { data: values, dims: shape } }, BATCH);
  return { batches, metric: topOneAccuracy((await readNpy(labels)).data), samples: shape[0]! };
}

const MEAN = [0.485, 0.456, 0.406];
const DEVIATION = [0.229, 0.224, 0.225];

function normalised(pixel: number, index: number): number {
  const channel = Math.floor(index / 1024) % 3;
  return (pixel / 255 - MEAN[channel]!) / DEVIATION[channel]!;
}

/** The first windows of a token stream, each to predict its next tokens. */
async function windows(path: string, count: number): Promise<ZooData> {
  const { data } = await readNpy(path);
  const tokens = BigInt64Array.from({ length: count * WINDOW }, (_, i) => BigInt(data[i]!));
  const next = Int32Array.from({ length: count * WINDOW }, (_, i) => data[i + 1]!);
  const batches = splitBatches({ tokens: { data: tokens, dims: [count, WINDOW] } }, GPT_BATCH);
  return { batches, metric: perplexity(next), samples: count };
}
