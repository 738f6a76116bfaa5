import { describe, expect, it } from "vitest";
import { QuantizationEvolutionEngine } from "../../../../src/engine/engine.js";
import {
  EvaluationError,
  InvalidArgumentError,
  InvalidDataError,
  MissingDependencyError,
  UnsupportedError,
} from "../../../../src/errors.js";
import {
  type Batch,
  calibrateActivations,
  createOnnxEvaluator,
  loadOnnxModel,
  type Metric,
  onnxRuntimeCostModel,
  outputAgreement,
  quantizeOnnx,
  splitBatches,
  topOneAccuracy,
} from "../../../../src/formats/onnx/index.js";
import { loadOnnxRuntime } from "../../../../src/formats/onnx/session/ort-session.js";
import { TensorProto_DataType } from "../../../../src/formats/onnx/wire/onnx_pb.js";
import { LayerQuantConfig } from "../../../../src/genome/layer-quant-config.js";
import { describeAccuracyEvaluator } from "../../../_contracts/accuracy-evaluator.js";
import { bytesOf, model, node, value, weights } from "../graph-builder.js";
import { runModel, uniform } from "../run-model.js";
import { convNet, normals } from "../small-models.js";

const SAMPLES = 60;
const data = { x: { data: normals("evaluator", SAMPLES * 108), dims: [SAMPLES, 3, 6, 6] } };
const loaded = await loadOnnxModel(bytesOf(convNet().proto));
const float = await runModel(loaded.bytes, data);
const classOf = (scores: readonly number[], row: number) => {
  const five = scores.slice(5 * row, 5 * row + 5);
  return five.indexOf(Math.max(...five));
};
/** Right for the float model but for every fourth sample. */
const labels = Int32Array.from(
  { length: SAMPLES },
  (_, i) => (classOf(float, i) + (i % 4 === 0 ? 1 : 0)) % 5,
);
const options = {
  calibration: splitBatches(data, 20).slice(0, 2),
  validation: splitBatches(data, 25),
  metric: topOneAccuracy(labels),
};
const rounded = { weightBits: 3, activationBits: 8 } as const;

describeAccuracyEvaluator("createOnnxEvaluator", {
  // Corrected biases would save the answers of this random network, which are mostly biases.
  create: () => createOnnxEvaluator(loaded, { ...options, correctBiases: false }),
  float32: uniform(loaded, { weightBits: 32, activationBits: 32 }),
  genomes: [
    uniform(loaded, {}),
    uniform(loaded, rounded),
    uniform(loaded, { weightBits: 4, activationBits: 16 }),
  ],
  ruined: uniform(loaded, { weightBits: 1, activationBits: 4, granularity: "per-tensor" }),
});

