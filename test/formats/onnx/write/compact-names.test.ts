import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { loadOnnxModel } from "../../../../src/formats/onnx/read/load-onnx-model.js";
import { decodeModel } from "../../../../src/formats/onnx/wire/decode-model.js";
import {
  type GraphProto,
  StringStringEntryProtoSchema,
} from "../../../../src/formats/onnx/wire/onnx_pb.js";
import { quantizeOnnx } from "../../../../src/formats/onnx/write/quantize-onnx.js";
import { bytesOf, graph, model, node, value } from "../graph-builder.js";
import { runModel, uniform } from "../run-model.js";
import { normals, normalWeights } from "../small-models.js";

const LONG = "/backbone/layer1/layer1.0/conv1/Conv_output_0";
const MIDDLE = "/backbone/layer1/layer1.1/conv1/Conv_output_0";

/** Two convolutions with names as exporters make them, and a node whose name is short by nature. */
const net = () =>
  model({
    inputs: [value("x", [2, 3, 6, 6])],
    outputs: [value(LONG, [2, 4, 4, 4])],
    initializers: [
      normalWeights("backbone.layer1.0.conv1.weight", [4, 3, 3, 3]),
      normalWeights("backbone.layer1.1.conv1.weight", [4, 4, 1, 1]),
    ],
    nodes: [
      node("Conv", ["x", "backbone.layer1.0.conv1.weight"], [MIDDLE], {}, "/backbone/conv1"),
      // A name that a short one must not take.
      node("Relu", [MIDDLE], ["q0"], {}, "q1"),
      node("Conv", ["q0", "backbone.layer1.1.conv1.weight"], [LONG], {}, "/backbone/conv2"),
    ],
  });

describe("names in a written file", () => {
  it("are the model's own, or short; added nodes have none", async () => {
    const loaded = await loadOnnxModel(bytesOf(net()));
    const batch = { x: { data: normals("x", 216), dims: [2, 3, 6, 6] } };
    const genome = uniform(loaded, { weightBits: 8, activationBits: 8 });
    const bytes = await quantizeOnnx(loaded, genome, { calibration: [batch] });
    const { graph } = decodeModel(bytes);
    const original = new Set([
      ...["x", "q0", "q1", LONG, MIDDLE, "/backbone/conv1", "/backbone/conv2"],
      ...["backbone.layer1.0.conv1.weight", "backbone.layer1.1.conv1.weight"],
    ]);
    const names = [
      ...graph.initializer.map(({ name }) => name),
      ...graph.node.flatMap(({ input, output }) => [...input, ...output]),
    ];
    const added = names.filter((name) => !original.has(name));
    expect(added.length).toBeGreaterThan(10);
    for (const name of added) expect(name.length, name).toBeLessThanOrEqual(16);
    const made = graph.node.flatMap(({ output }) => output);
    expect(new Set(made).size).toBe(made.length);
    expect(graph.node.map(({ name }) => name).filter((name) => !original.has(name))).toEqual(
      graph.node.filter(({ name }) => !original.has(name)).map(() => ""),
    );
    for (const level of ["disabled", "all"] as const)
      expect((await runModel(bytes, batch, level)).every(Number.isFinite)).toBe(true);
  });
});

describe("texts of an exporter", () => {
  const trace = () => [
    create(StringStringEntryProtoSchema, { key: "trace", value: "File model.py, line 1" }),
  ];

  it("are not written for nodes and bodies; those of the model are", async () => {
    const branch = (name: string) => {
      const body = graph({
        nodes: [node("MatMul", ["x", "w"], ["m"]), node("Relu", ["m"], [name])],
        outputs: [value(name, [2, 4])],
        valueInfo: [value("m", [2, 4])],
      });
      body.docString = "a branch";
      for (const one of body.node) Object.assign(one, { docString: "why", metadataProps: trace() });
      return body;
    };
    const proto = model({
      inputs: [value("x", [2, 8])],
      outputs: [value("y", [2, 4])],
      initializers: [normalWeights("w", [8, 4])],
      nodes: [
        node("ReduceSum", ["x"], ["s"], { keepdims: 0 }),
        node("Cast", ["s"], ["c"], { to: 9 }),
        node("If", ["c"], ["y"], { then_branch: branch("t"), else_branch: branch("e") }),
      ],
    });
    proto.metadataProps = trace();
    proto.graph!.node[0]!.metadataProps = trace();
    const bytes = bytesOf(proto);
    const loaded = await loadOnnxModel(bytes);
    const written = decodeModel(
      await quantizeOnnx(loaded, uniform(loaded, { activationBits: 32 })),
    );
    const texts = (one: GraphProto): unknown[] => [
      ...one.valueInfo,
      ...one.node.flatMap(({ docString, metadataProps, attribute }) => [
        ...(docString === "" ? [] : [docString]),
        ...metadataProps,
        ...attribute.flatMap(({ g }) => (g === undefined ? [] : [g.docString, ...texts(g)])),
      ]),
    ];
    expect(texts(written.graph).filter((text) => text !== "")).toEqual([]);
    expect(written.metadataProps).toHaveLength(1);
    // What was read keeps them.
    expect(texts(loaded.proto.graph!).filter((text) => text !== "")).toHaveLength(13);
  });
});
