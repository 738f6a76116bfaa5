import { describe, expect, it } from "vitest";
import { outputError } from "../../../../src/evaluation/sensitivity/output-error.js";
import { layerInputPower, loadOnnxModel } from "../../../../src/formats/onnx/index.js";
import { bytesOf } from "../graph-builder.js";
import { convNet, SMALL_MODELS } from "../small-models.js";

describe("layerInputPower", () => {
  it("is the mean square of each channel over all batches", async () => {
    const { proto, inputs } = convNet();
    const model = await loadOnnxModel(bytesOf(proto));
    const x = inputs.x!;
    const values = x.data as Float32Array;
    const half = { x: { data: values.map((value) => value / 2), dims: x.dims } };
    const power = await layerInputPower(model, [inputs, half]);
    const [first] = model.layers;
    const samples = x.dims[0]!;
    const expected = [0, 1, 2].map((channel) => {
      let sum = 0;
      for (let s = 0; s < samples; s++)
        for (let i = 0; i < 36; i++) sum += values[(s * 3 + channel) * 36 + i]! ** 2;
      return (sum * 1.25) / (2 * samples * 36);
    });
    const found = [...power.get(first!.name)!];
    expect(found.length).toBe(3);
    for (const [i, value] of found.entries()) expect(value).toBeCloseTo(expected[i]!, 5);
    expect(power.size).toBe(3);
  });

  it.each(Object.entries(SMALL_MODELS))("fits the weights of %s", async (_, create) => {
    const { proto, inputs } = create();
    const model = await loadOnnxModel(bytesOf(proto));
    const power = await layerInputPower(model, [inputs]);
    for (const [name, values] of power) {
      expect(model.layers.some((layer) => layer.name === name)).toBe(true);
      expect(values.every((value) => value >= 0)).toBe(true);
    }
    const lossIncreases = await outputError(power).lossIncreases(model.spec, {});
    for (const lossIncrease of lossIncreases.values()) expect(lossIncrease).toBeGreaterThan(0);
  });
});
