import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import {
  InvalidArgumentError,
  InvalidModelError,
  QuantevoError,
  UnsupportedError,
} from "../../../../src/errors.js";
import { raiseOpset } from "../../../../src/formats/onnx/opset/raise-opset.js";
import { decodeModel } from "../../../../src/formats/onnx/wire/decode-model.js";
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  FunctionProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  OperatorSetIdProtoSchema,
  TensorProto_DataType,
  TrainingInfoProtoSchema,
  type ValueInfoProto,
} from "../../../../src/formats/onnx/wire/onnx_pb.js";
import {
  bytesOf,
  type GraphParts,
  graph,
  integers,
  model,
  node,
  value,
  weights,
} from "../graph-builder.js";

const { BOOL, DOUBLE, FLOAT, FLOAT16, INT64 } = TensorProto_DataType;

/**
 * IR as old exporters wrote it: 8 covers opsets up to 18 and needs no initializer among the inputs.
 */
function at(opset: number, parts: GraphParts): ModelProto {
  return model({ ...parts, opset });
}

/** Distinct floats of both signs, without ties. */
function floats(dims: readonly number[], scale = 1): Tensor {
  const count = dims.reduce((a, b) => a * b, 1);
  const data = Float32Array.from(
    { length: count },
    (_, i) => (((i * 37) % count) - count / 3) * scale * 0.173,
  );
  return new Tensor("float32", data, dims);
}

type Feeds = Record<string, Tensor>;

async function run(
  proto: ModelProto,
  feeds: Feeds,
): Promise<Map<string, { dims: readonly number[]; data: number[] }>> {
  const session = await InferenceSession.create(bytesOf(proto), {
    logSeverityLevel: 3,
    intraOpNumThreads: 1,
  });
  const results = await session.run(feeds);
  const outputs = session.outputNames.map(
    (name): [string, { dims: readonly number[]; data: number[] }] => {
      const { dims, data } = results[name]!;
      return [
        name,
        { dims, data: Array.from(data as ArrayLike<number | bigint | boolean>, Number) },
      ];
    },
  );
  await session.release();
  return new Map(outputs);
}

/**
 * Runs the model as it is and raised to each target: names, shapes and bits of all outputs must
 * agree. Only where ONNX Runtime has another kernel for the later version may values differ, by
 * `tolerance`.
 */
async function expectSame(
  proto: ModelProto,
  feeds: Feeds,
  targets: readonly number[] = [13, 21, 25],
  tolerance = 0,
): Promise<void> {
  const before = bytesOf(proto);
  const expected = await run(proto, feeds);
  const from = Number(proto.opsetImport[0]!.version);
  for (const target of targets) {
    if (target <= from) continue;
    const raised = raiseOpset(proto, target);
    expect(Number(raised.opsetImport[0]!.version)).toBe(target);
    const actual = await run(raised, feeds);
    expect([...actual.keys()]).toEqual([...expected.keys()]);
    for (const [name, { dims, data }] of expected) {
      expect(data.length).toBeGreaterThan(0);
      const found = actual.get(name)!;
      expect(found.dims, `${name} raised to ${target}`).toEqual(dims);
      if (tolerance === 0) expect(found.data, `${name} raised to ${target}`).toEqual(data);
      const worst = Math.max(...data.map((x, i) => Math.abs(x - found.data[i]!)));
      expect(worst, `${name} raised to ${target}`).toBeLessThanOrEqual(tolerance);
    }
  }
  expect(bytesOf(proto), "the input is not changed").toEqual(before);
}

/** A model of one node on the float input `x`. */
function oneNode(
  opset: number,
  dims: readonly number[],
  one: NodeProto,
  rest: Partial<GraphParts> = {},
): ModelProto {
  return at(opset, {
    inputs: [value("x", dims)],
    outputs: one.output.map((name) => value(name, [])).map(withoutShape),
    nodes: [one],
    ...rest,
  });
}

/** An output whose shape ONNX Runtime is left to infer. */
function withoutShape(info: ValueInfoProto): ValueInfoProto {
  if (info.type?.value.case === "tensorType") delete info.type.value.value.shape;
  return info;
}

const untyped = (name: string, type: number = FLOAT) => withoutShape(value(name, [], type));

