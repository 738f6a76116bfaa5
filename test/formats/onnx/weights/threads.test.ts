import { deserialize, serialize } from "node:v8";
import { describe, expect, it, vi } from "vitest";
import { addCalibrationMethod } from "../../../../src/calibration/index.js";
import { InvalidArgumentError, InvalidDataError } from "../../../../src/errors.js";
import { createNoiseTable } from "../../../../src/evaluation/noise/noise-table.js";
import {
  calibrateWeights,
  computeNoiseTable,
  createOnnxEvaluator,
  loadOnnxModel,
  type Metric,
  type NoiseSetting,
  quantizeOnnx,
  quantizeOnnxWithReport,
  shareWeights,
} from "../../../../src/formats/onnx/index.js";
import { LayerQuantConfig } from "../../../../src/genome/layer-quant-config.js";
import { inThreads, threadCount } from "../../../../src/measure/threads/thread-pool.js";
import { warnOfNoWorkers } from "../../../../src/measure/workers/warn-of-no-workers.js";
import type { LayerSpec, ModelSpec } from "../../../../src/model/layer-spec.js";
import { bytesOf, model, node, value, weights } from "../graph-builder.js";
import { uniform } from "../run-model.js";
import { normals } from "../small-models.js";

const SIDES = [96, 160, 64];
const nodes = SIDES.map((_, i) => node("MatMul", [`h${i}`, `w${i}`], [`h${i + 1}`], {}, `m${i}`));
const bytes = bytesOf(
  model({
    inputs: [value("h0", ["n", SIDES[0]!])],
    outputs: [value(`h${SIDES.length}`, ["n", SIDES[0]!])],
    initializers: SIDES.map((side, i) => {
      const dims = [side, SIDES[(i + 1) % SIDES.length]!];
      return weights(`w${i}`, dims, normals(`w${i}`, dims[0]! * dims[1]!));
    }),
    nodes,
  }),
);
const settings = (["min-max", "mse", "entropy"] as const).flatMap((method): NoiseSetting[] => [
  {
    config: new LayerQuantConfig({ weightBits: 4, granularity: "per-group", groupSize: 16 }),
    method,
  },
  { config: new LayerQuantConfig({ weightBits: 1.58 }), method },
  { config: new LayerQuantConfig({ weightBits: 32 }), method },
]);

/** Known in this process alone: threads and worker processes have no such method. */
const custom = addCalibrationMethod({
  name: "half-range",
  code: 200,
  reach: 3,
  range: ({ min, max }) => ({ low: min / 2, high: max / 2 }),
}) as "mse";

describe("a custom calibration method", () => {
  it("is used on this thread, in threads and workers as without them", async () => {
    const loaded = await loadOnnxModel(bytes);
    const genome = uniform(loaded, { weightBits: 4 }).with({ calibrationMethod: custom });
    const data = { h0: { data: normals("custom", 4 * SIDES[0]!), dims: [4, SIDES[0]!] } };
    const outputs: number[][] = [];
    const metric: Metric = {
      name: "outputs",
      evaluate: (found) => {
        outputs.push([...(Object.values(found)[0]!.data as Float32Array)]);
        return { score: 1, value: 1, samples: 4 };
      },
    };
    for (const workers of [0, 1]) {
      const options = { calibration: [data], validation: [data], metric, workers };
      const evaluator = await createOnnxEvaluator(loaded, options);
      await evaluator.evaluate(genome, {});
      await evaluator.dispose();
    }
    expect(outputs[3]).toEqual(outputs[1]);
    expect(outputs[1]).not.toEqual(outputs[0]);
    const setting = { config: new LayerQuantConfig({ weightBits: 4 }), method: custom };
    const table = await computeNoiseTable(loaded.spec, [setting, ...settings], { threads: 2 });
    expect(table.entryCount).toBe(3 * 5);
    const plain = createNoiseTable(loaded.spec);
    for (const { name } of loaded.layers)
      expect(table.weightNoise(name, setting.config, custom)).toBe(
        plain.weightNoise(name, setting.config, custom),
      );
    const weightsOnly = uniform(loaded, { weightBits: 4, activationBits: 32 });
    const written = weightsOnly.with({ calibrationMethod: custom });
    const found = await Promise.all(
      [1, 2].map(async (threads) => quantizeOnnx(await loadOnnxModel(bytes), written, { threads })),
    );
    expect(found[1]).toEqual(found[0]);
  });
});

describe("quantizeOnnx in threads", () => {
  it(
    "writes the same bytes for any number of threads, of the layers that take long and of the " +
      "others",
    async () => {
      const fields = {
        weightBits: 4,
        activationBits: 32,
        granularity: "per-group",
        groupSize: 32,
      } as const;
      const write = async (threads: number) => {
        // Loaded afresh, as a model remembers its quantized weights.
        const own = await loadOnnxModel(bytes);
        const loaded = threads === 3 ? shareWeights(own) : own;
        const genome = uniform(loaded, fields).with({ calibrationMethod: "mse" });
        return quantizeOnnx(loaded, genome, { threads });
      };
      const alone = await write(1);
      for (const threads of [2, 3]) expect(await write(threads)).toEqual(alone);
    },
  );
});

