import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import * as ort from "onnxruntime-node";
import { afterAll, describe, expect, it } from "vitest";
import { loadOnnxModel } from "../../../../src/formats/onnx/read/load-onnx-model.js";
import type { OnnxModel } from "../../../../src/formats/onnx/read/onnx-model.js";
import { calibrateActivations } from "../../../../src/formats/onnx/session/calibrate-activations.js";
import { calibrateWeights } from "../../../../src/formats/onnx/weights/calibrate-weights.js";
import { decodeModel } from "../../../../src/formats/onnx/wire/decode-model.js";
import {
  TensorProto_DataType as DataType,
  type ModelProto,
  type NodeProto,
} from "../../../../src/formats/onnx/wire/onnx_pb.js";
import { quantizeOnnxWithReport } from "../../../../src/formats/onnx/write/quantize-onnx.js";
import { WEIGHT_BITS } from "../../../../src/genes/bits.js";
import type { LayerQuantConfigFields } from "../../../../src/genome/layer-quant-config.js";
import { LayerQuantConfig } from "../../../../src/genome/layer-quant-config.js";
import type { Batch } from "../../../../src/measure/batches/tensor-data.js";
import { inversePermutation, permuteAxes } from "../../../../src/numeric/permute-axes.js";
import { fakeQuantize, quantizationError } from "../../../../src/quantization/index.js";
import { type AttributeValue, bytesOf, model, node, value, weights } from "../graph-builder.js";
import { relativeDifference, runModel, uniform } from "../run-model.js";
import { normals, SMALL_MODELS } from "../small-models.js";