describe("raiseOpset: the frame", () => {
  const relu = oneNode(7, [2, 3], node("Relu", ["x"], ["y"]));

  it("returns the model itself when it is there already", () => {
    expect(raiseOpset(relu, 7)).toBe(relu);
    expect(raiseOpset(relu, 1)).toBe(relu);
  });

  it("raises opset and IR version, and never lowers the IR version", () => {
    const old = oneNode(7, [2, 3], node("Relu", ["x"], ["y"]));
    old.irVersion = 3n;
    const irs = [8, 9, 10, 11, 12, 14, 15, 18, 19, 21, 22, 23, 24, 25, 26].map((target) => {
      const raised = raiseOpset(old, target);
      expect(raised.opsetImport[0]!.version).toBe(BigInt(target));
      return Number(raised.irVersion);
    });
    expect(irs).toEqual([3, 4, 5, 6, 7, 7, 8, 8, 9, 10, 10, 11, 12, 13, 13]);
    expect(raiseOpset(relu, 10).irVersion).toBe(8n);
  });

  it("keeps other domains, unknown fields and the ai.onnx spelling", () => {
    const proto = oneNode(11, [2, 3], node("Relu", ["x"], ["y"]));
    proto.opsetImport[0]!.domain = "ai.onnx";
    proto.opsetImport.push(
      create(OperatorSetIdProtoSchema, { domain: "com.microsoft", version: 1n }),
    );
    proto.graph!.node.push(node("Softmax", ["x"], ["z"], {}, "", "com.example"));
    proto.graph!.node[0]!.$unknown = [{ no: 500, wireType: 0, data: Uint8Array.of(1) }];
    const raised = raiseOpset(proto, 21);
    expect(raised.opsetImport.map((one) => [one.domain, Number(one.version)])).toEqual([
      ["ai.onnx", 21],
      ["com.microsoft", 1],
    ]);
    expect(raised.graph!.node[1]).toEqual(proto.graph!.node[1]);
    expect(raised.graph!.node[0]!.$unknown).toEqual(proto.graph!.node[0]!.$unknown);
  });

  it("shares the bytes of weights and copies what holds them", () => {
    const proto = oneNode(11, [2, 3], node("Add", ["x", "w"], ["y"]), {
      initializers: [weights("w", [3])],
    });
    const raised = raiseOpset(proto, 21);
    expect(raised.graph!.initializer[0]).not.toBe(proto.graph!.initializer[0]);
    expect(raised.graph!.initializer[0]!.rawData).toBe(proto.graph!.initializer[0]!.rawData);
    raised.graph!.initializer[0]!.name = "other";
    raised.graph!.node[0]!.input[1] = "other";
    expect(proto.graph!.initializer[0]!.name).toBe("w");
    expect(proto.graph!.node[0]!.input).toEqual(["x", "w"]);
  });

  it.each([0, 27, 12.5, Number.NaN])("refuses target %s", (target) => {
    expect(() => raiseOpset(relu, target)).toThrow(InvalidArgumentError);
  });

  it("refuses models that it cannot place", () => {
    expect(() => raiseOpset(oneNode(6, [2], node("Relu", ["x"], ["y"])), 13)).toThrow(
      UnsupportedError,
    );
    expect(() => raiseOpset(create(ModelProtoSchema, { graph: relu.graph! }), 13)).toThrow(
      InvalidModelError,
    );
    const versions = [7n, 9n].map((version) => create(OperatorSetIdProtoSchema, { version }));
    expect(() =>
      raiseOpset(create(ModelProtoSchema, { opsetImport: versions, graph: relu.graph! }), 13),
    ).toThrow(/7 and 9/);
    expect(() => raiseOpset(create(ModelProtoSchema, { opsetImport: [versions[0]!] }), 13)).toThrow(
      InvalidModelError,
    );
    const training = create(ModelProtoSchema, {
      ...relu,
      trainingInfo: [create(TrainingInfoProtoSchema)],
    });
    expect(() => raiseOpset(training, 13)).toThrow(UnsupportedError);
  });

  it("refuses operators that the model's opset does not have, by name", () => {
    const crop = oneNode(
      8,
      [1, 1, 4, 4],
      node("Crop", ["x"], ["y"], { border: [1, 1, 1, 1] }, "crop0"),
    );
    expect(() => raiseOpset(crop, 13)).toThrow(/"crop0".*"Crop".*opset 8/);
    expect(() => raiseOpset(oneNode(9, [2], node("ThresholdedRelu", ["x"], ["y"])), 13)).toThrow(
      /ThresholdedRelu/,
    );
    expect(() => raiseOpset(oneNode(9, [2], node("constructor", ["x"], ["y"])), 13)).toThrow(
      UnsupportedError,
    );
  });

  it("gives new tensors names that nothing else has", () => {
    const proto = at(11, {
      inputs: [value("x", [2, 3])],
      outputs: [untyped("z")],
      initializers: [weights("y/axes_opset13", [3]), weights("y/axes_opset13_2", [3])],
      nodes: [
        node("ReduceSum", ["x"], ["y"], { axes: [1], keepdims: 1 }),
        node("Sum", ["y", "y/axes_opset13", "y/axes_opset13_2"], ["z"]),
      ],
    });
    expect(raiseOpset(proto, 13).graph!.node[0]!.output).toEqual(["y/axes_opset13_3"]);
  });
});

