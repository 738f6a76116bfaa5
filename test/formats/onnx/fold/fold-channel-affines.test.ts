import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldModel } from "../../../../src/formats/onnx/fold/fold-model.js";
import { loadOnnxModel } from "../../../../src/formats/onnx/index.js";
import { decodeModel } from "../../../../src/formats/onnx/wire/decode-model.js";
import type { NodeProto, TensorProto } from "../../../../src/formats/onnx/wire/onnx_pb.js";
import { Random } from "../../../../src/random/random.js";
import { bytesOf, model, node, value, weights } from "../graph-builder.js";
import { relativeDifference, runModel } from "../run-model.js";

const PRODUCTS = ["conv", "grouped", "transposed", "gemm", "gemm-transposed"] as const;
const STEPS = ["bn", "mul", "mul-scalar", "div", "add", "sub", "sub-from"] as const;
const CHANNELS = 6;

interface Case {
  readonly product: (typeof PRODUCTS)[number];
  readonly bias: boolean;
  readonly steps: readonly (typeof STEPS)[number][];
  readonly seed: number;
}

/** A product and what follows it; the value in front of step `tap`, if any, is an output too. */
function chain({ product, bias, steps, seed }: Case, tap = -1): Uint8Array {
  const random = new Random(seed);
  const draw = (dims: readonly number[], least = -1, most = 1) =>
    Float32Array.from(
      { length: dims.reduce((a, b) => a * b, 1) },
      () => least + (most - least) * random.next(),
    );
  const initializers: TensorProto[] = [];
  const store = (name: string, dims: number[], least?: number, most?: number) => {
    initializers.push(weights(name, dims, draw(dims, least, most)));
    return name;
  };
  const gemm = product.startsWith("gemm");
  const rank = gemm ? 2 : 4;
  const weightDims = {
    conv: [CHANNELS, 4, 3, 3],
    grouped: [CHANNELS, 2, 3, 3],
    transposed: [4, CHANNELS / 2, 3, 3],
    gemm: [4, CHANNELS],
    "gemm-transposed": [CHANNELS, 4],
  }[product];
  const attributes = {
    conv: {},
    grouped: { group: 2, pads: [1, 1, 1, 1] },
    transposed: { group: 2 },
    gemm: { beta: { f: 0.5 } },
    "gemm-transposed": { transB: 1 },
  }[product];
  const inputs = ["x", store("w", weightDims), ...(bias ? [store("b", [CHANNELS])] : [])];
  const operator = gemm ? "Gemm" : product === "transposed" ? "ConvTranspose" : "Conv";
  const nodes: NodeProto[] = [node(operator, inputs, ["v0"], attributes)];
  const perChannel = (name: string, least?: number, most?: number) =>
    store(name, gemm ? [CHANNELS] : [CHANNELS, 1, 1], least, most);
  for (const [i, step] of steps.entries()) {
    const [from, to] = [`v${i}`, `v${i + 1}`];
    const operand = `p${i}`;
    if (step === "bn") {
      const names = ["scale", "bias", "mean"].map((part) =>
        store(`${operand}_${part}`, [CHANNELS]),
      );
      names.push(store(`${operand}_variance`, [CHANNELS], 0.1, 2));
      nodes.push(node("BatchNormalization", [from, ...names], [to], { epsilon: { f: 1e-3 } }));
    } else if (step === "mul") nodes.push(node("Mul", [perChannel(operand), from], [to]));
    else if (step === "mul-scalar") nodes.push(node("Mul", [from, store(operand, [])], [to]));
    else if (step === "div") nodes.push(node("Div", [from, perChannel(operand, 0.5, 2)], [to]));
    else if (step === "add") nodes.push(node("Add", [from, perChannel(operand)], [to]));
    else if (step === "sub") nodes.push(node("Sub", [from, perChannel(operand)], [to]));
    else nodes.push(node("Sub", [perChannel(operand), from], [to]));
  }
  nodes.push(node("Neg", [`v${steps.length}`], ["y"]));
  const unknown = gemm ? [null, null] : [null, null, null, null];
  return bytesOf(
    model({
      inputs: [value("x", gemm ? [3, 4] : [2, 4, 5, 5])],
      outputs: [value("y", unknown), ...(tap < 0 ? [] : [value(`v${tap}`, unknown)])],
      initializers,
      nodes,
      opset: rank === 2 ? 15 : 13,
    }),
  );
}