describe("createOnnxEvaluator", () => {
  it("measures what is written for processors whose sums saturate", async () => {
    const genome = uniform(loaded, {});
    const plain = await createOnnxEvaluator(loaded, options);
    const evaluator = await createOnnxEvaluator(loaded, { ...options, avoidSaturation: true });
    const bytes = await evaluator.quantize(genome);
    const again = { calibration: options.calibration, avoidSaturation: true };
    expect(bytes).toEqual(await quantizeOnnx(loaded, genome, again));
    expect(bytes).not.toEqual(await plain.quantize(genome));
    expect(evaluator.identity).not.toBe(plain.identity);
    await evaluator.dispose();
    await plain.dispose();
    for (const wrong of [1, "yes", null])
      await expect(
        quantizeOnnx(loaded, genome, { ...again, avoidSaturation: wrong as never }),
      ).rejects.toThrow(/avoidSaturation is .*; allowed: true, false/);
  });

  it("measures the float model once, and says with what", async () => {
    const evaluator = await createOnnxEvaluator(loaded, options);
    expect(evaluator.baseline).toEqual({
      kind: "measured",
      accuracy: 0.75,
      metric: "top-1",
      metricValue: 0.75,
      samples: SAMPLES,
      sampleScores: Float32Array.from(labels, (_, i) => (i % 4 === 0 ? 0 : 1)),
      standardError: expect.closeTo(Math.sqrt((0.75 * 0.25) / (SAMPLES - 1)), 12),
      interval: expect.any(Array),
      source: expect.stringMatching(
        /^ONNX Runtime \d+\.\d+\.\d+, graph optimization all, 60 samples$/,
      ),
    });
  });

  it("scores exactly the file that quantizeOnnx writes, run by plain onnxruntime-node", async () => {
    for (const graphOptimizationLevel of ["basic", "all"] as const) {
      const evaluator = await createOnnxEvaluator(loaded, {
        ...options,
        session: { graphOptimizationLevel },
      });
      for (const fields of [
        {},
        rounded,
        { weightBits: 2 },
        { weightBits: 8, activationBits: 4 },
      ] as const) {
        const genome = uniform(loaded, fields);
        const bytes = await quantizeOnnx(loaded, genome, { calibration: options.calibration });
        expect(await evaluator.quantize(genome)).toEqual(bytes);
        const scores = await runModel(bytes, data, graphOptimizationLevel);
        const right = labels.filter((label, i) => classOf(scores, i) === label).length;
        expect((await evaluator.evaluate(genome, {})).accuracy).toBe(right / SAMPLES);
      }
    }
  });

  it("needs no labels for agreement with the float model", async () => {
    const evaluator = await createOnnxEvaluator(loaded, { ...options, metric: outputAgreement() });
    expect(evaluator.baseline.accuracy).toBe(1);
    const eight = await evaluator.evaluate(uniform(loaded, {}), {});
    const scores = await runModel(await evaluator.quantize(uniform(loaded, {})), data);
    const same = labels.filter((_, i) => classOf(scores, i) === classOf(float, i)).length;
    expect(eight.accuracy).toBe(same / SAMPLES);
  });

  it("has an identity of model, data, metric and optimization level", async () => {
    const identity = async (changes: Partial<Parameters<typeof createOnnxEvaluator>[1]>) =>
      (await createOnnxEvaluator(loaded, { ...options, ...changes })).identity;
    const identities = [
      await identity({}),
      await identity({ calibration: options.validation }),
      await identity({ metric: topOneAccuracy(labels.slice().reverse()) }),
      await identity({ session: { graphOptimizationLevel: "basic" } }),
      await identity({ validation: splitBatches(data, 30) }),
    ];
    expect(new Set(identities).size).toBe(identities.length);
    expect(await identity({})).toBe(identities[0]);
  });

  it("judges on the first samples, any number of them, as the whole evaluation judges those", async () => {
    const evaluator = await createOnnxEvaluator(loaded, options);
    expect(evaluator.sampleCount).toBe(SAMPLES);
    const genome = uniform(loaded, rounded);
    const whole = await evaluator.evaluate(genome, {});
    for (const samples of [1, 24, 25, 26, 59, SAMPLES]) {
      const part = await evaluator.evaluate(genome, { samples });
      expect(part.samples).toBe(samples);
      expect(part.sampleScores).toEqual(whole.sampleScores!.subarray(0, samples));
      expect(part.accuracy).toBeCloseTo(part.sampleScores!.reduce((a, b) => a + b) / samples, 12);
    }
    for (const samples of [0, 1.5, SAMPLES + 1])
      await expect(evaluator.evaluate(genome, { samples })).rejects.toThrow(/samples is/);
  });

  it("judges on all samples with a metric that needs them", async () => {
    const whole: Metric = {
      name: "whole",
      evaluate: (outputs) => ({ score: 1, value: 1, samples: outputs.y!.dims[0]! }),
    };
    const evaluator = await createOnnxEvaluator(loaded, { ...options, metric: whole });
    expect(evaluator.sampleCount).toBeUndefined();
    expect((await evaluator.evaluate(uniform(loaded, {}), { samples: 5 })).samples).toBe(SAMPLES);
  });

  it("offers the latency of its files for the target whose runtime it is", async () => {
    const evaluator = await createOnnxEvaluator(loaded, options);
    const costs = evaluator.costModel("intel-vnni")!;
    const genome = uniform(loaded, {});
    expect(costs.estimate(loaded.spec, genome)).toEqual(
      onnxRuntimeCostModel(loaded).estimate(loaded.spec, genome),
    );
    expect(evaluator.costModel("arm-neon")).toBeUndefined();
    const engine = new QuantizationEvolutionEngine(
      { hardwareTarget: "intel-vnni", populationSize: 4, maxGenerations: 1, seed: 1 },
      { evaluator },
    );
    const { paretoFront } = await engine.runEvolution(loaded.spec);
    for (const found of paretoFront)
      expect(found.inferenceLatencyMs).toBe(costs.estimate(loaded.spec, found).latencyMs);
    await evaluator.dispose();
  });

  it("stops between batches", async () => {
    const evaluator = await createOnnxEvaluator(loaded, options);
    const stop = new AbortController();
    const running = evaluator.evaluate(uniform(loaded, {}), { signal: stop.signal });
    stop.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
    const aborted = AbortSignal.abort(new Error("no start"));
    await expect(createOnnxEvaluator(loaded, { ...options, signal: aborted })).rejects.toThrow(
      "no start",
    );
  });

  it("refuses to work once disposed of", async () => {
    const evaluator = await createOnnxEvaluator(loaded, options);
    await evaluator.dispose();
    await expect(evaluator.evaluate(uniform(loaded, {}), {})).rejects.toThrow(UnsupportedError);
    await expect(evaluator.quantize(uniform(loaded, {}))).rejects.toThrow(UnsupportedError);
  });

  it("refuses a metric that answers nonsense, and a genome of another model", async () => {
    const nonsense: Metric = { name: "odd", evaluate: () => ({ score: 2, value: 2, samples: 1 }) };
    await expect(createOnnxEvaluator(loaded, { ...options, metric: nonsense })).rejects.toThrow(
      /score 2/,
    );
    const evaluator = await createOnnxEvaluator(loaded, options);
    const genome = uniform(loaded, {});
    const more = genome.with({
      layerConfigs: new Map(genome.layerConfigs).set("z", new LayerQuantConfig()),
    });
    await expect(evaluator.evaluate(more, {})).rejects.toThrow(InvalidArgumentError);
  });

  it("reports outputs and activations that are NaN, by name", async () => {
    const broken = (nodes: Parameters<typeof model>[0]["nodes"]) =>
      loadOnnxModel(
        bytesOf(
          model({
            inputs: [value("x", ["n", 4])],
            outputs: [value("y", ["n", 3])],
            initializers: [weights("w", [4, 3])],
            nodes,
          }),
        ),
      );
    const x = { data: Float32Array.of(-1, 1, 1, 1), dims: [1, 4] };
    const batches = [{ x }];
    const out = await broken([
      node("MatMul", ["x", "w"], ["h"], {}, "m"),
      node("Sqrt", ["h"], ["s"]),
      node("Neg", ["s"], ["y"]),
    ]);
    const metric = outputAgreement();
    const made = createOnnxEvaluator(out, { calibration: batches, validation: batches, metric });
    await expect(made).rejects.toThrow(EvaluationError);
    await expect(made).rejects.toThrow(/"y" holds \d NaN/);
    const inner = await broken([
      node("Log", ["x"], ["l"]),
      node("MatMul", ["l", "w"], ["y"], {}, "m"),
    ]);
    await expect(calibrateActivations(inner, batches)).rejects.toThrow(InvalidDataError);
    // Weights alone need no range.
    const all = { calibration: batches };
    expect(await quantizeOnnx(inner, uniform(inner, { activationBits: 32 }), all)).toBeInstanceOf(
      Uint8Array,
    );
    const rounded = quantizeOnnx(inner, uniform(inner, { activationBits: 8 }), all);
    await expect(rounded).rejects.toThrow(InvalidDataError);
    await expect(calibrateActivations(inner, batches)).rejects.toThrow(
      /^activation "l" is NaN or infinite in 1 of 4 elements \(25%\); allowed: at most 1%/,
    );
  });
});