describe("raiseOpset: attributes that became inputs", () => {
  it("Clip", async () => {
    await expectSame(
      oneNode(7, [4, 5], node("Clip", ["x"], ["y"], { min: { f: -0.4 }, max: { f: 0.7 } })),
      {
        x: floats([4, 5]),
      },
    );
    await expectSame(oneNode(10, [4, 5], node("Clip", ["x"], ["y"], { max: { f: 0.7 } })), {
      x: floats([4, 5]),
    });
    await expectSame(oneNode(10, [4, 5], node("Clip", ["x"], ["y"])), { x: floats([4, 5]) });
  });

  it("Clip in the data's element type, or not at all", () => {
    const clip = node("Clip", ["h"], ["y"], { min: { f: 0 }, max: { f: 6 } });
    const typed = (cast: number) =>
      at(9, {
        inputs: [value("x", [2])],
        outputs: [untyped("y", cast)],
        nodes: [node("Cast", ["x"], ["h"], { to: cast }), clip],
      });
    const opTypes = (proto: ModelProto) => proto.graph!.node.map(({ opType }) => opType);
    expect(opTypes(raiseOpset(typed(FLOAT), 13))).toEqual(["Cast", "Constant", "Constant", "Clip"]);
    const half = raiseOpset(typed(FLOAT16), 13);
    expect(opTypes(half)).toEqual(["Cast", "Constant", "Cast", "Constant", "Cast", "Clip"]);
    expect(half.graph!.node[2]!.attribute[0]!.i).toBe(BigInt(FLOAT16));
    // Without bounds, float64 was still clipped to the range of float32.
    const wide = typed(DOUBLE);
    wide.graph!.node[1]!.attribute = [];
    expect(raiseOpset(wide, 13).graph!.node.at(-1)!.input).toHaveLength(3);
    const unknown = oneNode(9, [2], node("Clip", ["h"], ["y"], { min: { f: 0 } }, "clip0"));
    unknown.graph!.node.unshift(node("Mystery", ["x"], ["h"], {}, "", "com.example"));
    expect(() => raiseOpset(unknown, 13)).toThrow(
      /Clip node "clip0" .*opset 10 to 11.*element type/,
    );
  });

  it("Dropout copies its input, as before", async () => {
    await expectSame(oneNode(7, [4, 5], node("Dropout", ["x"], ["y"], { ratio: { f: 0.25 } })), {
      x: floats([4, 5]),
    });
    const masked = oneNode(10, [4, 5], node("Dropout", ["x"], ["y", "mask"]), {
      outputs: [untyped("y")],
      valueInfo: [value("mask", [4, 5], BOOL)],
    });
    await expectSame(masked, { x: floats([4, 5]) });
    expect(raiseOpset(masked, 13).graph!.valueInfo).toEqual([]);
  });

  it("Dropout with a used mask is refused", () => {
    const proto = oneNode(10, [4, 5], node("Dropout", ["x"], ["y", "mask"]));
    expect(() => raiseOpset(proto, 11)).not.toThrow();
    expect(() => raiseOpset(proto, 12)).toThrow(/Dropout.*"y".*opset 11 to 12.*mask/);
  });

  it("Pad", async () => {
    for (const attributes of [{}, { value: { f: 1.5 } }, { mode: "reflect" }, { mode: "edge" }])
      await expectSame(
        oneNode(
          7,
          [2, 5],
          node("Pad", ["x"], ["y"], {
            pads: [0, 1, 1, 2].map((p, i) => (i === 2 ? 0 : p)),
            ...attributes,
          }),
        ),
        {
          x: floats([2, 5]),
        },
      );
    expect(() => raiseOpset(oneNode(7, [2, 5], node("Pad", ["x"], ["y"])), 11)).toThrow(/pads/);
  });

  it("Slice", async () => {
    const slice = (attributes: Record<string, number[]>) =>
      oneNode(7, [4, 6], node("Slice", ["x"], ["y"], attributes));
    await expectSame(slice({ starts: [1], ends: [3] }), { x: floats([4, 6]) }, [10, 13, 21, 25]);
    await expectSame(slice({ starts: [-3], ends: [9999], axes: [1] }), { x: floats([4, 6]) });
    await expectSame(slice({ starts: [1, 0], ends: [-1, -1], axes: [1, 0] }), {
      x: floats([4, 6]),
    });
    expect(() => raiseOpset(slice({ starts: [1] }), 13)).toThrow(/starts and ends/);
  });

  it("TopK", async () => {
    const parts = { outputs: [untyped("v"), untyped("i", INT64)] };
    const topK = node("TopK", ["x"], ["v", "i"], { k: 2, axis: 0 });
    await expectSame(oneNode(7, [4, 6], topK, parts), { x: floats([4, 6]) }, [10, 13, 21, 25]);
    expect(() => raiseOpset(oneNode(7, [4], node("TopK", ["x"], ["v", "i"])), 10)).toThrow(
      /attribute k/,
    );
  });

  it("Squeeze, Unsqueeze and the Reduce operators", async () => {
    await expectSame(oneNode(7, [2, 1, 3, 1], node("Squeeze", ["x"], ["y"], { axes: [1] })), {
      x: floats([2, 1, 3, 1]),
    });
    await expectSame(oneNode(7, [2, 1, 3, 1], node("Squeeze", ["x"], ["y"])), {
      x: floats([2, 1, 3, 1]),
    });
    await expectSame(oneNode(11, [2, 3], node("Unsqueeze", ["x"], ["y"], { axes: [0, -1] })), {
      x: floats([2, 3]),
    });
    const positive = new Tensor(
      "float32",
      Float32Array.from({ length: 24 }, (_, i) => 0.5 + ((i * 7) % 24) / 9),
      [2, 3, 4],
    );
    for (const kind of [
      "Sum",
      "Mean",
      "Max",
      "Min",
      "Prod",
      "L1",
      "L2",
      "LogSum",
      "LogSumExp",
      "SumSquare",
    ]) {
      const reduce = (attributes: Record<string, number | number[]>) =>
        oneNode(11, [2, 3, 4], node(`Reduce${kind}`, ["x"], ["y"], attributes));
      await expectSame(reduce({ axes: [-1, 0], keepdims: 0 }), { x: positive }, [13, 18, 25]);
      await expectSame(reduce({}), { x: positive }, [25]);
    }
  });

  it("Split", async () => {
    await expectSame(
      oneNode(7, [6, 4], node("Split", ["x"], ["a", "b"], { split: [2, 4], axis: 0 })),
      {
        x: floats([6, 4]),
      },
    );
    await expectSame(
      oneNode(7, [6, 4], node("Split", ["x"], ["a", "b", "c"])),
      { x: floats([6, 4]) },
      [13, 18, 21],
    );
    const raised = raiseOpset(oneNode(7, [6, 4], node("Split", ["x"], ["a", "b", "c"])), 18);
    expect(raised.graph!.node[0]!.attribute.map(({ name, i }) => [name, i])).toEqual([
      ["num_outputs", 3n],
    ]);
  });

  it("DFT", async () => {
    await expectSame(oneNode(17, [2, 6, 5, 1], node("DFT", ["x"], ["y"])), {
      x: floats([2, 6, 5, 1]),
    });
    await expectSame(
      oneNode(17, [2, 6, 5, 1], node("DFT", ["x"], ["y"], { axis: 2, onesided: 1 })),
      {
        x: floats([2, 6, 5, 1]),
      },
    );
  });
});

