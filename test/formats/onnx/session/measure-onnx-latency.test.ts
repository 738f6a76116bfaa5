import { beforeAll, describe, expect, it } from "vitest";
import {
  type Batch,
  loadOnnxModel,
  measureOnnxLatencies,
  measureOnnxLatency,
  type OnnxModel,
} from "../../../../src/formats/onnx/index.js";
import { LayerQuantConfig } from "../../../../src/genome/layer-quant-config.js";
import { QuantizationGenome } from "../../../../src/genome/quantization-genome.js";
import { bytesOf, graph, model as modelOf, node, value, weights } from "../graph-builder.js";

/** Two matrix products with a clamp between them. */
async function twoProducts(): Promise<OnnxModel> {
  const parts = graph({
    inputs: [value("x", ["batch", 32])],
    outputs: [value("y", ["batch", 8])],
    initializers: [weights("a", [32, 64]), weights("b", [64, 8])],
    nodes: [
      node("MatMul", ["x", "a"], ["h"], {}, "first"),
      node("Relu", ["h"], ["r"]),
      node("MatMul", ["r", "b"], ["y"], {}, "second"),
    ],
  });
  return loadOnnxModel(
    bytesOf(
      modelOf({
        nodes: parts.node,
        inputs: parts.input,
        outputs: parts.output,
        initializers: parts.initializer,
      }),
    ),
  );
}

const calibration: readonly Batch[] = [
  { x: { data: Float32Array.from({ length: 4 * 32 }, (_, i) => Math.sin(i)), dims: [4, 32] } },
];

describe("measureOnnxLatency", () => {
  let model: OnnxModel;
  const genome = (bits: 8 | 32) =>
    new QuantizationGenome({
      layerConfigs: new Map(
        model.layers.map(({ name }) => [
          name,
          new LayerQuantConfig({ weightBits: bits, activationBits: bits }),
        ]),
      ),
    });
  beforeAll(async () => {
    model = await twoProducts();
  });

  it("times a quantized model and says how", async () => {
    const measured = await measureOnnxLatency(model, genome(8), {
      calibration,
      repetitions: 21,
      warmUp: 3,
    });
    expect(measured.kind).toBe("measured");
    expect(measured.samplesMs).toHaveLength(21);
    const sorted = [...measured.samplesMs].sort((a, b) => a - b);
    expect(sorted[0]).toBeGreaterThan(0);
    expect(measured.minMs).toBe(sorted[0]);
    expect(measured.medianMs).toBe(sorted[10]);
    expect(measured.iqrMs).toBeCloseTo(sorted[15]! - sorted[5]!, 12);
    expect(measured).toMatchObject({ batchSize: 1, threads: 1, warmUp: 3 });
    expect(measured.source).toMatch(
      /^ONNX Runtime.*, graph optimization all, 1 thread, batch 1, 21 runs after 3$/,
    );
  });

  it("times the model as it was loaded, with other batches, threads and optimization levels", async () => {
    const measured = await measureOnnxLatency(model, undefined, {
      calibration,
      batchSize: 3,
      repetitions: 4,
      session: { intraOpNumThreads: 2, graphOptimizationLevel: "basic" },
    });
    expect(measured).toMatchObject({ batchSize: 3, threads: 2, warmUp: 10 });
    expect(measured.source).toMatch(
      /graph optimization basic, 2 threads, batch 3, 4 runs after 10$/,
    );
    // The middle of an even number of runs lies between two.
    const sorted = [...measured.samplesMs].sort((a, b) => a - b);
    expect(measured.medianMs).toBeCloseTo((sorted[1]! + sorted[2]!) / 2, 12);
  });

  it("runs several genomes in turns, each the same number of times", async () => {
    const runs: number[] = [];
    let sessions = 0;
    let released = 0;
    const runtime = {
      Tensor: class {
        constructor(
          readonly type: string,
          readonly data: unknown,
          readonly dims: readonly number[],
        ) {}
      },
      InferenceSession: {
        create: async () => {
          const id = sessions++;
          return {
            run: async (_feeds: unknown, outputs: readonly string[]) => {
              runs.push(id);
              const tensor = { type: "float32", data: new Float32Array(8), dims: [1, 8] };
              return Object.fromEntries(outputs.map((name) => [name, tensor]));
            },
            release: async () => {
              released++;
            },
          };
        },
      },
    };
    const input = { x: { data: new Float32Array(32), dims: [1, 32] } };
    const measured = await measureOnnxLatencies(model, [undefined, genome(32)], {
      input,
      warmUp: 1,
      repetitions: 3,
      runsPerTurn: 2,
      session: { importRuntime: async () => runtime },
    });
    expect(measured.map(({ samplesMs }) => samplesMs.length)).toEqual([3, 3]);
    // A run to warm each; then turns of two that count after one that does not, then of the one
    // that is left.
    expect(runs).toEqual([0, 1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1]);
    expect([sessions, released]).toEqual([2, 2]);
  });

  it("refuses counts that are none, nothing to run, and data that do not fit", async () => {
    const fails = (options: object, message: RegExp) =>
      expect(measureOnnxLatency(model, undefined, options)).rejects.toThrow(message);
    await fails({ calibration, repetitions: 0 }, /repetitions is 0; allowed: an integer from 1/);
    await fails({ calibration, warmUp: -1 }, /warmUp is -1; allowed: an integer from 0/);
    await fails({ calibration, runsPerTurn: 1.5 }, /runsPerTurn is 1.5/);
    await fails({ calibration, batchSize: 0 }, /batchSize is 0/);
    await fails({ calibration, batchSize: 5 }, /batchSize is 5; allowed: at most 4/);
    await fails({}, /input is missing and there is no calibration/);
    await fails({ input: { x: { data: new Float32Array(3), dims: [1, 3] } } }, /dims \[1, 3\]/);
    await expect(
      measureOnnxLatency(model, genome(8), {
        input: { x: { data: new Float32Array(32), dims: [1, 32] } },
      }),
    ).rejects.toThrow(/calibration is missing/);
  });

  it("stops when told to", async () => {
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await expect(measureOnnxLatency(model, undefined, { calibration, signal })).rejects.toBe(
      reason,
    );
  });
});