describe("loadOnnxRuntime", () => {
  it("says how to install what is missing", async () => {
    const missing = Object.assign(new Error("Cannot find package"), {
      code: "ERR_MODULE_NOT_FOUND",
    });
    const cases: [() => Promise<unknown>, RegExp][] = [
      [() => Promise.reject(missing), /is not installed.*npm install onnxruntime-node/],
      [
        () => Promise.reject(new Error("no binding")),
        /cannot be loaded \(no binding\).*npm install/,
      ],
      [() => Promise.resolve({ default: {} }), /no InferenceSession.*npm install/],
    ];
    for (const [importRuntime, message] of cases) {
      await expect(loadOnnxRuntime({ importRuntime })).rejects.toThrow(MissingDependencyError);
      await expect(loadOnnxRuntime({ importRuntime })).rejects.toThrow(message);
      await expect(
        createOnnxEvaluator(loaded, { ...options, session: { importRuntime } }),
      ).rejects.toThrow(MissingDependencyError);
    }
  });

  it("refuses options out of range, and reports models that do not load or run", async () => {
    await expect(loadOnnxRuntime({ intraOpNumThreads: 0 })).rejects.toThrow(
      /intraOpNumThreads is 0/,
    );
    await expect(loadOnnxRuntime({ graphOptimizationLevel: "most" as "all" })).rejects.toThrow(
      /disabled, basic/,
    );
    const runtime = await loadOnnxRuntime();
    await expect(runtime.open({ bytes: Uint8Array.of(1, 2, 3) })).rejects.toThrow(EvaluationError);
    const session = await runtime.open(loaded);
    await expect(session.run({}, ["y"])).rejects.toThrow(/cannot run/);
    await session.release();
  });
});

