import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadOnnxModel } from "../../../../src/formats/onnx/read/load-onnx-model.js";
import { calibrateActivations } from "../../../../src/formats/onnx/session/calibrate-activations.js";
import {
  FileBytesPredictor,
  STORED_WEIGHT_BITS,
} from "../../../../src/formats/onnx/write/predict-file-bytes.js";
import { quantizeOnnx } from "../../../../src/formats/onnx/write/quantize-onnx.js";
import { LayerQuantConfig } from "../../../../src/genome/layer-quant-config.js";
import { bytesOf, model, node, value } from "../graph-builder.js";
import { uniform } from "../run-model.js";
import { normals, normalWeights } from "../small-models.js";

/** Convolutions of several sizes with ReLU between them, as large as a small network's. */
function chain() {
  const widths = [3, 32, 48, 64, 64];
  const nodes = widths.slice(1).flatMap((_, i) => {
    const input = i === 0 ? "x" : `r${i - 1}`;
    return [
      node("Conv", [input, `w${i}`, `b${i}`], [`c${i}`], { pads: [1, 1, 1, 1] }, `conv${i}`),
      node("Relu", [`c${i}`], [`r${i}`], {}, `relu${i}`),
    ];
  });
  return model({
    inputs: [value("x", [1, 3, 8, 8])],
    outputs: [value(`r${widths.length - 2}`, [1, 64, 8, 8])],
    initializers: widths.slice(1).flatMap((outputs, i) => {
      return [
        normalWeights(`w${i}`, [outputs, widths[i]!, 3, 3]),
        normalWeights(`b${i}`, [outputs]),
      ];
    }),
    nodes,
  });
}

const loaded = await loadOnnxModel(bytesOf(chain()));
const images = { x: { data: normals("images", 192), dims: [1, 3, 8, 8] } };
const activationRanges = await calibrateActivations(loaded, [images]);
const written = async (genome: ReturnType<typeof uniform>) =>
  (await quantizeOnnx(loaded, genome, { activationRanges })).length;

describe("FileBytesPredictor", () => {
  const predictor = new FileBytesPredictor(loaded, activationRanges, {});

  it("is exact where all layers are alike, to a few bytes of lengths", async () => {
    for (const weightBits of STORED_WEIGHT_BITS)
      for (const activationBits of [8, 16, 32] as const) {
        const genome = uniform(loaded, { weightBits, activationBits });
        const actual = await written(genome);
        expect(Math.abs(predictor.predict(genome) - actual)).toBeLessThanOrEqual(8);
      }
  });

  it("is within 1% for layers of different widths", async () => {
    const bits = fc.constantFrom(1, 1.58, 2, 3, 4, 5, 6, 8, 16, 32) as fc.Arbitrary<8>;
    await fc.assert(
      fc.asyncProperty(fc.array(bits, { minLength: 4, maxLength: 4 }), async (widths) => {
        const layerConfigs = new Map(
          loaded.layers.map(({ name }, i) => {
            return [name, new LayerQuantConfig({ weightBits: widths[i]!, activationBits: 8 })];
          }),
        );
        const genome = uniform(loaded, {}).with({ layerConfigs, calibrationMethod: "min-max" });
        const actual = await written(genome);
        expect(Math.abs(predictor.predict(genome) / actual - 1)).toBeLessThan(0.01);
      }),
      { numRuns: 40, seed: 3 },
    );
  });
});
