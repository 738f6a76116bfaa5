import { describe, expect, it } from "vitest";
import { loadOnnxModel } from "../../../../src/formats/onnx/read/load-onnx-model.js";
import {
  TensorProto_DataType as DataType,
  type GraphProto,
  type NodeProto,
  type TensorProto,
} from "../../../../src/formats/onnx/wire/onnx_pb.js";
import type { Batch } from "../../../../src/measure/batches/tensor-data.js";
import { expectAgreement } from "../agreement.js";
import { bytesOf, graph, integers, model, node, value, weights } from "../graph-builder.js";
import { normals, normalWeights } from "../small-models.js";

const inputs = [value("x", ["n", 16]), value("c", [], DataType.BOOL)];
const outputs = [value("y", [null, 8])];
const batch = (c: boolean): Batch => ({
  x: { data: normals("bodies", 64), dims: [4, 16] },
  c: { data: Uint8Array.of(c ? 1 : 0), dims: [] },
});
const renamed = (tensor: TensorProto, name: string) => ({ ...tensor, name });

function body(
  nodes: readonly NodeProto[],
  output: string,
  initializers: readonly TensorProto[] = [],
): GraphProto {
  return graph({ nodes, initializers, outputs: [value(output, [null, 8])] });
}

function branching(then: GraphProto, other: GraphProto, initializers: TensorProto[] = []) {
  return bytesOf(
    model({
      ...{ inputs, outputs, initializers, opset: 17 },
      nodes: [node("If", ["c"], ["y"], { then_branch: then, else_branch: other }, "choice")],
    }),
  );
}

/** Both branches compute as before, and what they store are layers. */
async function expectBoth(bytes: Uint8Array, layers: readonly number[]) {
  for (const taken of [true, false]) {
    const loaded = await expectAgreement(bytes, batch(taken));
    expect(loaded.layers.map(({ parameterCount }) => parameterCount).sort()).toEqual(
      [...layers].sort(),
    );
    expect(loaded.bindings.every(({ nested }) => nested !== undefined)).toBe(true);
    expect(loaded.notes!.join("\n")).toMatch(/in the body of an If, Loop or Scan/);
  }
}

