import { describe, expect, it } from "vitest";
import { loadOnnxModel, onnxRuntimeCostModel } from "../../../../src/formats/onnx/index.js";
import type { OnnxModel } from "../../../../src/formats/onnx/read/onnx-model.js";
import {
  type NodeProto,
  type TensorProto,
  TensorProto_DataType,
} from "../../../../src/formats/onnx/wire/onnx_pb.js";
import { LayerQuantConfig } from "../../../../src/genome/layer-quant-config.js";
import { QuantizationGenome } from "../../../../src/genome/quantization-genome.js";
import { costModelFor } from "../../../../src/hardware/index.js";
import { bytesOf, graph, model, node, value, weights } from "../graph-builder.js";

const FLOAT = new LayerQuantConfig({ weightBits: 32, activationBits: 32 });
const INT8 = new LayerQuantConfig({ weightBits: 8, activationBits: 8 });

const genome = ({ layers }: OnnxModel, pick: (index: number) => LayerQuantConfig) =>
  new QuantizationGenome({ layerConfigs: new Map(layers.map(({ name }, i) => [name, pick(i)])) });

/** Six 3x3 convolutions of `channels`, each with what `between` puts behind it. */
function chain(
  channels: number,
  between: (x: string, y: string, i: number) => NodeProto[] = (x, y) => [node("Relu", [x], [y])],
): Promise<OnnxModel> {
  const nodes: NodeProto[] = [];
  const initializers: TensorProto[] = [];
  for (let i = 0; i < 6; i++) {
    initializers.push(weights(`w${i}`, [channels, channels, 3, 3]));
    const pads = [1, 1, 1, 1];
    nodes.push(node("Conv", [`x${i}`, `w${i}`], [`h${i}`], { pads }, `conv${i}`));
    nodes.push(...between(`h${i}`, `x${i + 1}`, i));
  }
  const parts = {
    inputs: [value("x0", [1, channels, 32, 32])],
    outputs: [value("x6", [null, null, null, null])],
    initializers,
    nodes,
  };
  return loadOnnxModel(bytesOf(model(parts)));
}

function latency(loaded: OnnxModel, pick: (index: number) => LayerQuantConfig): number {
  return onnxRuntimeCostModel(loaded).estimate(loaded.spec, genome(loaded, pick)).latencyMs;
}

