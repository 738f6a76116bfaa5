import { describe, expect, it } from "vitest";
import { EvaluationError, type QuantevoError } from "../../../src/errors.js";
import {
  calibrateActivations,
  computeNoiseTable,
  createOnnxEvaluator,
  loadOnnxModel,
  type Metric,
  outputAgreement,
  perplexity,
  quantizeOnnx,
  splitBatches,
  topOneAccuracy,
} from "../../../src/formats/onnx/index.js";
import { LayerQuantConfig } from "../../../src/index.js";
import { bytesOf } from "./graph-builder.js";
import { uniform } from "./run-model.js";
import { convNet, normals } from "./small-models.js";

const loaded = await loadOnnxModel(bytesOf(convNet().proto));
const batches = splitBatches({ x: { data: normals("arguments", 216), dims: [2, 3, 6, 6] } }, 2);
const genome = uniform(loaded, { activationBits: 32 });
const options = { calibration: batches, validation: batches, metric: topOneAccuracy([0, 1]) };
const tensor = (patch: object) => ({ x: { data: new Float32Array(4), dims: [2, 2], ...patch } });

/** Calls with arguments that the types forbid. */
const evaluator = (...args: unknown[]) =>
  createOnnxEvaluator(...(args as Parameters<typeof createOnnxEvaluator>));
const quantized = (...args: unknown[]) =>
  quantizeOnnx(...(args as Parameters<typeof quantizeOnnx>));
const calibrated = (...args: unknown[]) =>
  calibrateActivations(...(args as Parameters<typeof calibrateActivations>));
const load = (...args: unknown[]) => loadOnnxModel(...(args as Parameters<typeof loadOnnxModel>));
const top1 = (...args: unknown[]) => topOneAccuracy(...(args as Parameters<typeof topOneAccuracy>));
const agreement = (...args: unknown[]) =>
  outputAgreement(...(args as Parameters<typeof outputAgreement>));
const noises = (...args: unknown[]) =>
  computeNoiseTable(...(args as Parameters<typeof computeNoiseTable>));
const setting = { config: new LayerQuantConfig({ weightBits: 4 }), method: "mse" };
const split = (...args: unknown[]) => splitBatches(...(args as Parameters<typeof splitBatches>));

