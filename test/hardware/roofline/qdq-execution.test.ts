import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LayerQuantConfig } from "../../../src/genome/layer-quant-config.js";
import { QuantizationGenome } from "../../../src/genome/quantization-genome.js";
import { qdqExecution, qdqWiring } from "../../../src/hardware/roofline/qdq-execution.js";
import { RooflineCostModel } from "../../../src/hardware/roofline/roofline-cost-model.js";
import { intelVnniOnnxRuntime } from "../../../src/hardware/targets/intel-vnni-onnx-runtime.js";
import type { LayerSpec, ModelSpec } from "../../../src/model/layer-spec.js";

const CONV = ["conv", "depthwise-conv"] as const;

function conv(
  name: string,
  inputs: readonly string[],
  kind: LayerSpec["kind"] = "conv",
): LayerSpec {
  const shape = [1, 16, 8, 8];
  return {
    name,
    kind,
    parameterCount: 2304,
    macs: 147_456,
    inputShape: shape,
    outputShape: shape,
    inputs,
  };
}

function matmul(name: string, inputs: readonly string[]): LayerSpec {
  const shape = [1, 8, 64];
  return {
    name,
    kind: "matmul",
    parameterCount: 4096,
    macs: 32_768,
    inputShape: shape,
    outputShape: shape,
    inputs,
  };
}

function run(layers: readonly LayerSpec[], wants: readonly boolean[]) {
  const role = (wanted: boolean) => ({
    integer: wanted,
    format: wanted ? ("int8" as const) : ("float32" as const),
    inputFormat: wanted ? 33 : 0,
    absorbsClamp: wanted,
    quantizedWeights: wanted,
  });
  return qdqExecution(
    qdqWiring(layers, CONV),
    wants.map((wanted) => ({ role: role(wanted) })),
  );
}

const chain = [conv("a", []), conv("b", ["a"]), conv("c", ["b"]), conv("d", ["c"])];

describe("qdqExecution", () => {
  it(
    "runs a convolution on integers only when its readers take integers, as ONNX Runtime was " +
      "seen to do",
    () => {
      const { integer, operators } = run(chain, [true, true, true, true]);
      // The last one gives float, so it runs in float: its weights and its input are dequantized.
      expect([...integer]).toEqual([1, 1, 1, 0]);
      expect([...operators]).toEqual([1, 0, 0, 2]);
      expect([...run(chain, [true, true, false, true]).integer]).toEqual([1, 0, 0, 0]);
      expect([...run(chain, [false, false, false, false]).operators]).toEqual([0, 0, 0, 0]);
    },
  );

  it("has matrix products read integers and write float, a shared input quantized once", () => {
    const layers = [
      matmul("e", []),
      matmul("q", ["e"]),
      matmul("k", ["e"]),
      matmul("v", ["e"]),
      matmul("o", ["q", "k", "v"]),
    ];
    const { integer, operators } = run(layers, [true, true, true, true, true]);
    expect([...integer]).toEqual([1, 1, 1, 1, 1]);
    expect([...operators]).toEqual([1, 1, 0, 0, 1]);
  });

  it("computes in float before an addition, a pool or an operator that follows", () => {
    const residual = [conv("a", []), conv("b", ["a"]), conv("c", ["a", "b"]), conv("d", ["c"])];
    // a is read by b, and by an addition; b by the addition.
    expect([...run(residual, [true, true, true, true]).integer]).toEqual([0, 0, 1, 0]);
    const pooled = [
      conv("a", []),
      { ...conv("b", ["a"]), inputShape: [1, 16, 4, 4] },
      conv("c", ["b"]),
    ];
    expect(run(pooled, [true, true, true]).integer[0]).toBe(0);
    const followed = [{ ...conv("a", []), followedBy: ["HardSwish"] }, conv("b", ["a"])];
    expect(run(followed, [true, true]).integer[0]).toBe(0);
  });

  it(
    "quantizes and dequantizes for quantized layers only, and counts what quantizes their " +
      "inputs once",
    () => {
      fc.assert(
        fc.property(
          fc.array(fc.tuple(fc.boolean(), fc.boolean(), fc.nat(5), fc.nat(5)), {
            minLength: 1,
            maxLength: 12,
          }),
          (rows) => {
            const layers = rows.map(([isConv, , first, second], i) => {
              const inputs = i === 0 ? [] : [...new Set([`l${first % i}`, `l${second % i}`])];
              return isConv
                ? conv(`l${i}`, inputs)
                : { ...conv(`l${i}`, inputs), kind: "gemm" as const };
            });
            const wants = rows.map(([, wanted]) => wanted);
            const { integer, operators, operatorBytes, quantizedInputs } = run(layers, wants);
            layers.forEach((_, i) => {
              const quantized = quantizedInputs[i];
              expect(operators[i]).toBeGreaterThanOrEqual(quantized === undefined ? 0 : 1);
              expect(operatorBytes[i]).toBeGreaterThanOrEqual(quantized?.bytes ?? 0);
              expect(operators[i] === 0).toBe(operatorBytes[i] === 0);
              if (!wants[i]) expect([integer[i], operators[i]]).toEqual([0, 0]);
              // What runs on integers reads integers: quantized before it, or written so by its
              // producer.
              if (integer[i] === 0 && wants[i]) expect(operators[i]).toBeGreaterThanOrEqual(2);
            });
          },
        ),
      );
    },
  );

  it("takes the layer before as the input of a layer that names none", () => {
    const bare = chain.map(({ inputs: _inputs, ...layer }) => layer);
    expect(run(bare, [true, true, true, true])).toEqual(run(chain, [true, true, true, true]));
  });
});