describe("onnxRuntimeCostModel", () => {
  it("makes integers cheaper where convolutions are wide, and the more the more there are", async () => {
    const wide = await chain(64);
    const share = (count: number) => latency(wide, (i) => (i < count ? INT8 : FLOAT));
    const times = [0, 1, 2, 3, 4, 5, 6].map(share);
    expect(times[0]! / times[6]!).toBeGreaterThan(2);
    for (let i = 2; i <= 6; i++) expect(times[i]!).toBeLessThan(times[i - 1]!);
  });

  it("costs conversions where integers meet floats", async () => {
    const wide = await chain(64);
    const halves = latency(wide, (i) => (i < 3 ? INT8 : FLOAT));
    const alternating = latency(wide, (i) => (i % 2 === 0 ? INT8 : FLOAT));
    expect(alternating).toBeGreaterThan(halves);
  });

  it("says that integers are slower where operators without kernels lie between", async () => {
    const float = (x: string, y: string) => [node("Elu", [x], [y])];
    const small = await chain(4, float);
    expect(latency(small, () => INT8)).toBeGreaterThan(latency(small, () => FLOAT));
  });

  it("lets weights of few bits beside floats cost what float costs", async () => {
    const wide = await chain(32);
    const w4 = new LayerQuantConfig({ weightBits: 4, activationBits: 32 });
    expect(latency(wide, () => w4)).toBe(latency(wide, () => FLOAT));
    const w4a8 = new LayerQuantConfig({ weightBits: 4, activationBits: 8 });
    expect(latency(wide, () => w4a8)).toBe(latency(wide, () => INT8));
    const a16 = new LayerQuantConfig({ weightBits: 8, activationBits: 16 });
    expect(latency(wide, () => a16)).toBeGreaterThan(latency(wide, () => FLOAT));
  });

  it("adds residual values within a float convolution, not on codes", async () => {
    const withSum = (x: string, y: string, i: number) =>
      i === 0 ? [node("Relu", [x], [y])] : [node("Add", [x, `x${i}`], [y])];
    const [plain, residual] = [await chain(64), await chain(64, withSum)];
    const cost = (model: OnnxModel, config: LayerQuantConfig) => latency(model, () => config);
    expect(cost(residual, FLOAT) / cost(plain, FLOAT)).toBeLessThan(1.05);
    expect(cost(residual, INT8) / cost(plain, INT8)).toBeGreaterThan(1.05);
  });

  it("lays values out anew where float convolutions meet other operators", async () => {
    const stays = (x: string, y: string) => [node("Sigmoid", [x], [y])];
    const leaves = (x: string, y: string) => [node("Softplus", [x], [y])];
    const [blocked, plain] = [await chain(64, stays), await chain(64, leaves)];
    // 65,536 values, back and forth.
    const more = latency(plain, () => FLOAT) - latency(blocked, () => FLOAT);
    expect(more).toBeGreaterThan((6 * 65_536 * 0.1) / 1e6);
  });

  it("counts a normalization of nine operators as one", async () => {
    const size = [1, 64, 256];
    const normalized = (root: string) => {
      const sub = [
        node("ReduceMean", ["h"], ["m"], { axes: [-1] }),
        node("Sub", ["h", "m"], ["d"]),
      ];
      const square = [node("Pow", ["d", "two"], ["q"]), node("ReduceMean", ["q"], ["v"])];
      const rest = [
        node("Add", ["v", "eps"], ["e"]),
        node(root, ["e"], ["r"]),
        node("Div", ["d", "r"], ["n"]),
        node("Mul", ["n", "gain"], ["g"]),
        node("Add", ["g", "shift"], ["y"]),
      ];
      return loadOnnxModel(
        bytesOf(
          model({
            ...{ inputs: [value("x", size)], outputs: [value("y", size)] },
            initializers: [
              weights("w", [256, 256]),
              ...["two", "eps"].map((name) => weights(name, [1])),
              ...["gain", "shift"].map((name) => weights(name, [256])),
            ],
            nodes: [node("MatMul", ["x", "w"], ["h"]), ...sub, ...square, ...rest],
          }),
        ),
      );
    };
    const [fused, apart] = [await normalized("Sqrt"), await normalized("Exp")];
    expect(latency(fused, () => FLOAT)).toBeLessThan(latency(apart, () => FLOAT) - 0.002);
  });

  it("counts layers in branches, in float whatever the genome says", async () => {
    const branch = (name: string) =>
      graph({
        nodes: [node("MatMul", ["x", "w"], [name])],
        outputs: [value(name, [16, 512])],
      });
    const nodes = (inBranch: boolean) => [
      node("MatMul", ["x", "v"], ["h"]),
      inBranch
        ? node("If", ["c"], ["i"], { then_branch: branch("t"), else_branch: branch("e") })
        : node("MatMul", ["x", "w"], ["i"]),
      node("Add", ["h", "i"], ["y"]),
    ];
    const [inside, outside] = await Promise.all(
      [true, false].map((inBranch) =>
        loadOnnxModel(
          bytesOf(
            model({
              inputs: [value("x", [16, 512]), value("c", [], TensorProto_DataType.BOOL)],
              outputs: [value("y", [16, 512])],
              initializers: [weights("w", [512, 512]), weights("v", [512, 512])],
              nodes: nodes(inBranch),
            }),
          ),
        ),
      ),
    );
    const float = latency(inside!, () => FLOAT);
    expect(float / latency(outside!, () => FLOAT)).toBeCloseTo(1, 1);
    const weightsOnly = latency(inside!, (i) => (inside!.layers[i]!.name === "v" ? FLOAT : INT8));
    expect(weightsOnly).toBeCloseTo(float, 6);
  });

  it("scales with a measured float time and with the batch", async () => {
    const wide = await chain(32);
    const floats = genome(wide, () => FLOAT);
    const scaled = onnxRuntimeCostModel(wide, { floatMs: 7 });
    expect(scaled.estimate(wide.spec, floats).latencyMs).toBeCloseTo(7, 10);
    const int8 = genome(wide, () => INT8);
    const plain = onnxRuntimeCostModel(wide);
    const ratio =
      plain.estimate(wide.spec, int8).latencyMs / plain.estimate(wide.spec, floats).latencyMs;
    expect(scaled.estimate(wide.spec, int8).latencyMs / 7).toBeCloseTo(ratio, 10);
    const eight = onnxRuntimeCostModel(wide, { batch: 8 });
    const growth =
      eight.estimate(wide.spec, floats).latencyMs / plain.estimate(wide.spec, floats).latencyMs;
    expect(growth).toBeGreaterThan(6);
    expect(growth).toBeLessThan(8);
  });

  it("adds up: layers, energy and memory as the device has them", async () => {
    const wide = await chain(32);
    const cost = onnxRuntimeCostModel(wide);
    const device = costModelFor("intel-vnni", { device: "onnx-runtime-qdq" });
    for (const config of [FLOAT, INT8]) {
      const estimate = cost.estimate(
        wide.spec,
        genome(wide, () => config),
      );
      const sum = estimate.layers.reduce((total, layer) => total + layer.latencyMs, 0);
      expect(sum).toBeLessThanOrEqual(estimate.latencyMs);
      expect(sum).toBeGreaterThan(0.9 * estimate.latencyMs);
      expect(estimate.layers.map(({ name }) => name)).toEqual(wide.layers.map(({ name }) => name));
      const energy = estimate.layers.reduce((total, layer) => total + layer.energyMj, 0);
      expect(energy).toBeGreaterThan(0);
      expect(energy).toBeLessThanOrEqual(estimate.energyMj * (1 + 1e-9));
      const base = device.estimate(
        wide.spec,
        genome(wide, () => config),
      );
      expect(estimate.memoryFootprintMb).toBe(base.memoryFootprintMb);
      expect(estimate.kind).toBe("predicted");
      expect(estimate.source).toMatch(/ONNX Runtime 1\.30/);
    }
    expect(cost.target).toBe("intel-vnni");
    expect(cost.supports(wide.layers[0]!, INT8)).toEqual(device.supports(wide.layers[0]!, INT8));
  });

  it("refuses other models and options", async () => {
    const wide = await chain(8);
    const other = await loadOnnxModel(
      bytesOf(
        model({
          inputs: [value("x", [1, 4])],
          outputs: [value("y", [null, null])],
          initializers: [weights("w", [4, 4])],
          nodes: [node("MatMul", ["x", "w"], ["y"])],
        }),
      ),
    );
    const cost = onnxRuntimeCostModel(wide);
    expect(() =>
      cost.estimate(
        other.spec,
        genome(other, () => INT8),
      ),
    ).toThrow(/model has 1 layers; allowed: the spec of test/);
    expect(() => onnxRuntimeCostModel(wide, { floatMs: 0 })).toThrow(/floatMs is 0; allowed/);
    expect(() => onnxRuntimeCostModel(wide, { batch: 0 })).toThrow(/batch is 0/);
    expect(() => onnxRuntimeCostModel({} as OnnxModel)).toThrow(/model is an object/);
  });
});
