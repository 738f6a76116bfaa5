import { describe, expect, it } from "vitest";
import { InvalidArgumentError, InvalidDataError } from "../../src/errors.js";
import { checkLayers } from "../../src/model/check-layers.js";
import type { LayerSpec } from "../../src/model/layer-spec.js";

const good: LayerSpec = {
  name: "a",
  kind: "matmul",
  parameterCount: 6,
  macs: 6,
  inputShape: [1, 2],
  outputShape: [1, 3],
  weights: new Float32Array(6),
  weightLayout: { shape: [2, 3], channelAxis: 1, groupAxis: 0 },
};

function failure(layers: unknown): unknown {
  try {
    checkLayers(layers as LayerSpec[]);
  } catch (error) {
    return error;
  }
  return undefined;
}

const layout = good.weightLayout!;

describe("checkLayers", () => {
  it("accepts layers with and without weights, and names that objects own", () => {
    const { weights, weightLayout, ...bare } = good;
    expect(weights?.length).toBe(weightLayout?.shape.reduce((a, b) => a * b));
    expect(() =>
      checkLayers([
        good,
        { ...bare, name: "__proto__", inputs: ["a"] },
        { ...bare, name: "constructor", inputs: ["a", "__proto__"] },
      ]),
    ).not.toThrow();
  });

  it.each<[string, unknown]>([
    ["layers", []],
    ["layers", undefined],
    ["layers.0", [null]],
    ["layers.0", [5]],
    ["layers.0.name", [{ ...good, name: "" }]],
    ["layers.0.name", [{ ...good, name: "  " }]],
    ["layers.0.name", [{ ...good, name: 3 }]],
    ["layers.1.name", [good, good]],
    ["layers.0.kind", [{ ...good, kind: "pooling" }]],
    ["layers.0.parameterCount", [{ ...good, parameterCount: -1 }]],
    ["layers.0.parameterCount", [{ ...good, parameterCount: 1.5 }]],
    ["layers.0.macs", [{ ...good, macs: Number.POSITIVE_INFINITY }]],
    ["layers.0.macs", [{ ...good, macs: Number.NaN }]],
    ["layers.0.macs", [{ ...good, macs: -1 }]],
    ["layers.0.inputShape", [{ ...good, inputShape: 4 }]],
    ["layers.0.inputShape.1", [{ ...good, inputShape: [1, -2] }]],
    ["layers.0.outputShape.0", [{ ...good, outputShape: [0.5] }]],
    ["layers.0.outputShape", [{ ...good, outputShape: [2 ** 30, 2 ** 30] }]],
    ["layers.0.inputs", [{ ...good, inputs: "a" }]],
    ["layers.0.inputs.0", [{ ...good, inputs: ["b"] }]],
    [
      "layers.0.weightLayout.channelAxis",
      [{ ...good, weightLayout: { shape: [2, 3], channelAxis: 2, groupAxis: 0 } }],
    ],
    [
      "layers.0.weightLayout.groupAxis",
      [{ ...good, weightLayout: { shape: [2, 3], channelAxis: 1, groupAxis: -1 } }],
    ],
    [
      "layers.0.weightLayout.shape",
      [{ ...good, weightLayout: { shape: [2, 4], channelAxis: 1, groupAxis: 0 } }],
    ],
    [
      "layers.0.weightLayout.order.shape",
      [{ ...good, weightLayout: { ...layout, order: { shape: [7], permutation: [0] } } }],
    ],
    [
      "layers.0.weightLayout.order.permutation",
      [{ ...good, weightLayout: { ...layout, order: { shape: [2, 3], permutation: [0, 0] } } }],
    ],
    ["layers.0.weightLayout", [{ ...good, weightLayout: undefined }]],
    ["layers.0.weights", [{ ...good, weights: new Float32Array(5) }]],
    ["layers.0.weights", [{ ...good, weights: [1, 2, 3, 4, 5, 6] }]],
  ])("names the field %s", (path, layers) => {
    const error = failure(layers);
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect((error as InvalidArgumentError).path).toBe(path);
    expect((error as InvalidArgumentError).message).toContain(path);
  });

  it("counts weights that are no numbers", () => {
    const weights = Float32Array.of(0, 1, Number.NaN, 2, Number.POSITIVE_INFINITY, 3);
    const error = failure([good, { ...good, name: "b", weights }]) as InvalidDataError;
    expect(error).toBeInstanceOf(InvalidDataError);
    expect(error.path).toBe("layers.1.weights");
    expect(error.message).toBe(
      'the weights of layer "b" hold 2 values that are NaN or infinite, the first at index 2',
    );
  });
});