describe("raiseOpset: resampling", () => {
  const image = floats([1, 2, 4, 6]);

  it("Upsample", async () => {
    for (const mode of ["nearest", "linear"]) {
      const scales = { floats: [1, 1, 2, 3] };
      await expectSame(
        oneNode(7, [1, 2, 4, 6], node("Upsample", ["x"], ["y"], { scales, mode })),
        { x: image },
        [9, 10, 11, 13, 18, 19, 25],
      );
      const fed = at(9, {
        inputs: [value("x", [1, 2, 4, 6]), value("s", [4])],
        outputs: [untyped("y")],
        nodes: [node("Upsample", ["x", "s"], ["y"], { mode })],
      });
      const s = new Tensor("float32", Float32Array.of(1, 1, 1.5, 2.7), [4]);
      await expectSame(fed, { x: image, s }, [10, 11, 13, 25]);
    }
    expect(() => raiseOpset(oneNode(7, [2], node("Upsample", ["x"], ["y"])), 9)).toThrow(/scales/);
  });

  it("Resize of opset 10, enlarging and shrinking", async () => {
    for (const mode of ["nearest", "linear"])
      for (const factors of [
        [2, 3],
        [1.3, 2.6],
        [0.6, 0.5],
        [0.5, 1],
        [1, 0.7],
        [1, 1],
      ]) {
        const initializers = [weights("s", [4], [1, 1, ...factors])];
        const resize = oneNode(10, [1, 2, 4, 6], node("Resize", ["x", "s"], ["y"], { mode }), {
          initializers,
        });
        await expectSame(resize, { x: image }, [11, 13, 25]);
      }
  });

  it("Resize of opset 10 whose nearest pixel is not known is refused", () => {
    const resize = node("Resize", ["x", "s"], ["y"], {}, "up");
    const mixed = oneNode(10, [1, 2, 4, 6], resize, {
      initializers: [weights("s", [4], [1, 1, 2, 0.5])],
    });
    expect(() => raiseOpset(mixed, 13)).toThrow(/Resize node "up".*opset 10 to 11/);
    const fed = oneNode(10, [1, 2, 4, 6], resize, {
      inputs: [value("x", [1, 2, 4, 6]), value("s", [4])],
    });
    expect(() => raiseOpset(fed, 13)).toThrow(/computed/);
    const overridable = oneNode(10, [1, 2, 4, 6], resize, {
      inputs: [value("x", [1, 2, 4, 6]), value("s", [4])],
      initializers: [weights("s", [4], [1, 1, 2, 2])],
    });
    expect(() => raiseOpset(overridable, 13)).toThrow(/computed/);
  });

  it("Resize of opset 11 with scales or sizes", async () => {
    const initializers = [
      weights("roi", [0]),
      weights("none", [0]),
      weights("s", [4], [1, 1, 1.7, 0.8]),
      integers("n", [1, 2, 7, 3]),
    ];
    for (const mode of ["nearest", "linear", "cubic"])
      for (const coordinates of [
        "half_pixel",
        "pytorch_half_pixel",
        "align_corners",
        "asymmetric",
      ]) {
        const attributes = { mode, coordinate_transformation_mode: coordinates };
        for (const inputs of [
          ["x", "roi", "s"],
          ["x", "roi", "none", "n"],
        ]) {
          const resize = oneNode(11, [1, 2, 4, 6], node("Resize", inputs, ["y"], attributes), {
            initializers,
          });
          await expectSame(resize, { x: image }, [13, 25]);
        }
      }
    const gone = { coordinate_transformation_mode: "tf_half_pixel_for_nn" };
    expect(() =>
      raiseOpset(
        oneNode(11, [1, 2, 4, 6], node("Resize", ["x", "roi", "s"], ["y"], gone), { initializers }),
        13,
      ),
    ).toThrow(/tf_half_pixel_for_nn/);
  });

  it("GridSample", async () => {
    const grid = floats([1, 3, 3, 2], 0.3);
    for (const mode of ["", "bilinear", "nearest", "bicubic"]) {
      const sample = node("GridSample", ["x", "g"], ["y"], mode === "" ? {} : { mode });
      const proto = oneNode(16, [1, 2, 4, 6], sample, {
        inputs: [value("x", [1, 2, 4, 6]), value("g", [1, 3, 3, 2])],
      });
      await expectSame(proto, { x: image, g: grid }, [20, 21, 25]);
    }
  });

  it("RoiAlign", async () => {
    const proto = oneNode(
      10,
      [1, 2, 4, 6],
      node("RoiAlign", ["x", "r", "b"], ["y"], { output_height: 2, output_width: 2 }),
      {
        initializers: [weights("r", [1, 4], [0.5, 0.5, 3.5, 2.5]), integers("b", [0])],
      },
    );
    // ONNX Runtime 1.30 has no RoiAlign of opset 22 to compare with.
    await expectSame(proto, { x: image }, [13, 16, 21]);
  });
});