describe("batches", () => {
  const check = (batches: readonly Batch[]) => calibrateActivations(loaded, batches);
  const x = { data: new Float32Array(108), dims: [1, 3, 6, 6] };

  it("are refused by name when they do not fit the model", async () => {
    const cases: [unknown, RegExp][] = [
      [[], /calibration holds no batch/],
      [[undefined], /calibration\.0 is undefined/],
      [[{}], /calibration\.0\.x is missing/],
      [[{ x }, { x, z: x }], /calibration\.1: the model has no input "z"; allowed: "x"/],
      [[{ x: { ...x, data: new Float64Array(108) } }], /Float64Array; allowed: Float32Array/],
      [[{ x: { dims: [1] } }], /holds undefined/],
      [[{ x: { ...x, dims: [3, 6, 6] } }], /dims \[3, 6, 6\]; allowed: \[any, 3, 6, 6\]/],
      [[{ x: { ...x, dims: [1, 3, 6, 7] } }], /allowed: \[any, 3, 6, 6\]/],
      [[{ x: { ...x, dims: [2, 3, 6, 6] } }], /108 elements; allowed: 216/],
      [[{ x: { data: new Float32Array(0), dims: [0, 3, 6, 6] } }], /has dims \[0,3,6,6\]/],
      [
        [{ x: { ...x, data: x.data.map(() => Number.NaN) } }],
        /^activation "x" is NaN .* 108 of 108/,
      ],
    ];
    for (const [batches, message] of cases) {
      await expect(check(batches as Batch[])).rejects.toThrow(InvalidDataError);
      await expect(check(batches as Batch[])).rejects.toThrow(message);
    }
  });

  it("need the same batch in all inputs, and inputs of a type that arrays hold", async () => {
    const two = (type: number) =>
      loadOnnxModel(
        bytesOf(
          model({
            inputs: [value("a", ["n", 4]), value("b", ["n", 4], type)],
            outputs: [value("y", ["n", 3])],
            initializers: [weights("w", [4, 3])],
            nodes: [node("MatMul", ["a", "w"], ["y"], {}, "m")],
          }),
        ),
      );
    const tensor = (n: number) => ({ data: new Float32Array(4 * n), dims: [n, 4] });
    const float = await two(TensorProto_DataType.FLOAT);
    await expect(calibrateActivations(float, [{ a: tensor(2), b: tensor(3) }])).rejects.toThrow(
      /b has a batch of 3, "a" one of 2/,
    );
    const text = await two(TensorProto_DataType.STRING);
    await expect(calibrateActivations(text, [{ a: tensor(2), b: tensor(2) }])).rejects.toThrow(
      /type STRING/,
    );
  });

  it("are cut from a data set without copying it", () => {
    const ids = { data: BigInt64Array.from({ length: 7 }, (_, i) => BigInt(i)), dims: [7] };
    const batches = splitBatches({ ids, y: { data: new Float32Array(14), dims: [7, 2] } }, 3);
    expect(batches.map((batch) => [...(batch.ids?.data ?? [])])).toEqual([
      [0n, 1n, 2n],
      [3n, 4n, 5n],
      [6n],
    ]);
    expect(batches.map((batch) => batch.y?.dims)).toEqual([
      [3, 2],
      [3, 2],
      [1, 2],
    ]);
    expect(batches[1]?.ids?.data.buffer).toBe(ids.data.buffer);
    expect(() => splitBatches({ ids }, 0)).toThrow(InvalidArgumentError);
    expect(() => splitBatches({}, 1)).toThrow(InvalidDataError);
    expect(() => splitBatches({ ids, y: { data: new Float32Array(6), dims: [6] } }, 1)).toThrow(
      /^y has dims \[6\]/,
    );
    expect(() => splitBatches({ ids: { ...ids, dims: [8] } }, 1)).toThrow(InvalidDataError);
  });
});