describe("arguments of the wrong kind", () => {
  const cases: [call: string, run: () => unknown, path: string, message: RegExp][] = [
    [
      "no evaluator options",
      () => evaluator(loaded),
      "options",
      /options is undefined; allowed: .*metric/,
    ],
    [
      "no model of noise",
      () => noises(undefined, []),
      "model",
      /model is undefined; allowed: a ModelSpec/,
    ],
    [
      "a loaded model",
      () => noises({ spec: loaded.spec }, []),
      "model",
      /without a list of layers; allowed/,
    ],
    [
      "no settings",
      () => noises(loaded.spec),
      "settings",
      /settings is undefined; allowed: a list/,
    ],
    [
      "one setting",
      () => noises(loaded.spec, setting),
      "settings",
      /is an object; allowed: a list/,
    ],
    [
      "null",
      () => noises(loaded.spec, [null]),
      "settings.0",
      /settings.0 is null; allowed: .*config, method/,
    ],
    [
      "a setting that is a config",
      () => noises(loaded.spec, [setting, { config: { weightBits: 4 }, method: "mse" }]),
      "settings.1.config",
      /is an object; allowed: a LayerQuantConfig/,
    ],
    [
      "a method of no name",
      () => noises(loaded.spec, [{ ...setting, method: "best" }]),
      "settings.0.method",
      /is best; allowed: min-max.*mse/,
    ],
    [
      "no thread options",
      () => noises(loaded.spec, [setting], 2),
      "options",
      /options is 2; allowed/,
    ],
    [
      "a misspelt option",
      () => noises(loaded.spec, [setting], { thread: 2 }),
      "thread",
      /no field of options \(did you mean threads\?\); allowed: threads/,
    ],
    ["no signal", () => noises(loaded.spec, [setting], { signal: 5 }), "signal", /signal/],
    [
      "a path",
      () => evaluator("m.onnx", options),
      "model",
      /model is "m\.onnx"; .*load it with loadOnnxModel/,
    ],
    [
      "a spec",
      () => evaluator(loaded.spec, options),
      "model",
      /model is an object; .*loadOnnxModel/,
    ],
    [
      "no metric",
      () => evaluator(loaded, { ...options, metric: undefined }),
      "metric",
      /is undefined; allow/,
    ],
    [
      "a metric's name",
      () => evaluator(loaded, { ...options, metric: "top-1" }),
      "metric",
      /is "top-1"; allow/,
    ],
    [
      "an uncalled metric",
      () => evaluator(loaded, { ...options, metric: topOneAccuracy }),
      "metric",
      /is a function; allowed: .*call the function/,
    ],
    [
      "unknown option",
      () => evaluator(loaded, { ...options, sessions: -1 }),
      "sessions",
      /allowed: .*session/,
    ],
    [
      "unknown session option",
      () => evaluator(loaded, { ...options, session: { threads: 2 } }),
      "threads",
      /no field of session \(did you mean intraOp.*\); allowed: .*intraOpNumThreads/,
    ],
    [
      "a loader that is none",
      () => evaluator(loaded, { ...options, session: { importRuntime: "ort" } }),
      "importRuntime",
      /is "ort"; allowed: a function/,
    ],
    [
      "a signal that is none",
      () => evaluator(loaded, { ...options, signal: 3 }),
      "signal",
      /is 3; allowed/,
    ],
    ["quantize a path", () => quantized("m.onnx", genome), "model", /loadOnnxModel/],
    [
      "no genome",
      () => quantized(loaded, undefined),
      "genome",
      /is undefined; allowed: a QuantizationGenome/,
    ],
    [
      "plain data",
      () => quantized(loaded, genome.toDict()),
      "genome",
      /another object; .*QuantizationGenome/,
    ],
    [
      "unknown option",
      () => quantized(loaded, genome, { calibrate: [] }),
      "calibrate",
      /allowed: calibration/,
    ],
    ["null options", () => quantized(loaded, genome, null), "options", /is null/],
    [
      "ranges that are none",
      () => quantized(loaded, genome, { activationRanges: new Map() }),
      "activationRanges",
      /allowed: what calibrateActivations returns/,
    ],
    ["calibrate a path", () => calibrated("m.onnx", batches), "model", /loadOnnxModel/],
    [
      "unknown option",
      () => calibrated(loaded, batches, { bins: 3 }),
      "bins",
      /allowed: runtime, importRuntime, signal/,
    ],
    ["unknown option", () => load(loaded.bytes, { dims: {} }), "dims", /allowed: dimensions, fold/],
    [
      "sizes that are none",
      () => load(loaded.bytes, { dimensions: 3 }),
      "dimensions",
      /is 3; allowed/,
    ],
    ["a name that is none", () => load(loaded.bytes, { name: 3 }), "name", /is 3; allowed: text/],
    ["no labels", () => top1(), "labels", /labels is undefined; allowed: a list/],
    ["labels as text", () => top1("01"), "labels", /labels is "01"; allowed/],
    ["empty labels", () => top1([]), "labels", /labels is empty; allowed/],
    [
      "negative labels",
      () => top1([-1, -1]),
      "labels",
      /labels are all negative.*allowed: 1 class index/,
    ],
    [
      "labels that are no numbers",
      () => top1([0, null]),
      "labels.1",
      /labels\[1\] is null; allowed/,
    ],
    ["unknown metric option", () => top1([0], { out: "y" }), "out", /allowed: output/],
    ["an output that is no name", () => agreement({ output: 0 }), "output", /output is 0; allowed/],
    ["no data", () => split(null, 64), "data", /data is null; allowed/],
    ["a list of tensors", () => split([], 64), "data", /data is an empty list/],
    ["no tensor", () => split({ x: null }, 64), "x", /x is null; allowed/],
    [
      "a plain array",
      () => split(tensor({ data: [1, 2, 3, 4] }), 64),
      "x",
      /x\.data is a list of \d+; allowed: a typed/,
    ],
    [
      "missing data",
      () => split(tensor({ data: undefined }), 64),
      "x",
      /x\.data is undefined; allowed/,
    ],
    [
      "missing dims",
      () => split(tensor({ dims: undefined }), 64),
      "x",
      /x\.dims is undefined; allowed/,
    ],
    [
      "negative dims",
      () => split(tensor({ dims: [-2, -2] }), 64),
      "x",
      /x\.dims is \[-2, -2\]; allowed/,
    ],
  ];
  it.each(cases)("%s: %s", async (_, run, path, message) => {
    const error = await (async () => run())().then(
      () => undefined,
      (reason: unknown) => reason as QuantevoError,
    );
    expect(error?.message).toMatch(message);
    expect(error).toMatchObject({ path, code: expect.stringMatching(/^INVALID_(ARGUMENT|DATA)$/) });
  });

  it("an evaluator refuses what is no genome, and needs no second argument", async () => {
    const open = await createOnnxEvaluator(loaded, options);
    const evaluate = open.evaluate as (genome: unknown, options?: unknown) => Promise<unknown>;
    await expect(evaluate(genome)).resolves.toMatchObject({ kind: "measured" });
    await expect(evaluate(undefined)).rejects.toThrow(
      /genome is undefined; allowed: a QuantizationGenome/,
    );
    await expect(evaluate(genome, { signal: 1 })).rejects.toThrow(/signal is 1; allowed/);
  });

  it("a metric that gives nothing is refused", async () => {
    const metric = { name: "none", evaluate: () => undefined } as unknown as Metric;
    await expect(evaluator(loaded, { ...options, metric })).rejects.toThrow(EvaluationError);
  });
});

describe("perplexity of probabilities", () => {
  const output = (data: number[]) => ({
    y: { data: Float32Array.from(data), dims: [2, data.length / 2] },
  });
  it("is refused, for the softmax would be taken twice", () => {
    for (const rows of [
      [0.9, 0.1, 0.25, 0.7504],
      [1, 0, 0, 1],
    ])
      expect(() => perplexity([0, 1]).evaluate(output(rows))).toThrow(
        /the output looks like probabilities.*allowed: logits/,
      );
  });
  it("is not suspected of logits", () => {
    for (const rows of [
      [0.9, 0.1, 0.5, 0.6],
      [0.9, 0.1, 1.5, -0.5],
    ])
      expect(perplexity([0, 1]).evaluate(output(rows)).samples).toBe(2);
  });
});