describe("raiseOpset: normalization", () => {
  const parameters = (dims: number[]) => [
    weights("scale", dims),
    weights(
      "bias",
      dims,
      Array.from({ length: 60 }, (_, i) => i / 7),
    ),
    weights(
      "mean",
      dims,
      Array.from({ length: 60 }, (_, i) => i / 5),
    ),
    weights(
      "var",
      dims,
      Array.from({ length: 60 }, (_, i) => 0.5 + i),
    ),
  ];
  const inputs = ["x", "scale", "bias", "mean", "var"];

  it("BatchNormalization", async () => {
    for (const attributes of [{}, { spatial: 1, epsilon: { f: 0.01 } }])
      await expectSame(
        oneNode(7, [2, 3, 4], node("BatchNormalization", inputs, ["y"], attributes), {
          initializers: parameters([3]),
        }),
        { x: floats([2, 3, 4]) },
        [9, 13, 14, 21, 25],
      );
  });

  it("BatchNormalization per activation becomes arithmetic", async () => {
    const proto = oneNode(
      7,
      [2, 3, 4],
      node("BatchNormalization", inputs, ["y"], { spatial: 0, momentum: { f: 0.5 } }),
      {
        initializers: parameters([3, 4]),
      },
    );
    const feeds = { x: floats([2, 3, 4]) };
    const expected = (await run(proto, feeds)).get("y")!;
    for (const target of [9, 25]) {
      const actual = (await run(raiseOpset(proto, target), feeds)).get("y")!;
      expect(actual.dims).toEqual(expected.dims);
      actual.data.forEach((x, i) => {
        expect(Math.abs(x - expected.data[i]!)).toBeLessThan(1e-5);
      });
    }
  });

  it("finds element types through what the same step has rewritten", () => {
    const activations = (from: string, to: string) =>
      node("BatchNormalization", [from, ...inputs.slice(1)], [to], { spatial: 0 });
    const proto = oneNode(7, [2, 3, 4], activations("x", "h"), {
      outputs: [untyped("y")],
      initializers: parameters([3, 4]),
    });
    proto.graph!.node.push(activations("h", "y"));
    const opTypes = raiseOpset(proto, 9).graph!.node.map(({ opType }) => opType);
    expect(opTypes.filter((opType) => opType === "Sqrt")).toHaveLength(2);
  });

  it("BatchNormalization for training is refused", () => {
    for (const opset of [7, 9])
      expect(() =>
        raiseOpset(
          oneNode(opset, [2, 3, 4], node("BatchNormalization", inputs, ["y", "m", "v"]), {
            initializers: parameters([3]),
          }),
          14,
        ),
      ).toThrow(/training/);
  });

  it("GroupNormalization repeats scale and bias over each group", async () => {
    const attributes = { num_groups: 2, epsilon: { f: 0.001 } };
    const proto = oneNode(
      18,
      [2, 6, 5],
      node("GroupNormalization", ["x", "s", "b"], ["y"], attributes),
      {
        initializers: [weights("s", [2], [2, -3]), weights("b", [2], [0.5, 0.25])],
      },
    );
    const x = floats([2, 6, 5]);
    const expected = Array.from({ length: 4 }, (_, i) => {
      const group = (x.data as Float32Array).slice(15 * i, 15 * i + 15);
      const mean = group.reduce((a, b) => a + b, 0) / 15;
      const variance = group.reduce((a, b) => a + (b - mean) ** 2, 0) / 15;
      return Array.from(
        group,
        (v) => ((v - mean) / Math.sqrt(variance + 0.001)) * [2, -3][i % 2]! + [0.5, 0.25][i % 2]!,
      );
    }).flat();
    for (const target of [21, 25]) {
      const { data } = (await run(raiseOpset(proto, target), { x })).get("y")!;
      data.forEach((v, i) => {
        expect(Math.abs(v - expected[i]!)).toBeLessThan(1e-5);
      });
    }
    const half = oneNode(
      18,
      [2, 6, 5],
      node("GroupNormalization", ["x", "s", "b"], ["y"], attributes),
      {
        inputs: [value("x", [2, 6, 5], FLOAT16)],
      },
    );
    const attribute = raiseOpset(half, 21)
      .graph!.node.at(-1)!
      .attribute.find(({ name }) => name === "stash_type");
    expect(attribute?.i).toBe(BigInt(FLOAT16));
    expect(() =>
      raiseOpset(oneNode(18, [2, 6], node("GroupNormalization", ["x", "s", "b"], ["y"])), 21),
    ).toThrow(/num_groups/);
  });
});