const cases: fc.Arbitrary<Case> = fc.record({
  product: fc.constantFrom(...PRODUCTS),
  bias: fc.boolean(),
  steps: fc.array(fc.constantFrom(...STEPS), { minLength: 1, maxLength: 4 }),
  seed: fc.nat(),
});

const input = (product: Case["product"], seed: number) => {
  const random = new Random(seed);
  const dims = product.startsWith("gemm") ? [3, 4] : [2, 4, 5, 5];
  const count = dims.reduce((a, b) => a * b, 1);
  return { x: { data: Float32Array.from({ length: count }, () => random.normal()), dims } };
};

const operators = (bytes: Uint8Array) => decodeModel(bytes).graph.node.map(({ opType }) => opType);

describe("folding of channel scales and shifts", () => {
  it("leaves the product and what follows, and computes what the original does", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (one) => {
        const bytes = chain(one);
        const loaded = await loadOnnxModel(bytes);
        expect(operators(loaded.bytes)).toHaveLength(2);
        expect(loaded.proto.graph!.initializer.length).toBeLessThanOrEqual(2);
        const feeds = input(one.product, one.seed);
        const [before, after] = [await runModel(bytes, feeds), await runModel(loaded.bytes, feeds)];
        expect(relativeDifference(after, before)).toBeLessThan(2e-5);
        // Nothing is left to fold.
        const folded = decodeModel(loaded.bytes);
        expect(foldModel(folded, 13, () => undefined)).toBe(folded);
        expect(loaded.notes?.filter((note) => note.includes("folded")).length).toBeGreaterThan(0);
      }),
      { numRuns: 200 },
    );
  });

  it("keeps a value that is an output, and what lies behind it", async () => {
    const one: Case = { product: "conv", bias: false, steps: ["mul", "bn"], seed: 1 };
    const loaded = await loadOnnxModel(chain(one, 1));
    expect(operators(loaded.bytes)).toEqual(["Conv", "BatchNormalization", "Neg"]);
    const none = await loadOnnxModel(chain(one, 0));
    expect(none.bytes).toEqual(chain(one, 0));
  });

  it("can be switched off", async () => {
    const bytes = chain({ product: "conv", bias: true, steps: ["bn"], seed: 1 });
    const loaded = await loadOnnxModel(bytes, { fold: false });
    expect(loaded.bytes).toBe(bytes);
    expect(operators(loaded.bytes)).toContain("BatchNormalization");
    await expect(loadOnnxModel(bytes, { fold: 1 as never })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      path: "fold",
    });
  });

  it("leaves an operand that varies along another axis, or holds infinity", async () => {
    const build = (operand: TensorProto) =>
      bytesOf(
        model({
          inputs: [value("x", [2, 4, 5, 5])],
          outputs: [value("y", [null, null, null, null])],
          initializers: [weights("w", [6, 4, 3, 3]), operand],
          nodes: [node("Conv", ["x", "w"], ["v"]), node("Mul", ["v", "p"], ["y"])],
        }),
      );
    for (const operand of [
      weights("p", [3]),
      weights("p", [3, 1]),
      weights("p", [1, 1, 6, 1, 1]),
      weights("p", [6, 1, 1], new Array(6).fill(Number.POSITIVE_INFINITY)),
    ]) {
      const decoded = decodeModel(build(operand));
      expect(foldModel(decoded, 13, () => undefined)).toBe(decoded);
    }
  });
});
