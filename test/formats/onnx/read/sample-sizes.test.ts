import { describe, expect, it } from "vitest";
import { loadOnnxModel, withDimensionsOf } from "../../../../src/formats/onnx/index.js";
import type { OnnxModel } from "../../../../src/formats/onnx/read/onnx-model.js";
import { TensorProto_DataType as DataType } from "../../../../src/formats/onnx/wire/onnx_pb.js";
import type { Batch } from "../../../../src/measure/batches/tensor-data.js";
import { bytesOf, type GraphParts, model, node, value, weights } from "../graph-builder.js";

const bytes = (parts: GraphParts) => bytesOf(model(parts));

/** A batch of zeros. */
function batch(shapes: Readonly<Record<string, readonly number[]>>): Batch {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, dims]) => [
      name,
      { data: new Float32Array(dims.reduce((a, b) => a * b, 1)), dims },
    ]),
  );
}

const macs = ({ layers }: OnnxModel) => layers.map((layer) => layer.macs);

/** A convolution over an image of any size. */
const detector = (dims: readonly (number | string | null)[]) =>
  bytes({
    inputs: [value("x", dims)],
    outputs: [value("y", [null, null, null, null])],
    initializers: [weights("w", [4, 3, 1, 1])],
    nodes: [node("Conv", ["x", "w"], ["y"], {}, "conv")],
  });

describe("sizes of a sample", () => {
  it.each([
    ["symbols", ["batch", 3, "height", "width"]],
    ["one symbol for several sizes", ["n", 3, "s", "s"]],
    ["no symbols", [null, 3, null, null]],
  ])("count the work on one sample: %s", async (_, dims) => {
    const without = await loadOnnxModel(detector(dims));
    expect(macs(without)).toEqual([12]);
    expect(without.notes!.join("\n")).toMatch(
      /(dimension 2 of "x".*)?taken as 1; give a batch(.*dimension 2 of "x")?/,
    );
    const sample = batch({ x: [8, 3, 20, 10] });
    for (const sized of [
      await loadOnnxModel(detector(dims), { sample }),
      withDimensionsOf(without, sample),
    ]) {
      expect(macs(sized)).toEqual([12 * 200]);
      expect(sized.layers[0]!.inputShape).toEqual([1, 3, 20, 10]);
      expect(sized.spec.layers).toBe(sized.layers);
      expect(sized.notes).toEqual([]);
    }
    expect(macs(without)).toEqual([12]);
  });

  it("share the weights with the model they are given", async () => {
    const without = await loadOnnxModel(detector(["n", 3, "h", "w"]));
    const sized = withDimensionsOf(without, batch({ x: [1, 3, 2, 2] }));
    expect(sized.layers[0]!.weights).toBe(without.layers[0]!.weights);
  });

  it("yield to dimensions that are named", async () => {
    const dims = ["n", 3, "h", "w"];
    const sample = batch({ x: [8, 3, 20, 10] });
    const both = await loadOnnxModel(detector(dims), { dimensions: { w: 7 }, sample });
    expect(macs(both)).toEqual([12 * 20 * 7]);
    expect(macs(withDimensionsOf(both, batch({ x: [1, 3, 2, 9] })))).toEqual([12 * 2 * 7]);
    const many = await loadOnnxModel(detector(dims), { dimensions: { n: 4 }, sample });
    expect(macs(many)).toEqual([4 * 12 * 200]);
  });

  const states = (first: readonly (string | null)[], state: string | null) =>
    bytes({
      inputs: [value("x", [...first, 6]), value("h", [1, state, 5])],
      outputs: [value("y", [null, null, null, null])],
      initializers: [weights("w", [1, 20, 6]), weights("r", [1, 20, 5])],
      nodes: [node("LSTM", ["x", "w", "r", "", "", "h", "h"], ["y"], { hidden_size: 5 }, "lstm")],
    });

  it("take the batch for 1 wherever its name stands", async () => {
    const sample = batch({ x: [12, 4, 6], h: [1, 4, 5] });
    const sized = await loadOnnxModel(states(["time", "batch_size"], "batch_size"), { sample });
    expect(macs(sized)).toEqual([12 * 120, 12 * 100]);
  });

  it("count one number for each sample once, and a signal in full", async () => {
    const parts = (dims: readonly (string | null)[]): GraphParts => ({
      inputs: [value("x", dims), value("n", [null], DataType.INT64)],
      outputs: [value("y", [null, null])],
      initializers: [weights("w", [4, 4])],
      nodes: [
        node("Reshape", ["x", "to"], ["r"]),
        node("MatMul", ["r", "w"], ["y"], {}, "fc"),
        node("Identity", ["n"], ["length"]),
        node("Constant", [], ["to"], { value_ints: [-1, 4] }),
      ],
    });
    const signal = await loadOnnxModel(bytes(parts(["samples"])), {
      sample: batch({ x: [400], n: [1] }),
    });
    expect(macs(signal)).toEqual([1600]);
    const tokens = await loadOnnxModel(bytes(parts([null, null])), {
      sample: batch({ x: [16, 8], n: [16] }),
    });
    expect(macs(tokens)).toEqual([2 * 16]);
  });

  it("give a shape to an input that has none", async () => {
    const bare = value("x", []);
    if (bare.type?.value.case === "tensorType") bare.type.value.value.shape = undefined;
    const parts = {
      inputs: [bare],
      outputs: [value("y", [null, null, null, null])],
      initializers: [weights("w", [4, 3, 1, 1])],
      nodes: [node("Conv", ["x", "w"], ["y"])],
    };
    const sized = await loadOnnxModel(bytes(parts), { sample: batch({ x: [2, 3, 5, 5] }) });
    expect(macs(sized)).toEqual([12 * 25]);
  });

  it("refuse what does not fit", async () => {
    const load = (sample: unknown) =>
      loadOnnxModel(detector(["n", 3, "h", "w"]), { sample: sample as Batch });
    await expect(load(3)).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "sample" });
    await expect(load(batch({ z: [1] }))).rejects.toMatchObject({
      code: "INVALID_DATA",
      path: "sample.z",
      message: 'sample: the model has no input "z"; allowed: "x"',
    });
    for (const dims of [
      [1, 3, 4],
      [1, 4, 2, 2],
      [1, 3, 0.5, 1],
    ])
      await expect(load({ x: { data: new Float32Array(1), dims } })).rejects.toMatchObject({
        code: "INVALID_DATA",
        path: "sample.x",
      });
    expect(() => withDimensionsOf({} as OnnxModel, {})).toThrow(/model is an object/);
  });
});