describe("the ONNX Runtime profile", () => {
  const costs = new RooflineCostModel(intelVnniOnnxRuntime);
  const model: ModelSpec = { name: "chain", source: "user", layers: chain };
  const cost = (int8: string, spec = model) =>
    costs.estimate(
      spec,
      new QuantizationGenome({
        layerConfigs: new Map(
          spec.layers.map(({ name }) => {
            const bits = int8.includes(name) ? 8 : 32;
            return [name, new LayerQuantConfig({ weightBits: bits, activationBits: bits })];
          }),
        ),
      }),
    );

  it("finds small layers with conversions between slower in INT8 than in float32", () => {
    expect(cost("bd").latencyMs).toBeGreaterThan(cost("").latencyMs);
    const depthwise = chain.map((layer) => ({ ...layer, kind: "depthwise-conv" as const }));
    const spec: ModelSpec = { ...model, layers: depthwise };
    expect(cost("ac", spec).latencyMs).toBeGreaterThan(3 * cost("", spec).latencyMs);
  });

  it("finds a large matrix product faster in INT8", () => {
    const large = { ...matmul("a", []), parameterCount: 1 << 20, macs: 1 << 27 };
    const spec: ModelSpec = { name: "large", source: "user", layers: [large] };
    expect(cost("a", spec).latencyMs).toBeLessThan(0.7 * cost("", spec).latencyMs);
  });

  it("sums layers, conversions and the operators around layers that are not fused", () => {
    for (const int8 of ["", "abcd", "bd", "a"]) {
      const estimate = cost(int8);
      const sum = estimate.layers.reduce((ms, layer) => ms + layer.latencyMs, 0);
      expect(sum + intelVnniOnnxRuntime.overheadPerGraphUs.value / 1e3).toBeCloseTo(
        estimate.latencyMs,
        12,
      );
    }
    // a is quantized by nobody else, and runs in float for b: all three operators are its own.
    const sides = { fromFormat: "int8", toFormat: "float32", bytes: 0, latencyMs: 0, energyMj: 0 };
    expect(cost("a").conversions).toEqual([{ ...sides, from: "a", to: "b" }]);
    const back = { from: "c", to: "d", fromFormat: "float32", toFormat: "int8", bytes: 5 * 1024 };
    expect(cost("abd").conversions).toEqual([
      { ...sides, from: "b", to: "c" },
      expect.objectContaining(back),
    ]);
    // An operator's overhead, and its bytes.
    const { overheadUs, bandwidthGBs } = intelVnniOnnxRuntime.conversion!;
    const backMs = overheadUs.value / 1e3 + (5 * 1024) / (bandwidthGBs.value * 1e6);
    expect(cost("abd").conversions?.[1]?.latencyMs).toBeCloseTo(backMs, 12);
  });
});