const LEVELS = ["disabled", "basic", "extended", "all"] as const;
const folder = mkdtempSync(join(tmpdir(), "quantevo-forms-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One layer that reads the graph's input, and what its input is. */
interface Case {
  readonly opType: string;
  readonly dims: readonly number[];
  /** Shape of the input; of ids, where the operator is Gather. */
  readonly input: readonly number[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** The weights are transposed between the stored tensor and the operator. */
  readonly transposed?: boolean;
}

const extent = fc.integer({ min: 1, max: 9 });
const width = fc.integer({ min: 1, max: 70 });

const conv = fc.record({ o: extent, i: extent, group: fc.integer({ min: 1, max: 3 }) });
const CASES: Readonly<Record<string, fc.Arbitrary<Case>>> = {
  Conv: conv.map(({ o, i, group }) => ({
    ...{ opType: "Conv", dims: [o * group, i, 3, 2], input: [2, i * group, 5, 4] },
    attributes: { group },
  })),
  ConvTranspose: conv.map(({ o, i, group }) => ({
    ...{ opType: "ConvTranspose", dims: [i * group, o, 3, 2], input: [2, i * group, 4, 3] },
    attributes: { group },
  })),
  Gemm: fc.record({ k: width, n: extent, transB: fc.integer({ min: 0, max: 1 }) }).map(
    ({ k, n, transB }): Case => ({
      ...{ opType: "Gemm", dims: transB === 1 ? [n, k] : [k, n], input: [3, k] },
      attributes: { transB },
    }),
  ),
  MatMul: fc.record({ k: width, n: extent, transposed: fc.boolean() }).map(
    ({ k, n, transposed }): Case => ({
      ...{ opType: "MatMul", dims: transposed ? [n, k] : [k, n], input: [2, 3, k], transposed },
    }),
  ),
  "MatMul by blocks": fc
    .record({ k: fc.constantFrom(64, 128, 192), n: extent, transposed: fc.boolean() })
    .map(
      ({ k, n, transposed }): Case => ({
        ...{ opType: "MatMul", dims: transposed ? [n, k] : [k, n], input: [2, 3, k], transposed },
      }),
    ),
  "stack of matrices": fc.record({ heads: extent, k: width, n: extent }).map(
    ({ heads, k, n }): Case => ({
      ...{ opType: "MatMul", dims: [heads, k, n], input: [2, heads, 3, k] },
    }),
  ),
  "stack of matrices that lie apart": fc.record({ heads: extent, k: extent, n: extent }).map(
    ({ heads, k, n }): Case => ({
      ...{ opType: "MatMul", dims: [2, k, heads, n], input: [2, heads, 3, k] },
      transposed: true,
    }),
  ),
  Gather: fc.record({ rows: extent, columns: width, transposed: fc.boolean() }).map(
    ({ rows, columns, transposed }): Case => ({
      ...{ opType: "Gather", dims: transposed ? [columns, rows] : [rows, columns], input: [2, 3] },
      transposed,
    }),
  ),
  GRU: fc.record({ i: width, h: extent }).map(
    ({ i, h }): Case => ({
      ...{ opType: "GRU", dims: [2, 3 * h, i], input: [3, 2, i] },
      attributes: { hidden_size: h, direction: "bidirectional" },
    }),
  ),
  LSTM: fc.record({ i: width, h: extent }).map(
    ({ i, h }): Case => ({
      ...{ opType: "LSTM", dims: [2, 4 * h, i], input: [3, 2, i] },
      attributes: { hidden_size: h, direction: "bidirectional" },
    }),
  ),
};

const fields = fc.record({
  weightBits: fc.constantFrom(...WEIGHT_BITS),
  activationBits: fc.constantFrom(4, 8, 16, 32),
  weightScheme: fc.constantFrom("symmetric", "asymmetric", "power-of-two"),
  activationScheme: fc.constantFrom("symmetric", "asymmetric"),
  granularity: fc.constantFrom("per-tensor", "per-channel", "per-group"),
  groupSize: fc.constantFrom(8, 16, 64),
  useSymmetric: fc.boolean(),
}) as fc.Arbitrary<Partial<LayerQuantConfigFields>>;

function filled(name: string, dims: readonly number[], size = 1) {
  const count = dims.reduce((a, b) => a * b, 1);
  // Every row has a size of its own, so that a scale in the wrong place shows.
  const values = normals(name + dims.join(), count).map((v, i) => size * v * (1 + (i % 7)));
  return weights(name, dims, values);
}

function protoOf({ opType, dims, input, attributes = {}, transposed = false }: Case): ModelProto {
  const recurrent = opType === "GRU" || opType === "LSTM";
  const hidden = Number(attributes.hidden_size ?? 0);
  const operand = transposed ? "wt" : "w";
  const perm = dims.length === 2 ? [1, 0] : [0, 2, 1, 3];
  const lookup = opType === "Gather";
  const operands = lookup ? [operand, "x"] : recurrent ? ["x", "w", "r"] : ["x", operand];
  const rank = recurrent ? 4 : input.length + (lookup ? 1 : 0);
  return model({
    inputs: [value("x", input, lookup ? DataType.INT64 : DataType.FLOAT)],
    outputs: [
      value(
        "y",
        Array.from({ length: rank }, () => null),
      ),
    ],
    initializers: [
      // Small enough for gates that are not saturated.
      filled("w", dims, recurrent ? 0.02 : 1),
      ...(recurrent ? [filled("r", [2, dims[1]!, hidden], 0.02)] : []),
    ],
    nodes: [
      ...(transposed ? [node("Transpose", ["w"], ["wt"], { perm })] : []),
      node(opType, operands, ["y"], attributes, "layer"),
    ],
  });
}

/** The float model with the values that its weights have after quantization. */
async function dequantizedModel(
  loaded: OnnxModel,
  config: Partial<LayerQuantConfigFields>,
): Promise<Uint8Array> {
  const params = await calibrateWeights(loaded, uniform(loaded, config));
  const proto = decodeModel(loaded.bytes.slice());
  for (const { layer: name, weight } of loaded.bindings) {
    const layer = loaded.layers.find((one) => one.name === name)!;
    const own = params.get(name);
    if (own === undefined) continue;
    const { order } = layer.weightLayout!;
    let values = fakeQuantize(layer.weights!, own);
    if (order !== undefined)
      values = permuteAxes(
        values,
        order.permutation.map((axis) => order.shape[axis]!),
        inversePermutation(order.permutation),
      );
    proto.graph.initializer = proto.graph.initializer.map((t) =>
      t.name === weight ? weights(weight, t.dims.map(Number), values) : t,
    );
  }
  return bytesOf(proto);
}

function batchOf({ opType, dims, input, transposed }: Case): Batch {
  const count = input.reduce((a, b) => a * b, 1);
  if (opType !== "Gather")
    return { x: { data: normals(`input ${input.join()}`, count), dims: input } };
  const rows = dims[transposed ? 1 : 0]!;
  // Negative ids count from the end.
  const ids = Array.from({ length: count }, (_, i) => BigInt(i % rows) - BigInt(i % 2 ? rows : 0));
  return { x: { data: BigInt64Array.from(ids), dims: input } };
}

/** Settings that a case is about, over those drawn. */
const SETTINGS: Readonly<Record<string, Partial<LayerQuantConfigFields>>> = {
  "MatMul by blocks": { weightBits: 4, granularity: "per-group", groupSize: 64 },
  LSTM: { activationBits: 8, weightScheme: "symmetric" },
};

describe("written weights mean the same at every optimization level", () => {
  for (const [title, cases] of Object.entries(CASES))
    it(title, { timeout: 120_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(cases, fields, async (one, drawn) => {
          const settings = { ...drawn, ...SETTINGS[title] };
          const loaded = await loadOnnxModel(bytesOf(protoOf(one)));
          const x = batchOf(one);
          const activationRanges = await calibrateActivations(loaded, [x]);
          const genome = uniform(loaded, settings);
          // Codes are the same with and without for this scheme; only their kernels differ.
          const avoidSaturation = settings.weightScheme === "asymmetric" && settings.useSymmetric;
          // What a correction adds is tested elsewhere.
          const correctBiases = false;
          const options = {
            ...{ activationRanges, correctBiases },
            avoidSaturation: avoidSaturation === true,
          };
          const report = await quantizeOnnxWithReport(loaded, genome, options);
          const { bytes } = report;
          const config = new LayerQuantConfig(settings);
          const format = (name: string, dims: readonly number[]) => ({
            ...activationRanges.format(name, config, "mse").params,
            shape: dims,
          });
          const dynamic = decodeModel(bytes).graph.node.some(
            ({ opType }) => opType === "DynamicQuantizeLSTM",
          );
          const rounded =
            report.layers[0]!.activation === undefined || dynamic || one.opType === "Gather"
              ? x.x!.data
              : fakeQuantize(x.x!.data as Float32Array, format("x", one.input));
          const float = await dequantizedModel(loaded, settings);
          let expected = await runModel(
            float,
            { x: { data: rounded, dims: one.input } },
            "disabled",
          );
          // A convolution with an integer kernel rounds its result; a step up or down may differ.
          const roundsResult = decodeModel(bytes).graph.initializer.some(
            ({ name }) => name === "y_scale",
          );
          if (roundsResult) {
            const y = Float32Array.from(expected);
            expected = [...fakeQuantize(y, format("y", [y.length]))];
          }
          for (const level of LEVELS) {
            const got = await runModel(bytes, x, level);
            expect(relativeDifference(got, expected), level).toBeLessThan(
              dynamic ? 0.05 : roundsResult ? 0.011 : 1e-4,
            );
          }
        }),
        { numRuns: 40, seed: 11 },
      );
    });
});

/** What ONNX Runtime makes of a model when it loads it. */
async function optimized(bytes: Uint8Array): Promise<NodeProto[]> {
  const path = join(folder, "optimized.onnx");
  const session = await ort.InferenceSession.create(bytes, {
    graphOptimizationLevel: "all",
    optimizedModelFilePath: path,
    logSeverityLevel: 4,
  });
  await session.release();
  return decodeModel(readFileSync(path)).graph.node;
}

const operators = async (name: string, settings: Partial<LayerQuantConfigFields>) => {
  const { proto, inputs } = SMALL_MODELS[name]!();
  const loaded = await loadOnnxModel(bytesOf(proto));
  const report = await quantizeOnnxWithReport(loaded, uniform(loaded, settings), {
    calibration: [inputs],
  });
  const nodes = await optimized(report.bytes);
  const notes = report.layers.map(({ note }) => note);
  return { operators: nodes.map(({ opType }) => opType), notes };
};

describe("channels that differ in size", () => {
  it.each([
    ["ConvTranspose", [4, 3, 2, 2], [1, 4, 4, 4], { group: 2 }, 2],
    ["MatMul", [2, 8, 5], [2, 3, 8], {}, 2],
    ["LSTM", [2, 16, 6], [3, 2, 6], { hidden_size: 4, direction: "bidirectional" }, 2],
  ] as const)(
    "of a %s are all as exact as 8 bits are",
    async (opType, dims, input, attributes, parts) => {
      const proto = protoOf({ opType, dims, input, attributes });
      const tensor = proto.graph!.initializer[0]!;
      const values = new Float32Array(tensor.rawData.slice().buffer);
      // The second group, matrix or direction is a hundred times as large.
      const scaled = values.map((v, i) => (i < values.length / parts ? v : 100 * v));
      proto.graph!.initializer[0] = weights("w", dims, scaled);
      const loaded = await loadOnnxModel(bytesOf(proto));
      const settings = { weightBits: 8, activationBits: 32 } as const;
      const params = await calibrateWeights(loaded, uniform(loaded, settings));
      const { name, weights: own, weightLayout } = loaded.layers[0]!;
      const found = fakeQuantize(own!, params.get(name)!);
      const { shape, channelAxis } = weightLayout!;
      expect(channelAxis).toBe(0);
      const length = shape[1]!;
      for (let channel = 0; channel < shape[0]!; channel++) {
        const range = [channel * length, (channel + 1) * length] as const;
        const { sqnrDb } = quantizationError(own!.slice(...range), found.slice(...range));
        expect(sqnrDb, String(channel)).toBeGreaterThan(36);
      }
      const { layers } = await quantizeOnnxWithReport(loaded, uniform(loaded, settings));
      expect(layers[0]!.weight!.scale).toHaveLength(shape[0]!);
      expect(layers[0]!.sizeBytes).toBe(own!.length + 4 * shape[0]!);
    },
  );
});

describe("the form of weights is the one that ONNX Runtime runs fast", () => {
  it.each([1.58, 2, 3, 4, 6, 8] as const)(
    "%f bits beside 8 bit activations: the integer kernels of 8 bits",
    async (weightBits) => {
      const net = await operators("conv net", { weightBits });
      expect(net.operators).toContain("QLinearConv");
      expect(net.notes[1]).toBeUndefined();
      // A first convolution of three channels, and a matrix of 30 numbers.
      for (const at of [0, 2]) expect(net.notes[at]).toMatch(/does not pay/);
      expect((await operators("depthwise", { weightBits })).operators).toContain("QLinearConv");
      expect((await operators("gemm", { weightBits })).operators).toEqual([
        ...["QuantizeLinear", "QGemm", "QGemm"],
      ]);
      const product = await operators("matmul", { weightBits });
      const kernels = product.operators.filter((op) => op === "MatMulIntegerToFloat");
      expect(kernels).toHaveLength(2);
      expect(product.operators).not.toContain("DequantizeLinear");
      const lstm = await operators("lstm", { weightBits });
      expect(lstm.operators).toEqual(["DynamicQuantizeLSTM"]);
      expect(lstm.notes[0]).toMatch(/run time/);
    },
  );

  it.each([2, 4, 8, 16] as const)(
    "%i bits with float activations: the float operators alone",
    async (weightBits) => {
      const settings = { weightBits, activationBits: 32 } as const;
      for (const name of ["conv net", "gemm", "matmul", "lstm", "conv transpose", "shared weights"])
        for (const granularity of ["per-channel", "per-group"] as const) {
          const found = await operators(name, { ...settings, granularity, groupSize: 5 });
          expect(found.operators.join(), name).not.toMatch(
            /\b(Cast|Mul|Reshape|Slice|Transpose)\b|Quantize|NBits/,
          );
          expect(found.notes[0], name).toMatch(/float speed/);
        }
    },
  );

  it("4 bits in groups of 64 with float activations: MatMulNBits, activations unrounded", async () => {
    const groups = { granularity: "per-group", groupSize: 64 } as const;
    const found = await operators("matmul", { weightBits: 4, activationBits: 32, ...groups });
    expect(found.operators).toEqual(["MatMulNBits", "Tanh", "MatMul"]);
    expect(found.notes[0]).toBeUndefined();
  });

  it.each([2, 4, 8] as const)(
    "%i bit tables: codes are looked up, not the floats",
    async (weightBits) => {
      const found = await operators("embedding", { weightBits, activationBits: 32 });
      expect(found.operators).toEqual(["Gather", "Gather", "Cast", "Mul", "MatMul"]);
      const one = await operators("embedding", { weightBits, granularity: "per-tensor" });
      expect(one.operators.slice(0, 3)).toEqual(["Gather", "Cast", "FusedMatMul"]);
    },
  );

  it.each([
    ["conv transpose", {}, /ConvTranspose has no integer kernel/],
    ["weights on the left", {}, /on the left/],
    ["a stack of matrices", {}, /stack of matrices/],
    ["shared weights", {}, /along the columns/],
    ["lstm", { weightScheme: "asymmetric" }, /LSTM has no integer kernel/],
    ["matmul", { granularity: "per-group", groupSize: 16 }, /scales of groups/],
    ["matmul", { weightBits: 16 }, /16 bit weights/],
    ["matmul", { activationBits: 16 }, /16 bit activations/],
    ["float16", {}, /float16/],
    ["gemm", { weightScheme: "asymmetric" }, /zero points/],
  ] as const)("%s, %j: says why there is no fast kernel", async (name, settings, note) => {
    const found = await operators(name, settings);
    expect(found.notes[0]).toMatch(note);
    // Weights are dequantized when the file is loaded, not at every run.
    const { operators: kept } = found;
    const count = (opType: string) => kept.filter((op) => op === opType).length;
    expect(count("DequantizeLinear")).toBeLessThanOrEqual(count("QuantizeLinear"));
  });
});