describe("raiseOpset: Softmax, LogSoftmax, Hardmax", () => {
  it("mean the same on any axis and rank (property)", async () => {
    const cases = fc.record({
      opType: fc.constantFrom("Softmax", "LogSoftmax", "Hardmax"),
      dims: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 }),
      axisSeed: fc.nat(),
      negative: fc.boolean(),
      declared: fc.boolean(),
    });
    const check = fc.asyncProperty(
      cases,
      async ({ opType, dims, axisSeed, negative, declared }) => {
        const axis = (axisSeed % dims.length) - (negative ? dims.length : 0);
        const proto = at(11, {
          inputs: [declared ? value("x", dims) : untyped("x")],
          outputs: [untyped("y")],
          nodes: [node(opType, ["x"], ["y"], axisSeed % 7 === 0 ? {} : { axis })],
        });
        await expectSame(proto, { x: floats(dims, 0.4) }, [13, 25]);
      },
    );
    await fc.assert(check, { numRuns: 60, seed: 5 });
  });

  it("stays one node where the last axis is known to be meant", () => {
    const count = (proto: ModelProto) => raiseOpset(proto, 13).graph!.node.length;
    expect(count(oneNode(9, [2, 3], node("Softmax", ["x"], ["y"])))).toBe(1);
    expect(count(oneNode(9, [2, 3, 4], node("Softmax", ["x"], ["y"], { axis: 2 })))).toBe(1);
    expect(count(oneNode(9, [2, 3, 4], node("Softmax", ["x"], ["y"])))).toBe(4);
    const chain = (...nodes: NodeProto[]) =>
      at(9, {
        inputs: [untyped("x")],
        initializers: [weights("w", [3, 2]), integers("shape", [-1, 2])],
        outputs: [untyped("y")],
        nodes: [...nodes, node("Relu", ["h"], ["r"]), node("Softmax", ["r"], ["y"])],
      });
    expect(count(chain(node("Gemm", ["x", "w", "w"], ["h"])))).toBe(3);
    expect(count(chain(node("Flatten", ["x"], ["h"])))).toBe(3);
    expect(count(chain(node("Reshape", ["x", "shape"], ["h"])))).toBe(3);
    expect(count(chain(node("Reshape", ["x", "x"], ["h"])))).toBe(6);
    expect(count(chain(node("MatMul", ["x", "x"], ["h"])))).toBe(6);
    expect(count(chain(node("Constant", [], ["h"], { value: weights("", [2, 3]) })))).toBe(3);
    expect(count(chain(node("Odd", ["x"], ["h"], {}, "", "com.example")))).toBe(6);
    expect(count(chain(node("Relu", ["r"], ["h"])))).toBe(6);
  });
});

describe("raiseOpset: pooling", () => {
  it.each([
    { opType: "MaxPool", tolerance: 0 },
    // ONNX Runtime sums in another order from opset 19 on.
    { opType: "AveragePool", tolerance: 1e-6 },
  ])("$opType", async ({ opType, tolerance }) => {
    const feeds = { x: floats([1, 2, 7, 8], 0.1) };
    const same = (opset: number, attributes: Record<string, number | number[] | string>) =>
      expectSame(
        oneNode(opset, [1, 2, 7, 8], node(opType, ["x"], ["y"], attributes)),
        feeds,
        [13, 21, 25],
        tolerance,
      );
    await same(7, { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 0, 1, 0] });
    await same(7, { kernel_shape: [3, 3], strides: [2, 2], auto_pad: "SAME_UPPER" });
    await same(7, { kernel_shape: [3, 3], strides: [2, 3], auto_pad: "VALID" });
    await same(10, { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 });
    if (opType === "AveragePool")
      for (const ceil_mode of [0, 1])
        await same(10, {
          kernel_shape: [3, 3],
          strides: [2, 2],
          pads: [0, 1, 0, 0],
          count_include_pad: 1,
          ceil_mode,
        });
  });

  it("refuses a last window in the padding alone", () => {
    const pool = (attributes: Record<string, number | number[] | string>) =>
      oneNode(10, [1, 2, 7, 8], node("MaxPool", ["x"], ["y"], { ceil_mode: 1, ...attributes }));
    expect(() => raiseOpset(pool({ kernel_shape: [1, 1], strides: [2, 2] }), 21)).not.toThrow();
    expect(() => raiseOpset(pool({ kernel_shape: [1, 1], strides: [2, 2] }), 22)).toThrow(
      /MaxPool.*opset 21 to 22/,
    );
    expect(() =>
      raiseOpset(pool({ kernel_shape: [2, 2], strides: [2, 2], pads: [1, 1, 1, 1] }), 25),
    ).toThrow(/padding/);
    expect(() =>
      raiseOpset(
        pool({ kernel_shape: [2, 2], strides: [2, 2], pads: [1, 1, 1, 1], dilations: [2, 2] }),
        25,
      ),
    ).not.toThrow();
    expect(() =>
      raiseOpset(pool({ kernel_shape: [1, 1], strides: [2, 2], auto_pad: "VALID" }), 25),
    ).not.toThrow();
  });
});

