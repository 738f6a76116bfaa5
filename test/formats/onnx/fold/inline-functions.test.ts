import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { inlineFunctions } from "../../../../src/formats/onnx/fold/inline-functions.js";
import { loadOnnxModel } from "../../../../src/formats/onnx/read/load-onnx-model.js";
import { decodeModel } from "../../../../src/formats/onnx/wire/decode-model.js";
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type FunctionProto,
  FunctionProtoSchema,
  type NodeProto,
  OperatorSetIdProtoSchema,
} from "../../../../src/formats/onnx/wire/onnx_pb.js";
import type { Batch } from "../../../../src/measure/batches/tensor-data.js";
import { expectAgreement } from "../agreement.js";
import {
  attribute,
  bytesOf,
  type GraphParts,
  graph,
  model,
  node,
  value,
  weights,
} from "../graph-builder.js";
import { normals, normalWeights } from "../small-models.js";

const DOMAIN = "test.functions";

function fn(
  name: string,
  input: string[],
  output: string[],
  nodes: NodeProto[],
  more: { attributes?: string[]; defaults?: FunctionProto["attributeProto"]; opset?: number } = {},
): FunctionProto {
  const opsetImport = [
    create(OperatorSetIdProtoSchema, { domain: "", version: BigInt(more.opset ?? 17) }),
    create(OperatorSetIdProtoSchema, { domain: DOMAIN, version: 1n }),
  ];
  return create(FunctionProtoSchema, {
    ...{ domain: DOMAIN, name, input, output, node: nodes, opsetImport },
    ...{ attribute: more.attributes ?? [], attributeProto: more.defaults ?? [] },
  });
}

function withFunctions(parts: GraphParts, functions: FunctionProto[]): Uint8Array {
  const proto = model({ ...parts, opset: 17 });
  proto.functions = functions;
  proto.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: DOMAIN, version: 1n }));
  return bytesOf(proto);
}

/** An attribute whose value is the function's attribute `given`. */
function reference(one: NodeProto, name: string, given: string): NodeProto {
  one.attribute.push(
    create(AttributeProtoSchema, {
      ...{ name, refAttrName: given, type: AttributeProto_AttributeType.FLOAT },
    }),
  );
  return one;
}

const call = (name: string, inputs: string[], outputs: string[], attributes = {}, label = "") =>
  node(name, inputs, outputs, attributes, label, DOMAIN);

const x = { x: { data: normals("functions", 96), dims: [3, 32] } } satisfies Batch;
const inputs = [value("x", ["n", 32])];
const outputs = [value("y", ["n", 8])];
const linear = fn(
  "Linear",
  ["a", "w", "b"],
  ["r"],
  [
    node("Transpose", ["w"], ["t"]),
    node("MatMul", ["a", "t"], ["m"], {}, "product"),
    node("Add", ["m", "b"], ["r"]),
  ],
);
const stored = [
  normalWeights("w1", [32, 32]),
  normalWeights("w2", [8, 32]),
  normalWeights("b1", [32]),
  normalWeights("b2", [8]),
];

