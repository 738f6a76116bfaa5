import { describe, expect, it } from "vitest";
import { loadOnnxModel } from "../../../../src/formats/onnx/read/load-onnx-model.js";
import type { NodeProto, TensorProto } from "../../../../src/formats/onnx/wire/onnx_pb.js";
import { quantizeOnnx } from "../../../../src/formats/onnx/write/quantize-onnx.js";
import { bytesOf, model, node, value, weights } from "../graph-builder.js";
import { runModel, uniform } from "../run-model.js";
import { normals } from "../small-models.js";

const stored = (name: string, dims: number[]) =>
  weights(
    name,
    dims,
    normals(
      name + dims.join(),
      dims.reduce((a, b) => a * b, 1),
    ),
  );

interface Case {
  readonly input: readonly number[];
  readonly output: readonly number[];
  /** Axis of the output's channels. */
  readonly axis: number;
  readonly nodes: readonly NodeProto[];
  readonly tensors: readonly TensorProto[];
}

const image = { input: [3, 4, 5, 5], axis: 1 } as const;
const rows = { input: [20, 6], output: [20, 5], axis: 1 } as const;

/** Without padding, so that the means are exact. */
const CASES: Readonly<Record<string, Case>> = {
  "Conv with a bias": {
    ...{ ...image, output: [3, 6, 5, 5] },
    nodes: [node("Conv", ["x", "w", "b"], ["y"])],
    tensors: [stored("w", [6, 4, 1, 1]), stored("b", [6])],
  },
  "Conv in groups, without a bias": {
    ...{ ...image, output: [3, 6, 5, 5] },
    nodes: [node("Conv", ["x", "w"], ["y"], { group: 2 })],
    tensors: [stored("w", [6, 2, 1, 1])],
  },
  "depthwise Conv": {
    ...{ ...image, output: [3, 8, 5, 5] },
    nodes: [node("Conv", ["x", "w"], ["y"], { group: 4 })],
    tensors: [stored("w", [8, 1, 1, 1])],
  },
  "ConvTranspose in groups": {
    ...{ ...image, output: [3, 6, 5, 5] },
    nodes: [node("ConvTranspose", ["x", "w", "b"], ["y"], { group: 2 })],
    tensors: [stored("w", [4, 3, 1, 1]), stored("b", [6])],
  },
  "Gemm, transposed": {
    ...rows,
    nodes: [node("Gemm", ["x", "w", "b"], ["y"], { transB: 1 })],
    tensors: [stored("w", [5, 6]), stored("b", [5])],
  },
  "MatMul and Add": {
    ...rows,
    nodes: [node("MatMul", ["x", "w"], ["p"]), node("Add", ["b", "p"], ["y"])],
    tensors: [stored("w", [6, 5]), stored("b", [5])],
  },
  "Gemm without a bias": {
    ...rows,
    nodes: [node("Gemm", ["x", "w"], ["y"])],
    tensors: [stored("w", [6, 5])],
  },
};

/** Far from zero in the mean, as what follows a ReLU is. */
const dataOf = ({ input }: Case) =>
  normals(
    "positive",
    input.reduce((a, b) => a * b, 1),
  ).map((x) => Math.abs(x) + 0.5);

/** Mean of each channel of a tensor. */
function channelMeans(values: readonly number[], { output, axis }: Case): number[] {
  const channels = output[axis]!;
  const inner = output.slice(axis + 1).reduce((a, b) => a * b, 1);
  const means = Array.from({ length: channels }, () => 0);
  values.forEach((x, i) => {
    means[Math.floor(i / inner) % channels]! += (x * channels) / values.length;
  });
  return means;
}

const worst = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));

describe("corrected biases", () => {
  for (const [title, one] of Object.entries(CASES))
    it(`give the channels of a layer of 2 bits their means back: ${title}`, async () => {
      const graph = {
        ...{ nodes: [...one.nodes], initializers: [...one.tensors] },
        inputs: [value("x", [...one.input])],
        outputs: [value("y", [...one.output])],
      };
      const loaded = await loadOnnxModel(bytesOf(model(graph)));
      const batch = { x: { data: Float32Array.from(dataOf(one)), dims: one.input } };
      const calibration = [batch];
      const expected = channelMeans(await runModel(loaded.bytes, batch), one);
      const genome = uniform(loaded, {
        ...{ weightBits: 2, activationBits: 32, granularity: "per-tensor" },
      });
      const lost = async (correctBiases: boolean, level: "disabled" | "all") => {
        const bytes = await quantizeOnnx(loaded, genome, { calibration, correctBiases });
        return worst(channelMeans(await runModel(bytes, batch, level), one), expected);
      };
      for (const level of ["disabled", "all"] as const) {
        expect(await lost(true, level), level).toBeLessThan(1e-4);
        expect(await lost(false, level), level).toBeGreaterThan(0.05);
      }
    });
});
