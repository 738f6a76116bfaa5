import { describe, expect, it } from "vitest";
import { loadOnnxModel } from "../../../../src/formats/onnx/read/load-onnx-model.js";
import { placementOf } from "../../../../src/formats/onnx/write/place-tensors.js";
import { bytesOf, model, node, value } from "../graph-builder.js";
import { convNet, normalWeights, SMALL_MODELS } from "../small-models.js";

const placed = async (proto: Parameters<typeof bytesOf>[0]) =>
  placementOf(await loadOnnxModel(bytesOf(proto)));

describe("placementOf", () => {
  it("names weights, what goes into layers, and biases, by tensors of the graph", async () => {
    const { weights, activations, floats } = await placed(convNet().proto);
    expect(weights).toEqual([
      { layer: "c1", tensor: "c1.w", floatType: "float32" },
      { layer: "c2", tensor: "c2.w", floatType: "float32" },
      { layer: "fc", tensor: "fc.w", floatType: "float32" },
    ]);
    const at = (operator: string) => [{ operator, input: 0 }];
    expect(activations).toEqual([
      { tensor: "x", layer: "c1", range: "x", readers: at("c1.y") },
      { tensor: "r1", layer: "c2", range: "r1", readers: at("c2.y") },
      { tensor: "f", layer: "fc", range: "f", readers: at("y") },
    ]);
    expect(floats.map(({ role, tensor }) => [role, tensor])).toEqual([
      ["bias", "c2.b"],
      ["bias", "fc.b"],
    ]);
  });

  it("has every operand where shared weights meet an activation, and none of a look-up", async () => {
    const shared = await placed(SMALL_MODELS["shared weights"]!().proto);
    expect(shared.weights).toHaveLength(1);
    expect(shared.activations.map(({ tensor }) => tensor)).toEqual(["x", "r"]);
    const embedding = await placed(SMALL_MODELS.embedding!().proto);
    expect(embedding.activations.map(({ tensor }) => tensor)).toEqual(["e"]);
    const half = await placed(SMALL_MODELS.float16!().proto);
    expect(half.weights[0]!.floatType).toBe("float16");
  });

  it("tells the biases of recurrent nodes, and other floats from both", async () => {
    const { floats } = await placed(
      model({
        inputs: [value("x", [2, 2, 6])],
        outputs: [value("z", [2, 1, 2, 4])],
        initializers: [
          normalWeights("w", [1, 16, 6]),
          normalWeights("r", [1, 16, 4]),
          normalWeights("b", [1, 32]),
          normalWeights("scale", [1]),
        ],
        nodes: [
          node("LSTM", ["x", "w", "r", "b"], ["y"], { hidden_size: 4 }, "lstm"),
          node("Mul", ["y", "scale"], ["z"]),
        ],
      }),
    );
    expect(floats).toMatchObject([
      { role: "bias", tensor: "b", floatType: "float32" },
      { role: "other", tensor: "scale", floatType: "float32" },
    ]);
  });
});