describe("calibrateWeights", () => {
  it("gives the params of quantizeOnnx, for any number of threads and wherever the weights lie", async () => {
    const loaded = await loadOnnxModel(bytes);
    const fields = { weightBits: 4, activationBits: 32, granularity: "per-channel" } as const;
    const genome = uniform(loaded, fields).with({ calibrationMethod: "mse" });
    const { layers } = await quantizeOnnxWithReport(loaded, genome);
    const expected = layers.map(({ layer, weight }) => [layer, weight]);
    for (const [model, threads] of [
      [loaded, 1],
      [shareWeights(loaded), 2],
    ] as const)
      expect(
        [...(await calibrateWeights(model, genome, { threads }))].map(
          ([layer, { scale, zeroPoint }]) => [layer, { scale, zeroPoint }],
        ),
      ).toEqual(expected);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(calibrateWeights(loaded, genome, { signal })).rejects.toThrow("enough");
  });
});

describe("shareWeights", () => {
  it(
    "puts weights where the threads' kernels work on them in place, and their scratch is given " +
      "back",
    async () => {
      const loaded = await loadOnnxModel(bytes);
      const shared = shareWeights(loaded);
      const [{ buffer }] = shared.layers.map(({ weights }) => weights!) as [Float32Array];
      for (const [i, { weights }] of shared.layers.entries()) {
        expect(weights!.buffer).toBe(buffer);
        expect(weights!.slice()).toEqual(loaded.layers[i]!.weights);
      }
      const mib = 2 ** 20;
      const used = () =>
        [0, 1, 2, 3].map((place) =>
          new Uint8Array(buffer, place * mib + 4096, mib - 4096).some((byte) => byte),
        );
      const [{ config, method }] = settings as [NoiseSetting];
      const options = { threads: 2, maxElements: 2 ** 20 };
      const table = await computeNoiseTable(shared.spec, settings, options);
      const plain = createNoiseTable(loaded.spec, options);
      for (const { name } of loaded.layers)
        expect(table.weightNoise(name, config, method)).toBe(
          plain.weightNoise(name, config, method),
        );
      expect(used()).toEqual([false, true, true, false]);
    },
  );

  it("leaves the model one that worker processes take", async () => {
    const loaded = shareWeights(await loadOnnxModel(bytes));
    const copy = deserialize(serialize(loaded.layers)) as LayerSpec[];
    expect(copy[1]!.weights).toEqual(loaded.layers[1]!.weights!.slice());
  });
});

describe("computeNoiseTable", () => {
  it("gives what createNoiseTable gives, for any number of threads", async () => {
    const { spec } = await loadOnnxModel(bytes);
    // One layer is larger than its sample, one has a shape only.
    const shapeOnly: LayerSpec = { ...spec.layers[0]!, name: "shape only" };
    delete (shapeOnly as { weights?: Float32Array }).weights;
    const mixed: ModelSpec = { ...spec, layers: [...spec.layers, shapeOnly] };
    const plain = createNoiseTable(mixed);
    for (const threads of [1, 2]) {
      const table = await computeNoiseTable(mixed, settings, { threads });
      const filled = table.entryCount;
      for (const { name } of spec.layers)
        for (const { config, method } of settings)
          expect(table.weightNoise(name, config, method)).toBe(
            plain.weightNoise(name, config, method),
          );
      // Ternary weights are the same by every method.
      expect(filled).toBe(3 * 4);
      expect(table.entryCount).toBe(filled);
      const { config, method } = settings[0]!;
      expect(table.weightNoise("shape only", config, method)).toBe(
        plain.weightNoise("shape only", config, method),
      );
    }
  });

  it("throws a thread's errors as they are, and the signal's reason", async () => {
    const { spec } = await loadOnnxModel(bytes);
    const broken = spec.layers.map((layer, i) =>
      i === 1 ? { ...layer, weights: layer.weights!.with(7, Number.NaN) } : layer,
    );
    const failing = computeNoiseTable({ ...spec, layers: broken }, settings, { threads: 2 });
    await expect(failing).rejects.toThrow(InvalidDataError);
    await expect(failing).rejects.toThrow(/^m1 holds 1 NaN/);
    const signal = AbortSignal.abort(new Error("enough"));
    for (const threads of [1, 2])
      await expect(computeNoiseTable(spec, settings, { threads, signal })).rejects.toThrow(
        "enough",
      );
  });
});

describe("threads", () => {
  it("are started for long work only, unless they are asked for", async () => {
    expect(await threadCount({}, 0.1)).toBe(1);
    expect(await threadCount({}, 100)).toBeGreaterThanOrEqual(1);
    expect(await threadCount({ threads: 3 }, 0)).toBe(3);
    for (const threads of [0, 1.5, 257, Number.NaN])
      await expect(threadCount({ threads }, 0)).rejects.toThrow(InvalidArgumentError);
  });

  it("that fail leave the work to this one, and say so once", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const { layers } = await loadOnnxModel(bytes);
    const tasks = layers.map((layer) => ({ layer }));
    vi.stubGlobal("SharedArrayBuffer", undefined);
    expect(await inThreads("noise", tasks, 2)).toBeUndefined();
    vi.unstubAllGlobals();
    expect(await inThreads("no such function", tasks, 2)).toBeUndefined();
    warnOfNoWorkers("again");
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]![1]).toEqual({ code: "QUANTEVO_NO_WORKERS" });
    warn.mockRestore();
  });
});
