import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LayerQuantConfig } from "../../../src/genome/layer-quant-config.js";
import { QuantizationGenome } from "../../../src/genome/quantization-genome.js";
import { qdqExecution, qdqWiring } from "../../../src/hardware/roofline/qdq-execution.js";
import { RooflineCostModel } from "../../../src/hardware/roofline/roofline-cost-model.js";
import { intelVnniOnnxRuntime } from "../../../src/hardware/targets/intel-vnni-onnx-runtime.js";
import type { LayerSpec, ModelSpec, RegionSpec } from "../../../src/model/layer-spec.js";

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

function run(
  layers: readonly LayerSpec[],
  wants: readonly boolean[],
  regions: readonly RegionSpec[] = [],
) {
  const role = (wanted: boolean) => ({
    integer: wanted,
    format: wanted ? ("int8" as const) : ("float32" as const),
    inputFormat: wanted ? 33 : 0,
    absorbsClamp: wanted,
  });
  return qdqExecution(
    qdqWiring(layers, CONV, regions),
    wants.map((wanted) => ({ role: role(wanted) })),
  );
}

const chain = [conv("a", []), conv("b", ["a"]), conv("c", ["b"]), conv("d", ["c"])];
const region = (layers: readonly string[], automatic: RegionSpec["automatic"]): RegionSpec => ({
  name: layers.join(),
  operators: ["Add"],
  layers,
  automatic,
});

describe("qdqExecution", () => {
  it("keeps codes between integer layers, and converts at the ends and at float layers", () => {
    const { integer, operators } = run(chain, [true, true, true, true]);
    expect([...integer]).toEqual([1, 1, 1, 1]);
    // The graph's input is rounded, its output is made float.
    expect([...operators]).toEqual([1, 0, 0, 1]);
    const mixed = run(chain, [true, true, false, true]);
    expect([...mixed.integer]).toEqual([1, 1, 0, 1]);
    expect([...mixed.operators]).toEqual([1, 0, 1, 2]);
    expect([...run(chain, [false, false, false, false]).operators]).toEqual([0, 0, 0, 0]);
  });

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

  it("converts around a region in float, and not around one with integer kernels", () => {
    const residual = [conv("a", []), conv("b", ["a"]), conv("c", ["a", "b"]), conv("d", ["c"])];
    const all = [true, true, true, true];
    const without = (automatic: RegionSpec["automatic"]) => [
      ...run(residual, all, [region(["a", "b", "c"], automatic)]).operators,
    ];
    expect(without("integer")).toEqual([1, 0, 0, 1]);
    expect(without("float")).toEqual([1, 0, 2, 1]);
    // A model that lists no regions has them in float.
    expect([...run(residual, all).operators]).toEqual(without("float"));
  });

  it("leaves a convolution of few input channels in float", () => {
    const stem = { ...conv("a", []), inputShape: [1, 3, 8, 8] };
    const { integer, operators } = run([stem, conv("b", ["a"])], [true, true]);
    expect([...integer]).toEqual([0, 1]);
    expect([...operators]).toEqual([0, 2]);
  });

  it("converts for no layer that takes floats from floats", () => {
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
          layers.forEach(({ inputs = [] }, i) => {
            const quantized = quantizedInputs[i];
            expect(operators[i]).toBeGreaterThanOrEqual(quantized === undefined ? 0 : 1);
            expect(operatorBytes[i]).toBeGreaterThanOrEqual(quantized?.bytes ?? 0);
            expect(operators[i] === 0).toBe(operatorBytes[i] === 0);
            expect(integer[i]).toBe(wants[i] ? 1 : 0);
            const fed = inputs.some((name) => integer[Number(name.slice(1))] === 1);
            if (!wants[i] && !fed) expect(operators[i]).toBe(0);
          });
        },
      ),
    );
  });

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
