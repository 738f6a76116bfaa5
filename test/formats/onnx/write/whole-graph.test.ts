import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import * as ort from "onnxruntime-node";
import { afterAll, describe, expect, it } from "vitest";
import { loadOnnxModel } from "../../../../src/formats/onnx/read/load-onnx-model.js";
import type { OnnxModel } from "../../../../src/formats/onnx/read/onnx-model.js";
import { decodeModel } from "../../../../src/formats/onnx/wire/decode-model.js";
import type { NodeProto, TensorProto } from "../../../../src/formats/onnx/wire/onnx_pb.js";
import { quantizeOnnx } from "../../../../src/formats/onnx/write/quantize-onnx.js";
import {
  LayerQuantConfig,
  type LayerQuantConfigFields,
} from "../../../../src/genome/layer-quant-config.js";
import type { QuantizationGenome } from "../../../../src/genome/quantization-genome.js";
import type { Batch } from "../../../../src/measure/batches/tensor-data.js";
import { type AttributeValue, bytesOf, model, node, value, weights } from "../graph-builder.js";
import { relativeDifference, runModel, uniform } from "../run-model.js";
import { normals } from "../small-models.js";

const folder = mkdtempSync(join(tmpdir(), "quantevo-graphs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What ONNX Runtime makes of a model when it loads it. */
async function optimized(bytes: Uint8Array): Promise<string[]> {
  const path = join(folder, "optimized.onnx");
  const session = await ort.InferenceSession.create(bytes, {
    graphOptimizationLevel: "all",
    optimizedModelFilePath: path,
    logSeverityLevel: 4,
  });
  await session.release();
  return decodeModel(readFileSync(path)).graph.node.map(({ opType }) => opType);
}

/** Gathers nodes and weights; each method returns the name of what its node computes. */
class Net {
  readonly nodes: NodeProto[] = [];
  readonly tensors: TensorProto[] = [];

  add(op: string, inputs: string[], attributes: Record<string, AttributeValue> = {}): string {
    const output = `v${this.nodes.length}`;
    this.nodes.push(node(op, inputs, [output], attributes, `n${this.nodes.length}`));
    return output;
  }

  store(dims: number[], size = 1, shift = 0): string {
    const name = `t${this.tensors.length}`;
    const count = dims.reduce((a, b) => a * b, 1);
    const values = normals(name + dims.join(), count).map((x) => size * x + shift);
    this.tensors.push(weights(name, dims, values));
    return name;
  }

  number(x: number): string {
    return this.store([], 0, x);
  }

  conv(x: string, from: number, to: number, kernel = 3, group = 1): string {
    const pads = [1, 1, 1, 1].map(() => (kernel - 1) / 2);
    const depth = (from / group) * kernel * kernel;
    const w = this.store([to, from / group, kernel, kernel], 1 / Math.sqrt(depth));
    return this.add("Conv", [x, w, this.store([to], 0.1)], { pads, group });
  }

  silu(x: string): string {
    return this.add("Mul", [x, this.add("Sigmoid", [x])]);
  }

  gelu(x: string): string {
    const erf = this.add("Erf", [this.add("Div", [x, this.number(Math.SQRT2)])]);
    const sum = this.add("Add", [erf, this.number(1)]);
    return this.add("Mul", [this.add("Mul", [x, sum]), this.number(0.5)]);
  }

  hardSwish(x: string): string {
    const sum = this.add("Add", [x, this.number(3)]);
    const gate = this.add("Clip", [sum, this.number(0), this.number(6)]);
    return this.add("Div", [this.add("Mul", [x, gate]), this.number(6)]);
  }

  /** The model with some values as its outputs. */
  bytes(outputs: readonly string[], dims: readonly (number | string)[]): Uint8Array {
    return bytesOf(
      model({
        opset: 17,
        inputs: [value("x", dims)],
        outputs: outputs.map((name) => value(name, [null, null, null, null])),
        initializers: this.tensors,
        nodes: this.nodes,
      }),
    );
  }
}

const IMAGE = [1, 16, 12, 12];
const images: Batch = { x: { data: normals("images", 16 * 144), dims: IMAGE } };

interface Written {
  readonly loaded: OnnxModel;
  readonly genome: QuantizationGenome;
  readonly bytes: Uint8Array;
  readonly operators: readonly string[];
  count(opType: string): number;
}

async function write(
  build: (net: Net) => string | readonly string[],
  settings: Partial<LayerQuantConfigFields> = {},
  change: (genome: QuantizationGenome, loaded: OnnxModel) => QuantizationGenome = (one) => one,
): Promise<Written> {
  const net = new Net();
  const outputs = [build(net)].flat();
  const loaded = await loadOnnxModel(net.bytes(outputs, IMAGE));
  const genome = change(uniform(loaded, settings), loaded);
  const bytes = await quantizeOnnx(loaded, genome, { calibration: [images] });
  const operators = await optimized(bytes);
  const count = (opType: string) => operators.filter((one) => one === opType).length;
  const exact = await runModel(bytes, images, "disabled");
  expect(relativeDifference(await runModel(bytes, images, "all"), exact)).toBeLessThan(0.05);
  const float = await runModel(loaded.bytes, images);
  expect(relativeDifference(exact, float)).toBeLessThan(0.3);
  return { loaded, genome, bytes, operators, count };
}

/** Two convolutions with something between them. */
const between =
  (make: (net: Net, x: string) => string) =>
  (net: Net): string =>
    net.conv(make(net, net.conv("x", 16, 16)), 16, 16);

describe("what ONNX Runtime computes on codes", () => {
  it("every convolution of a residual net, its sums and its clamps", async () => {
    const found = await write((net) => {
      let x = net.add("Relu", [net.conv("x", 16, 16)]);
      for (let i = 0; i < 3; i++) {
        const inner = net.conv(net.add("Relu", [net.conv(x, 16, 16)]), 16, 16);
        x = net.add("Relu", [net.add("Add", [inner, x])]);
      }
      return net.conv(x, 16, 8, 1);
    });
    expect(found.count("QLinearConv")).toBe(8);
    expect(found.count("QLinearAdd")).toBe(3);
    expect(found.count("Relu")).toBe(0);
    // One rounding at the input, one way back to float at the output.
    expect([found.count("QuantizeLinear"), found.count("DequantizeLinear")]).toEqual([1, 1]);
  });

  it.each([
    ["LeakyRelu", (net: Net, x: string) => net.add("LeakyRelu", [x]), "QLinearLeakyRelu"],
    ["Sigmoid", (net: Net, x: string) => net.add("Sigmoid", [x]), "QLinearSigmoid"],
    ["SiLU", (net: Net, x: string) => net.silu(x), "QuickGelu"],
    ["Gelu", (net: Net, x: string) => net.gelu(x), "Gelu"],
    ["HardSwish", (net: Net, x: string) => net.hardSwish(x), "QLinearMul"],
    ["HardSigmoid", (net: Net, x: string) => net.add("HardSigmoid", [x]), "QLinearAdd"],
    ["MaxPool", (net: Net, x: string) => net.add("MaxPool", [x], POOL), "NhwcMaxPool"],
  ] as const)("%s between convolutions", async (_, make, kernel) => {
    const found = await write(between(make));
    expect(found.count("QLinearConv")).toBe(2);
    expect(found.operators).toContain(kernel);
    for (const name of ["Erf", "Clip", "HardSigmoid", "MaxPool", "Sigmoid", "LeakyRelu"])
      expect(found.operators).not.toContain(name);
  });

  const POOL = { kernel_shape: [2, 2], strides: [2, 2] };

  it("a clamp that rounding does not do stands by itself, between roundings", async () => {
    const clipped = await write(
      between((net, x) => net.add("Clip", [x, net.number(0), net.number(0.5)])),
    );
    expect([clipped.count("QLinearConv"), clipped.count("Clip")]).toEqual([2, 0]);
    const symmetric = await write(
      between((net, x) => net.add("Relu", [x])),
      {
        activationScheme: "symmetric",
      },
    );
    expect([symmetric.count("QLinearConv"), symmetric.count("Relu")]).toEqual([2, 1]);
  });

  it("Concat, with one range for all that goes in and comes out", async () => {
    const found = await write((net) => {
      const a = net.conv("x", 16, 8);
      const b = net.add("Relu", [net.conv("x", 16, 8)]);
      return net.conv(net.add("Concat", [a, b], { axis: 1 }), 16, 4);
    });
    expect([found.count("QLinearConcat"), found.count("QLinearConv")]).toEqual([1, 3]);
    const { graph } = decodeModel(found.bytes);
    const scales = ["v0_scale", "v2_scale", "v3_scale"].map(
      (name) => graph.initializer.find((tensor) => tensor.name === name)!.rawData,
    );
    expect(scales[1]).toEqual(scales[0]);
    expect(scales[2]).toEqual(scales[0]);
  });

  it("what moves codes, and the mean over places", async () => {
    const found = await write((net) => {
      const c = net.add("Relu", [net.conv("x", 16, 16)]);
      const gate = net.add("Sigmoid", [net.conv(net.add("GlobalAveragePool", [c]), 16, 16, 1)]);
      const scaled = net.add("Mul", [c, gate]);
      const turned = net.add("Transpose", [scaled], { perm: [0, 1, 3, 2] });
      return net.conv(turned, 16, 4);
    });
    expect(found.count("QLinearConv")).toBe(3);
    expect(found.operators).toContain("QLinearGlobalAveragePool");
    expect(found.operators).toContain("QLinearMul");
    expect([found.count("QuantizeLinear"), found.count("DequantizeLinear")]).toEqual([1, 1]);
  });

  it("no operator whose integer kernel is slow, though codes go in and come out", async () => {
    const found = await write((net) => {
      const a = net.add("AveragePool", [net.conv("x", 16, 16)], POOL);
      return net.conv(net.add("Softmax", [net.conv(a, 16, 16)], { axis: -1 }), 16, 16);
    });
    expect(found.count("QLinearConv")).toBe(3);
    expect(found.operators).not.toContain("QLinearAveragePool");
    expect(found.operators).not.toContain("QLinearSoftmax");
  });

  it("no MaxPool behind a float operator, where codes lie channels first", async () => {
    const found = await write((net) => {
      const float = net.add("Tanh", [net.conv("x", 16, 16)]);
      return net.conv(net.add("MaxPool", [float], POOL), 16, 16);
    });
    expect(found.operators).toContain("MaxPool");
    expect(found.operators).not.toContain("NhwcMaxPool");
    const { graph } = decodeModel(found.bytes);
    const pool = graph.node.find(({ opType }) => opType === "MaxPool")!;
    const reader = graph.node.find(({ input }) => input.includes(pool.output[0]!))!;
    expect(reader.opType).toBe("Max");
  });

  it("a first convolution of three channels stays in float, unless it feeds a MaxPool", async () => {
    const first = (pool: boolean) => (net: Net) => {
      const narrow = net.add("Slice", [
        "x",
        ...[[0], [3], [1]].map((at) => {
          const name = `s${net.tensors.length}`;
          net.tensors.push(int64(name, at));
          return name;
        }),
      ]);
      const c = net.add("Relu", [net.conv(narrow, 3, 16)]);
      return net.conv(pool ? net.add("MaxPool", [c], POOL) : c, 16, 16);
    };
    const float = await write(first(false));
    expect([float.count("QLinearConv"), float.operators.includes("Conv")]).toEqual([1, true]);
    const pooled = await write(first(true));
    expect([pooled.count("QLinearConv"), pooled.count("NhwcMaxPool")]).toEqual([2, 1]);
  });

  it("products with rows added, alone, fused and in chains", async () => {
    const found = await write((net) => {
      const flat = net.add("Flatten", [net.conv("x", 16, 8)]);
      const row = (name: string, columns: number) =>
        net.add("Add", [name, net.store([columns], 0.5)]);
      const product = (name: string, rows: number, columns: number) =>
        net.add("MatMul", [name, net.store([rows, columns], 1 / Math.sqrt(rows))]);
      const a = net.add("Relu", [row(product(flat, 8 * 144, 160), 160)]);
      const b = net.add("Tanh", [row(product(a, 160, 200), 200)]);
      const gemm = (name: string, rows: number, columns: number) =>
        net.add("Gemm", [name, net.store([rows, columns], 0.1), net.store([columns])]);
      const c = net.add("Sigmoid", [gemm(b, 200, 180)]);
      const d = gemm(c, 180, 170);
      const e = net.add("LeakyRelu", [gemm(d, 170, 190)]);
      return net.add("Unsqueeze", [e, axes(net, [2, 3])]);
    });
    const gemms = found.count("QGemm");
    const products = found.count("QLinearMatMul") + found.count("MatMulIntegerToFloat");
    expect(gemms + products).toBe(5);
    for (const op of ["Gemm", "FusedGemm", "MatMul"]) expect(found.operators).not.toContain(op);
  });

  it("values that are returned or read more than once, all rounded once", async () => {
    const found = await write((net) => {
      const c = net.conv("x", 16, 16);
      const s = net.silu(c);
      const d = net.conv(s, 16, 16);
      return [net.add("Add", [d, s]), c, s];
    });
    expect(found.count("QLinearConv")).toBe(2);
    const { graph } = decodeModel(found.bytes);
    expect(graph.output.map(({ name }) => name)).toEqual(found.loaded.outputs.map((o) => o.name));
  });
});

const int64 = (name: string, values: readonly number[]): TensorProto => {
  const tensor = weights(name, [values.length]);
  tensor.dataType = 7;
  tensor.rawData = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  return tensor;
};

function axes(net: Net, values: readonly number[]): string {
  const name = `a${net.tensors.length}`;
  net.tensors.push(int64(name, values));
  return name;
}

describe("what a genome decides of the operators between layers", () => {
  const residual = (net: Net) => {
    const a = net.silu(net.conv("x", 16, 16));
    const b = net.silu(net.conv(a, 16, 16));
    return net.conv(net.add("Add", [a, b]), 16, 8);
  };

  it("a region is in float when its gene says so, and the model lists it", async () => {
    const integer = await write(residual);
    const { regions } = integer.loaded.spec;
    expect(regions).toMatchObject([
      { operators: ["SiLU", "SiLU", "Add"], layers: ["n0", "n3", "n7"], automatic: "integer" },
    ]);
    expect(integer.count("QLinearAdd")).toBe(1);
    const owner = regions![0]!.name;
    const geneValues = new Map([["regionFormat", new Map([[owner, "float"]])]]);
    const float = await write(residual, {}, (genome) => genome.with({ geneValues }));
    expect([float.count("QLinearConv"), float.count("QLinearAdd")]).toEqual([3, 0]);
    expect(float.bytes).not.toEqual(integer.bytes);
  });

  it("layers of other widths leave what they read in float, and take it as told", async () => {
    const mixed = await write(residual, {}, (genome) =>
      genome.with({
        layerConfigs: new Map(genome.layerConfigs).set(
          "n7",
          new LayerQuantConfig({ activationBits: 16 }),
        ),
      }),
    );
    expect([mixed.count("QLinearConv"), mixed.count("QLinearAdd")]).toEqual([2, 0]);
    const { graph } = decodeModel(mixed.bytes);
    const wide = graph.initializer.filter(({ dataType }) => dataType === 4 || dataType === 5);
    expect(wide).toHaveLength(1);
  });

  it("float activations leave the whole graph as it is", async () => {
    const float = await write(residual, { activationBits: 32, weightBits: 32 });
    expect(float.operators.join()).not.toMatch(/Quantize|QLinear/);
  });
});

describe("biases", () => {
  it("of channels with tiny weights, or none, do not overflow or get coarse", async () => {
    const biased = (net: Net) => {
      const c = net.conv("x", 16, 16);
      const [w, b] = net.tensors.slice(-2) as [TensorProto, TensorProto];
      const values = new Float32Array(w.rawData.slice().buffer);
      values.fill(0, 0, 144).fill(1e-12, 144, 288);
      w.rawData = new Uint8Array(values.buffer);
      const added = new Float32Array(b.rawData.slice().buffer);
      added.set([0.7, 3]);
      b.rawData = new Uint8Array(added.buffer);
      return net.conv(net.add("Relu", [c]), 16, 8);
    };
    const { loaded, bytes } = await write(biased);
    const float = await runModel(loaded.bytes, images);
    for (const level of ["disabled", "all"] as const)
      expect(relativeDifference(await runModel(bytes, images, level), float)).toBeLessThan(0.03);
  });
});

/** One step of a random graph; numbers choose operands among what is there. */
interface Step {
  readonly op: number;
  readonly a: number;
  readonly b: number;
  readonly channels: number;
}

const CHANNELS = [3, 8, 16];

/** Values of a random graph, all of 12 x 12 places. */
function grow(net: Net, steps: readonly Step[]): string[] {
  const values: { name: string; channels: number }[] = [{ name: "x", channels: 16 }];
  for (const { op, a, b, channels } of steps) {
    const from = values[a % values.length]!;
    const alike = values.filter((one) => one.channels === from.channels);
    const other = alike[b % alike.length]!;
    const to = CHANNELS[channels % CHANNELS.length]!;
    const same = (name: string) => ({ name, channels: from.channels });
    const x = from.name;
    const makes = [
      () => ({ name: net.conv(x, from.channels, to), channels: to }),
      () => ({ name: net.conv(x, from.channels, to, 1), channels: to }),
      () => same(net.conv(x, from.channels, from.channels, 3, from.channels)),
      () => same(net.add("Relu", [x])),
      () => same(net.add("Add", [x, other.name])),
      () => ({
        name: net.add("Concat", [x, other.name], { axis: 1 }),
        channels: 2 * from.channels,
      }),
      () => same(net.silu(x)),
      () => same(net.gelu(x)),
      () => same(net.hardSwish(x)),
      () => same(net.add("HardSigmoid", [x])),
      () => same(net.add("LeakyRelu", [x])),
      () => same(net.add("Sigmoid", [x])),
      () => same(net.add("Mul", [x, other.name])),
      () => same(net.add("Mul", [x, net.add("GlobalAveragePool", [other.name])])),
      () => same(net.add("MaxPool", [x], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] })),
      () => same(net.add("AveragePool", [x], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] })),
      () => same(net.add("Transpose", [x], { perm: [0, 1, 3, 2] })),
      () => same(net.add("Clip", [x, net.number(-0.3), net.number(0.8)])),
      () => same(net.add("Tanh", [x])),
      () => {
        const w = net.store([12, 12], 0.3);
        return same(net.add("Add", [net.add("MatMul", [x, w]), net.store([12], 0.2)]));
      },
    ];
    values.push(makes[op % makes.length]!());
  }
  return values.map(({ name }) => name).slice(1);
}