describe("local functions", () => {
  it("become the nodes of each call, functions inside functions too", async () => {
    const block = fn(
      "Block",
      ["a", "w", "b"],
      ["r", "unused"],
      [
        call("Linear", ["a", "w", "b"], ["l"], {}, "inner"),
        node("Relu", ["l"], ["r"]),
        node("Neg", ["l"], ["unused"]),
      ],
    );
    const bytes = withFunctions(
      {
        ...{ inputs, outputs, initializers: stored },
        nodes: [
          call("Block", ["x", "w1", "b1"], ["h", "rest"], {}, "first"),
          call("Linear", ["h", "w2", "b2"], ["y"], {}, "second"),
        ],
      },
      [block, linear],
    );
    const loaded = await expectAgreement(bytes, x);
    expect(loaded.layers.map(({ name }) => name)).toEqual([
      "first/inner/product",
      "second/product",
    ]);
    expect(loaded.proto.functions).toEqual([]);
    expect(loaded.notes!.join("\n")).toMatch(/calls of local functions inlined: 1 Block, 2 Linear/);
  });

  it("take attributes from the call, from their defaults, or leave the operator's", async () => {
    const leaky = fn(
      "Leaky",
      ["a"],
      ["r"],
      [
        reference(node("LeakyRelu", ["a"], ["s"]), "alpha", "slope"),
        reference(node("Elu", ["s"], ["r"]), "alpha", "bend"),
      ],
      { attributes: ["bend"], defaults: [attribute("slope", { f: 0.5 })] },
    );
    const nodes = [
      node("MatMul", ["x", "w1"], ["a"]),
      call("Leaky", ["a"], ["b"]),
      call("Leaky", ["b"], ["c"], { slope: { f: 0.1 }, bend: { f: 0.7 } }),
      node("Gemm", ["c", "w2"], ["y"], { transB: 1 }),
    ];
    const loaded = await expectAgreement(
      withFunctions({ inputs, outputs, initializers: stored, nodes }, [leaky]),
      x,
    );
    const alphas = (type: string) =>
      loaded.proto
        .graph!.node.filter(({ opType }) => opType === type)
        .map(({ attribute: list }) => list.map(({ f }) => f));
    expect(alphas("LeakyRelu")).toEqual([[0.5], [Math.fround(0.1)]]);
    expect(alphas("Elu")).toEqual([[], [Math.fround(0.7)]]);
  });

  it("may lack inputs and outputs, and be called in a body", async () => {
    const clip = fn(
      "Bound",
      ["a", "low", "high"],
      ["r"],
      [node("Clip", ["a", "low", "high"], ["r"])],
    );
    const branch = (name: string) =>
      graph({
        nodes: [call("Bound", ["h", "", "one"], [`${name}b`]), node("Neg", [`${name}b`], [name])],
        outputs: [value(name, [null, 32])],
      });
    const nodes = [
      node("MatMul", ["x", "w1"], ["h"]),
      node("ReduceSum", ["h"], ["s"], { keepdims: 0 }),
      node("Greater", ["s", "one"], ["c"]),
      node("If", ["c"], ["i"], { then_branch: branch("t"), else_branch: branch("e") }),
      node("Gemm", ["i", "w2"], ["y"], { transB: 1 }),
    ];
    const initializers = [...stored, weights("one", [], [1])];
    await expectAgreement(withFunctions({ inputs, outputs, initializers, nodes }, [clip]), x);
  });

  it("may hand an input on, give a value twice, or not be asked for an output", () => {
    const same = fn(
      "Same",
      ["a"],
      ["a", "n", "n", "m"],
      [node("Neg", ["a"], ["n"]), node("Abs", ["a"], ["m"])],
    );
    const nodes = [call("Same", ["x"], ["p", "q", "r"], {}, "s")];
    const decoded = decodeModel(withFunctions({ inputs, outputs: [], nodes }, [same]));
    const inlined = inlineFunctions(decoded, 17, () => undefined);
    expect(inlined.graph.node.map(({ opType, input, output }) => [opType, input, output])).toEqual([
      ["Neg", ["x"], ["q"]],
      ["Abs", ["x"], ["s/m"]],
      ["Identity", ["x"], ["p"]],
      ["Identity", ["q"], ["r"]],
    ]);
  });

  it("store their constants once for all calls, those of bodies too", async () => {
    const table = normalWeights("t", [32, 32]);
    const branch = (name: string, sign: string) =>
      graph({
        nodes: [
          node("Constant", [], [`${name}k`], { value: weights("k", [1], [2]) }),
          node(sign, ["m", `${name}k`], [name]),
        ],
        outputs: [value(name, [null, 32])],
      });
    const project = fn(
      "Project",
      ["a"],
      ["r"],
      [
        node("Constant", [], ["w"], { value: table }),
        node("Constant", [], ["zero"], { value: weights("z", [], [0]) }),
        node("MatMul", ["a", "w"], ["m"]),
        node("ReduceSum", ["m"], ["s"], { keepdims: 0 }),
        node("Greater", ["s", "zero"], ["c"]),
        node("If", ["c"], ["r"], {
          then_branch: branch("p", "Div"),
          else_branch: branch("q", "Mul"),
        }),
      ],
    );
    const nodes = [
      call("Project", ["x"], ["a"], {}, "one"),
      call("Project", ["a"], ["b"], {}, "two"),
      node("Gemm", ["b", "w2"], ["y"], { transB: 1 }),
    ];
    const loaded = await expectAgreement(
      withFunctions({ inputs, outputs, initializers: stored.slice(1, 2), nodes }, [project]),
      x,
    );
    expect(loaded.layers.map(({ parameterCount }) => parameterCount)).toEqual([1024, 256]);
    expect(loaded.bindings[0]!.uses).toHaveLength(2);
  });

  it("of an earlier opset are raised", async () => {
    const old = fn("Old", ["a"], ["r"], [node("Softmax", ["a"], ["r"], { axis: 1 })], {
      opset: 12,
    });
    const nodes = [
      node("MatMul", ["x", "w1"], ["a"]),
      call("Old", ["a"], ["b"]),
      node("Gemm", ["b", "w2"], ["y"], { transB: 1 }),
    ];
    const bytes = withFunctions({ inputs, outputs, initializers: stored, nodes }, [old]);
    const loaded = await loadOnnxModel(bytes);
    expect(loaded.proto.functions).toEqual([]);
    expect(loaded.notes!.join()).toMatch(/1 Old/);
  });

  it("stay where they cannot be inlined, with a note, and where folding is off", async () => {
    const nodes = [call("Linear", ["x", "w2", "b2"], ["h"]), node("MatMul", ["h", "w3"], ["y"])];
    const initializers = [...stored, normalWeights("w3", [8, 8])];
    const later = {
      ...linear,
      opsetImport: linear.opsetImport.map((one) => ({ ...one, version: 19n })),
    };
    const bytes = withFunctions({ inputs, outputs, initializers, nodes }, [later]);
    const loaded = await loadOnnxModel(bytes);
    expect(loaded.proto.functions).toHaveLength(1);
    expect(loaded.notes!.join("\n")).toMatch(/function "Linear": not inlined, .* later opset/);
    expect(loaded.notes!.join("\n")).toMatch(/"w2" \[8, 32\], read by Linear/);
    const plain = withFunctions({ inputs, outputs, initializers, nodes }, [linear]);
    expect((await loadOnnxModel(plain, { fold: false })).layers).toHaveLength(1);
    expect((await loadOnnxModel(plain)).layers).toHaveLength(2);
  });

  it("that call themselves, or become too many nodes, cost nothing", () => {
    const circle = fn("Circle", ["a"], ["r"], [call("Circle", ["a"], ["r"])]);
    const nodes = [call("Circle", ["x"], ["y"])];
    const decoded = decodeModel(withFunctions({ inputs, outputs, nodes }, [circle]));
    expect(() => inlineFunctions(decoded, 17, () => undefined)).toThrow(/"Circle" calls itself/);
    // Each calls the one before it ten times: 10^12 nodes.
    const bombs = Array.from({ length: 12 }, (_, level) =>
      fn(
        `Bomb${level}`,
        ["a"],
        ["r9"],
        Array.from({ length: 10 }, (_, i) =>
          level === 0
            ? node("Neg", [i === 0 ? "a" : `r${i - 1}`], [`r${i}`])
            : call(`Bomb${level - 1}`, [i === 0 ? "a" : `r${i - 1}`], [`r${i}`]),
        ),
      ),
    );
    const bomb = decodeModel(
      withFunctions({ inputs, outputs, nodes: [call("Bomb11", ["x"], ["y"])] }, bombs),
    );
    const notes: string[] = [];
    expect(inlineFunctions(bomb, 17, (text) => notes.push(text))).toBe(bomb);
    expect(notes.join()).toMatch(/are not inlined: they would become .* at most 200000/);
    const chain = Array.from({ length: 20_000 }, (_, i) =>
      fn(
        `C${i}`,
        ["a"],
        ["r"],
        [i === 0 ? node("Neg", ["a"], ["r"]) : call(`C${i - 1}`, ["a"], ["r"])],
      ),
    ).reverse();
    const deep = decodeModel(
      withFunctions({ inputs, outputs, nodes: [call("C19999", ["x"], ["y"])] }, chain),
    );
    expect(inlineFunctions(deep, 17, () => undefined)).toBe(deep);
  });
});