describe("weights in bodies", () => {
  it("of If are layers: initializers, Constant nodes, names that both branches use", async () => {
    const then = body([node("MatMul", ["x", "w"], ["t"])], "t", [normalWeights("w", [16, 8])]);
    const other = body(
      [
        node("Constant", [], ["w"], { value: normalWeights("other", [16, 8]) }),
        node("MatMul", ["x", "w"], ["m"]),
        node("Relu", ["m"], ["e"]),
      ],
      "e",
    );
    await expectBoth(branching(then, other), [128, 128]);
  });

  it("that both branches store or compute alike are one layer", async () => {
    const same = normalWeights("same", [16, 8]);
    const flat = normalWeights("flat", [16 * 8]);
    const branch = (name: string) =>
      body(
        [
          node("Constant", [], [`${name}shape`], { value: integers("s", [16, 8]) }),
          node("Reshape", ["flat", `${name}shape`], [`${name}v`]),
          node("MatMul", ["x", `${name}w`], [`${name}a`]),
          node("MatMul", ["x", `${name}v`], [`${name}b`]),
          node(name === "t" ? "Add" : "Mul", [`${name}a`, `${name}b`], [name]),
        ],
        name,
        [renamed(same, `${name}w`)],
      );
    await expectBoth(branching(branch("t"), branch("e"), [flat]), [128, 128]);
  });

  it("are found behind Slice, Concat and Transpose, in bodies inside bodies", async () => {
    const inner = (name: string, first: string, second: string) =>
      body(
        [
          node("Constant", [], [`${name}0`], { value: integers("a", [0]) }),
          node("Constant", [], [`${name}4`], { value: integers("b", [4]) }),
          node("Constant", [], [`${name}8`], { value: integers("d", [8]) }),
          node("Slice", ["rows", `${name}0`, `${name}4`], [`${name}lo`]),
          node("Slice", ["rows", `${name}4`, `${name}8`], [`${name}hi`]),
          node("Concat", [`${name}${first}`, `${name}${second}`], [`${name}w`], { axis: 0 }),
          node("Transpose", [`${name}w`], [`${name}t`], { perm: [1, 0] }),
          node("MatMul", ["x", `${name}t`], [name]),
        ],
        name,
      );
    const then = body(
      [
        node("ReduceSum", ["x"], ["s"], { keepdims: 0 }),
        node("Greater", ["s", "zero"], ["g"]),
        node("If", ["g"], ["t"], {
          then_branch: inner("p", "lo", "hi"),
          else_branch: inner("q", "hi", "lo"),
        }),
      ],
      "t",
      [normalWeights("rows", [8, 16]), weights("zero", [], [0])],
    );
    const other = body([node("MatMul", ["x", "w"], ["e"])], "e", [normalWeights("w", [16, 8])]);
    await expectBoth(branching(then, other), [128, 128, 128]);
  });

  it("of Loop and Scan are layers, each step counted", async () => {
    const step = graph({
      inputs: [value("i", [], DataType.INT64), value("go", [], DataType.BOOL), value("h", [4, 16])],
      initializers: [normalWeights("w", [16, 16])],
      nodes: [
        node("Identity", ["go"], ["on"]),
        node("MatMul", ["h", "w"], ["m"], {}, "recurrence"),
        node("Tanh", ["m"], ["next"]),
      ],
      outputs: [value("on", [], DataType.BOOL), value("next", [4, 16]), value("m", [4, 16])],
    });
    const scan = graph({
      inputs: [value("state", [4, 16]), value("row", [4, 16])],
      nodes: [
        node("Add", ["state", "row"], ["sum"]),
        node("MatMul", ["sum", "v"], ["p"], {}, "projection"),
        node("Identity", ["sum"], ["kept"]),
      ],
      outputs: [value("kept", [4, 16]), value("p", [4, 8])],
    });
    const bytes = bytesOf(
      model({
        ...{ inputs, outputs: [value("y", [4, 8])], opset: 17 },
        initializers: [
          integers("three", [3], []),
          weights("seed", [4, 16], normals("seed", 64)),
          normalWeights("v", [16, 8]),
        ],
        nodes: [
          node("Loop", ["three", "c", "seed"], ["last", "all"], { body: step }),
          node("Scan", ["last", "all"], ["end", "rows"], { body: scan, num_scan_inputs: 1 }),
          node("ReduceMean", ["rows"], ["y"], { axes: [0], keepdims: 0 }),
        ],
      }),
    );
    const loaded = await expectAgreement(bytes, batch(true));
    expect(loaded.layers.map(({ name, macs }) => [name, macs])).toEqual([
      ["recurrence", 3 * 4 * 16 * 16],
      // How many rows a Loop gives is not known before it ran.
      ["projection", 4 * 16 * 8],
    ]);
    expect(loaded.layers[1]!.inputs).toEqual(["recurrence"]);
  });

  it("stay where folding is off, and where an output of the body is stored; both are noted", async () => {
    const then = body([node("MatMul", ["x", "w"], ["t"])], "t", [normalWeights("w", [16, 32])]);
    const other = body([], "fixed", [normalWeights("fixed", [16, 32])]);
    const head = [
      node("If", ["c"], ["i"], { then_branch: then, else_branch: other }),
      node("Transpose", ["v"], ["vt"], { perm: [1, 0] }),
      node("MatMul", ["i", "vt"], ["y"]),
    ];
    const bytes = bytesOf(
      model({ inputs, outputs, initializers: [normalWeights("v", [8, 32])], nodes: head }),
    );
    const off = await loadOnnxModel(bytes, { fold: false });
    expect(off.layers).toHaveLength(1);
    expect(off.notes!.join("\n")).toMatch(/"w" \[16, 32\], read by MatMul node 0 in then_branch/);
    const on = await loadOnnxModel(bytes);
    expect(on.layers.map(({ parameterCount }) => parameterCount)).toEqual([512, 256]);
    expect(on.notes!.join("\n")).toMatch(/"fixed" \[16, 32\]/);
  });
});

describe("work in branches", () => {
  const head = normalWeights("w", [16, 8]);
  const use = (name: string, times: number) =>
    body(
      [
        ...Array.from({ length: times }, (_, i) => node("MatMul", ["x", "w"], [`${name}${i}`])),
        node(
          "Sum",
          Array.from({ length: times }, (_, i) => `${name}${i}`),
          [name],
        ),
      ],
      name,
    );

  it("of one layer is that of the branch that does most", async () => {
    const [layer] = (await loadOnnxModel(branching(use("t", 3), use("e", 1), [head]))).layers;
    expect(layer!.macs).toBe(3 * 16 * 8);
  });

  it("adds to the work outside of them", async () => {
    const bytes = bytesOf(
      model({
        ...{ inputs, outputs, initializers: [head] },
        nodes: [
          node("If", ["c"], ["i"], { then_branch: use("t", 1), else_branch: use("e", 2) }),
          node("MatMul", ["x", "w"], ["m"]),
          node("Add", ["m", "i"], ["y"]),
        ],
      }),
    );
    const loaded = await expectAgreement(bytes, batch(true));
    expect(loaded.layers[0]!.macs).toBe(3 * 16 * 8);
    expect(loaded.bindings[0]).toMatchObject({ uses: [{ node: 1 }] });
    expect(loaded.bindings[0]!.nested).toHaveLength(3);
  });
});