describe("raiseOpset: renamed, refused and compatible operators", () => {
  it("Scatter becomes ScatterElements", async () => {
    const proto = oneNode(9, [3, 3], node("Scatter", ["x", "i", "u"], ["y"], { axis: 1 }), {
      initializers: [integers("i", [2, 0], [1, 2]), weights("u", [1, 2], [9, 8])],
    });
    await expectSame(proto, { x: floats([3, 3]) });
  });

  it("Scan of opset 8 is refused", () => {
    expect(() =>
      raiseOpset(oneNode(8, [2], node("Scan", ["", "x"], ["y"], {}, "scan0")), 9),
    ).toThrow(/Scan node "scan0"/);
  });

  it("Cast of infinity to FNUZ is refused", () => {
    const cast = (attributes: Record<string, number>) =>
      oneNode(19, [2], node("Cast", ["x"], ["y"], attributes));
    expect(() => raiseOpset(cast({ to: TensorProto_DataType.FLOAT8E4M3FNUZ }), 24)).toThrow(/FNUZ/);
    expect(() =>
      raiseOpset(cast({ to: TensorProto_DataType.FLOAT8E5M2FNUZ, saturate: 0 }), 24),
    ).not.toThrow();
    expect(() => raiseOpset(cast({ to: TensorProto_DataType.FLOAT8E5M2 }), 25)).not.toThrow();
    const like = (type: number) =>
      oneNode(19, [2], node("CastLike", ["x", "t"], ["y"]), {
        inputs: [value("x", [2]), value("t", [2], type)],
      });
    expect(() => raiseOpset(like(TensorProto_DataType.FLOAT8E4M3FNUZ), 25)).toThrow(/CastLike/);
    expect(() => raiseOpset(like(FLOAT16), 25)).not.toThrow();
  });

  it("convolutions, Gemm, recurrent layers and elementwise operators keep their bits", async () => {
    const convolutional = at(7, {
      inputs: [value("x", [1, 3, 8, 8])],
      outputs: [untyped("y"), untyped("t")],
      initializers: [
        weights("w", [4, 3, 3, 3]),
        weights("b", [4]),
        weights("d", [4, 2, 2, 2]),
        weights("g", [4, 5]),
        weights("c", [5]),
        weights("p", [4, 1, 1]),
      ],
      nodes: [
        node("Conv", ["x", "w", "b"], ["h1"], { pads: [1, 1, 1, 1], strides: [2, 2] }),
        node("PRelu", ["h1", "p"], ["h2"]),
        node("LRN", ["h2"], ["h3"], { size: 3 }),
        node("ConvTranspose", ["h3", "d"], ["t"], { strides: [2, 2] }),
        node("GlobalAveragePool", ["h3"], ["h4"]),
        node("Flatten", ["h4"], ["h5"]),
        node("Gemm", ["h5", "g", "c"], ["h6"]),
        node("LeakyRelu", ["h6"], ["h7"]),
        node("HardSigmoid", ["h7"], ["h8"]),
        node("Max", ["h8", "h7"], ["y"]),
      ],
    });
    await expectSame(convolutional, { x: floats([1, 3, 8, 8], 0.01) }, [10, 13, 21, 25]);
    for (const [opType, gates] of [
      ["LSTM", 4],
      ["GRU", 3],
      ["RNN", 1],
    ] as const) {
      const recurrent = oneNode(
        7,
        [3, 2, 4],
        node(opType, ["x", "w", "r"], ["y", "h"], { hidden_size: 5 }),
        {
          initializers: [weights("w", [1, 5 * gates, 4]), weights("r", [1, 5 * gates, 5])],
        },
      );
      await expectSame(recurrent, { x: floats([3, 2, 4], 0.1) });
    }
  });

  it("quantized operators of opset 10", async () => {
    const proto = at(10, {
      inputs: [value("x", [4, 5])],
      outputs: [untyped("y")],
      initializers: [weights("s", [], [0.05])],
      nodes: [
        node("QuantizeLinear", ["x", "s"], ["q"]),
        node("DequantizeLinear", ["q", "s"], ["y"]),
      ],
    });
    await expectSame(proto, { x: floats([4, 5]) });
  });
});

