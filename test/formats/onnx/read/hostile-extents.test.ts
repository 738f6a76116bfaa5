import { describe, expect, it } from "vitest";
import { QuantevoError } from "../../../../src/errors.js";
import { loadOnnxModel } from "../../../../src/formats/onnx/read/load-onnx-model.js";
import type { OnnxModel } from "../../../../src/formats/onnx/read/onnx-model.js";
import { TensorProto_DataType as DataType } from "../../../../src/formats/onnx/wire/onnx_pb.js";
import { bytesOf, integers, model, node, value, weights } from "../graph-builder.js";

type Parts = Parameters<typeof model>[0];

/** A layer that every model here has besides what is odd. */
const gemm = node("MatMul", ["x", "w"], ["y"], {}, "fc");
const base = { inputs: [value("x", [1, 2])], outputs: [value("y", [1, 2])] };

function load({ initializers = [], nodes = [], ...rest }: Partial<Parts>): Promise<OnnxModel> {
  return loadOnnxModel(
    bytesOf(
      model({
        ...base,
        ...rest,
        initializers: [weights("w", [2, 2]), ...initializers],
        nodes: [gemm, ...nodes],
      }),
    ),
  );
}

async function quickly<T>(action: () => Promise<T>): Promise<T> {
  const start = performance.now();
  try {
    return await action();
  } finally {
    expect(performance.now() - start).toBeLessThan(2000);
  }
}

describe("extents that cost nothing to write", () => {
  it("beside a zero are not walked over when constants are folded", async () => {
    const huge = [2 ** 36, 1, 0];
    const { layers } = await quickly(() =>
      load({
        initializers: [weights("e", huge, []), integers("zero", [0]), weights("f", huge, [])],
        nodes: [
          node("Gather", ["e", "zero"], ["e1"], { axis: 1 }),
          node("Concat", ["e", "f"], ["e2"], { axis: 1 }),
          node("Add", ["e1", "e2"], ["e3"]),
        ],
      }),
    );
    expect(layers.map(({ name }) => name)).toEqual(["fc"]);
  });

  it("that the file declares of an Expand give no values", async () => {
    const { layers } = await load({
      initializers: [integers("s", [1, 2, 3, 4]), integers("to", [5])],
      nodes: [node("Expand", ["s", "to"], ["e"]), node("Add", ["e", "e"], ["f"])],
      valueInfo: [value("e", [], DataType.INT64)],
    });
    expect(layers).toHaveLength(1);
  });
});

describe("numbers that no operator has", () => {
  const transposed = (group: number | bigint) =>
    load({
      initializers: [weights("t", [4, 2, 3, 3])],
      nodes: [node("ConvTranspose", ["img", "t"], ["up"], { group: Number(group) }, "up")],
      inputs: [...base.inputs, value("img", [1, 4, 5, 5])],
    });

  it("as groups of ConvTranspose are refused", async () => {
    for (const group of [-3, 0, 3, 2 ** 62])
      await expect(transposed(group), String(group)).rejects.toMatchObject({
        code: "INVALID_MODEL",
        message: expect.stringContaining(`do not divide into ${group} groups`),
      });
    expect((await transposed(2)).layers[1]).toMatchObject({ outputShape: [1, 4, 7, 7] });
  });

  it("as ranks of a recurrent layer's input are refused", async () => {
    for (const dims of [[8], [8, 8], [1, 1, 8, 8], []])
      await expect(
        load({
          initializers: [weights("lw", [1, 8, 8]), weights("lr", [1, 8, 2])],
          nodes: [node("LSTM", ["seq", "lw", "lr"], ["h"], { hidden_size: 2 }, "lstm")],
          inputs: [...base.inputs, value("seq", dims)],
        }),
      ).rejects.toMatchObject({
        code: "INVALID_MODEL",
        message: expect.stringContaining("does not fit weights [1,8,8]"),
      });
  });

  it("as MACs past 2^53 are refused", async () => {
    const wide = load({
      initializers: [weights("c", [8, 8, 64, 64])],
      nodes: [node("Conv", ["img", "c"], ["o"], { pads: [32, 32, 31, 31] }, "conv")],
      inputs: [...base.inputs, value("img", [1, 8, 2 ** 18, 2 ** 18])],
    });
    await expect(wide).rejects.toBeInstanceOf(QuantevoError);
    await expect(wide).rejects.toThrow(/layer "conv" from .* MACs; allowed: whole numbers/);
  });
});