const step = fc.record({ op: fc.nat(99), a: fc.nat(99), b: fc.nat(99), channels: fc.nat(9) });
const fields = fc.record({
  weightBits: fc.constantFrom(2, 4, 8, 16, 32),
  activationBits: fc.constantFrom(4, 8, 8, 8, 16, 32),
  activationScheme: fc.constantFrom("symmetric", "asymmetric", "asymmetric", "power-of-two"),
  granularity: fc.constantFrom("per-tensor", "per-channel", "per-group"),
}) as fc.Arbitrary<Partial<LayerQuantConfigFields>>;

describe("random graphs", () => {
  const numRuns = Number(process.env.QUANTEVO_GRAPHS ?? 150);
  it("load at every level, and mean the same there", { timeout: 2000 * numRuns }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 2, maxLength: 12 }),
        fc.array(fields, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        async (steps, settings, flip) => {
          const net = new Net();
          const last = net.conv("x", 16, 16);
          const made = [last, ...grow(net, steps)];
          const outputs = [made.at(-1)!, made[Math.floor(made.length / 2)]!];
          const loaded = await loadOnnxModel(net.bytes([...new Set(outputs)], IMAGE));
          const layerConfigs = new Map(
            loaded.layers.map(({ name }, i) => {
              return [name, new LayerQuantConfig(settings[i % settings.length])];
            }),
          );
          const regions = (loaded.spec.regions ?? []).map(
            ({ name, automatic }) => [name, automatic === "integer" ? "float" : "integer"] as const,
          );
          const genome = uniform(loaded, {}).with({
            layerConfigs,
            calibrationMethod: "min-max",
            ...(flip && { geneValues: new Map([["regionFormat", new Map(regions)]]) }),
          });
          const bytes = await quantizeOnnx(loaded, genome, { calibration: [images] });
          const exact = await runModel(bytes, images, "disabled");
          for (const level of ["basic", "extended", "all"] as const) {
            const got = await runModel(bytes, images, level);
            expect(relativeDifference(got, exact), level).toBeLessThan(0.1);
          }
        },
      ),
      { numRuns, seed: 5 },
    );
  });
});