describe("raiseOpset: hostile models", () => {
  it("ends in a typed error or a model for flipped bytes (property)", () => {
    const inner = graph({
      outputs: [untyped("o")],
      nodes: [
        node("Clip", ["x"], ["c"], { max: { f: 1 } }),
        node("Softmax", ["c"], ["o"], { axis: 0 }),
      ],
    });
    const bytes = bytesOf(
      at(7, {
        inputs: [value("x", [2, 3]), value("flag", [], BOOL)],
        outputs: [untyped("y")],
        initializers: [weights("w", [4], [1, 1, 2, 2])],
        nodes: [
          node("If", ["flag"], ["a"], { then_branch: inner, else_branch: inner }),
          node("Slice", ["a"], ["b"], { starts: [0], ends: [1] }),
          node("Pad", ["b"], ["c"], { pads: [0, 1, 0, 1], value: { f: 2 } }),
          node("Upsample", ["c"], ["d"], { scales: { floats: [2, 1] } }),
          node("ReduceSum", ["d"], ["e"], { axes: [0] }),
          node("Split", ["e"], ["y", "z"], { split: [1, 1] }),
        ],
      }),
    );
    const flips = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    const check = fc.property(flips, fc.integer({ min: 8, max: 26 }), (changes, target) => {
      const mutated = bytes.slice();
      for (const [index, bits] of changes) mutated[index]! ^= bits;
      try {
        raiseOpset(decodeModel(mutated), target);
      } catch (error) {
        expect(error).toBeInstanceOf(QuantevoError);
      }
    });
    fc.assert(check, { numRuns: 1000, seed: 11 });
  });

  it("takes time in proportion to a long chain of equal names", () => {
    const nodes = Array.from({ length: 20_000 }, (_, i) =>
      node("Clip", [`t${i}`], [`t${i + 1}`], { min: { f: 0 } }, "same"),
    );
    const proto = at(10, { inputs: [value("t0", [2])], outputs: [untyped("t20000")], nodes });
    const raised = raiseOpset(proto, 25).graph!.node;
    expect(raised).toHaveLength(40_000);
    expect(new Set(raised.flatMap(({ output }) => output)).size).toBe(40_000);
  });
});

describe("raiseOpset: subgraphs and functions", () => {
  it("If and Loop bodies", async () => {
    const branch = (name: string, axis: number) =>
      graph({
        name,
        outputs: [untyped(`${name}_out`)],
        nodes: [
          node("Softmax", ["x"], [`${name}_s`], { axis }),
          node("Clip", [`${name}_s`], [`${name}_c`], { max: { f: 0.3 } }),
          node("Unsqueeze", [`${name}_c`], [`${name}_out`], { axes: [0] }),
        ],
      });
    const body = graph({
      name: "body",
      inputs: [value("i", [], INT64), value("go", [], BOOL), value("state", [2, 3])],
      outputs: [value("go_out", [], BOOL), untyped("state_out")],
      nodes: [
        node("Identity", ["go"], ["go_out"]),
        node("ReduceMean", ["state"], ["m"], { axes: [1] }),
        node("Sub", ["state", "m"], ["state_d"]),
        node("Pad", ["state_d"], ["state_p"], { pads: [0, 0, 0, 1] }),
        node("Slice", ["state_p"], ["state_out"], { starts: [1], ends: [4], axes: [1] }),
      ],
    });
    const proto = at(9, {
      inputs: [value("x", [2, 3]), value("flag", [], BOOL)],
      outputs: [untyped("y"), untyped("z")],
      initializers: [integers("n", [3], [])],
      nodes: [
        node("If", ["flag"], ["y"], {
          then_branch: branch("then", 0),
          else_branch: branch("else", 1),
        }),
        node("Loop", ["n", "", "x"], ["z"], { body }),
      ],
    });
    for (const flag of [0, 1])
      await expectSame(
        proto,
        { x: floats([2, 3]), flag: new Tensor("bool", Uint8Array.of(flag), []) },
        [10, 13, 21, 25],
      );
  });

  it("model-local functions, from their own opset", async () => {
    const fn = create(FunctionProtoSchema, {
      name: "Head",
      domain: "local",
      input: ["a"],
      output: ["b"],
      opsetImport: [{ domain: "", version: 12n }],
      node: [
        node("ReduceSum", ["a"], ["r"], { axes: [1], keepdims: 1 }),
        node("Softmax", ["r"], ["b"], { axis: 0 }),
      ],
    });
    const proto = oneNode(12, [2, 3], node("Head", ["x"], ["y"], {}, "", "local"));
    proto.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: "local", version: 1n }));
    proto.functions = [fn];
    await expectSame(proto, { x: floats([2, 3]) }, [13, 21, 25]);
    const raised = raiseOpset(proto, 21);
    expect(raised.functions[0]!.opsetImport[0]!.version).toBe(21n);
    expect(fn.opsetImport[0]!.version).toBe(12n);
    fn.opsetImport = [];
    expect(raiseOpset(proto, 21).functions[0]).toBe(fn);
  });

  it("refuses a function parameter that would have to become an input", () => {
    const softmax = node("ReduceSum", ["a"], ["b"]);
    softmax.attribute = [
      create(AttributeProtoSchema, {
        name: "axes",
        type: AttributeProto_AttributeType.INTS,
        refAttrName: "axes",
      }),
    ];
    const proto = oneNode(12, [2, 3], node("Head", ["x"], ["y"], {}, "", "local"));
    proto.functions = [
      create(FunctionProtoSchema, {
        name: "Head",
        domain: "local",
        input: ["a"],
        output: ["b"],
        attribute: ["axes"],
        opsetImport: [{ domain: "", version: 12n }],
        node: [softmax],
      }),
    ];
    expect(() => raiseOpset(proto, 13)).toThrow(/parameter of the function/);
  });
});
