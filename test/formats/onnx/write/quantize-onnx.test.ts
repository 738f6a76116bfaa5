import { describe, expect, it } from "vitest";
import { addCalibrationMethod, calibrate } from "../../../../src/calibration/index.js";
import { SliceSource } from "../../../../src/calibration/sources/slice-source.js";
import { InvalidArgumentError, UnsupportedError } from "../../../../src/errors.js";
import { makeTensor } from "../../../../src/formats/onnx/graph/make-tensor.js";
import { loadOnnxModel } from "../../../../src/formats/onnx/read/load-onnx-model.js";
import type { OnnxModel } from "../../../../src/formats/onnx/read/onnx-model.js";
import { calibrateActivations } from "../../../../src/formats/onnx/session/calibrate-activations.js";
import {
  decodeModel,
  type ModelWithGraph,
} from "../../../../src/formats/onnx/wire/decode-model.js";
import { TensorProto_DataType as DataType } from "../../../../src/formats/onnx/wire/onnx_pb.js";
import {
  quantizeOnnx,
  quantizeOnnxWithReport,
} from "../../../../src/formats/onnx/write/quantize-onnx.js";
import { WEIGHT_BITS } from "../../../../src/genes/bits.js";
import { LayerQuantConfig } from "../../../../src/genome/layer-quant-config.js";
import { inversePermutation, permuteAxes } from "../../../../src/numeric/permute-axes.js";
import { fakeQuantize, packedByteLength } from "../../../../src/quantization/index.js";
import { attribute, bytesOf, model, node, value, weights } from "../graph-builder.js";
import { relativeDifference, runModel, uniform } from "../run-model.js";
import { convNet, normals, SMALL_MODELS } from "../small-models.js";

const floats = { activationBits: 32 } as const;

/**
 * The float model with the values of its weights replaced, the slow and obvious way to quantize.
 */
function withWeights(loaded: OnnxModel, replace: (layer: string) => Float32Array): Uint8Array {
  const proto = decodeModel(loaded.bytes.slice());
  for (const { layer, weight } of loaded.bindings) {
    const values = replace(layer);
    const made = (dims: readonly bigint[]) =>
      makeTensor(weight, dims.map(Number), DataType.FLOAT, new Uint8Array(values.slice().buffer));
    proto.graph.initializer = proto.graph.initializer.map((t) =>
      t.name === weight ? made(t.dims) : t,
    );
    for (const at of proto.graph.node)
      if (at.opType === "Constant" && at.output[0] === weight)
        at.attribute = [attribute("value", made(at.attribute[0]?.t?.dims ?? []))];
  }
  return bytesOf(proto);
}

function reference(loaded: OnnxModel, config: LayerQuantConfig): Uint8Array {
  return withWeights(loaded, (name) => {
    const layer = loaded.layers.find((one) => one.name === name);
    if (layer?.weights === undefined || layer.weightLayout === undefined) throw new Error(name);
    const { shape, channelAxis, groupAxis, order } = layer.weightLayout;
    const stored = (values: Float32Array) => {
      if (order === undefined) return values;
      const extents = order.permutation.map((axis) => order.shape[axis]!);
      return permuteAxes(values, extents, inversePermutation(order.permutation));
    };
    if (config.weightBits === 32) return stored(layer.weights);
    const grouped = config.granularity === "per-group";
    const params = calibrate(layer.weights, {
      bits: config.weightBits,
      scheme: config.weightBits < 2 ? "symmetric" : config.weightScheme,
      method: "mse",
      granularity: config.granularity,
      shape,
      axis: grouped ? groupAxis : channelAxis,
      groupSize: config.groupSize,
      narrowRange:
        config.useSymmetric && config.weightScheme !== "asymmetric" && config.weightBits >= 2,
    });
    return stored(fakeQuantize(layer.weights, params));
  });
}

function opsetOf(proto: ModelWithGraph): number {
  return Number(proto.opsetImport[0]?.version);
}

describe("quantizeOnnx", () => {
  for (const [name, make] of Object.entries(SMALL_MODELS)) {
    const float32 = name !== "float16" && name !== "double";
    it(`${name}: weights of every width, granularity and scheme mean what the kernels say`, async () => {
      const { proto, inputs } = make();
      const loaded = await loadOnnxModel(bytesOf(proto));
      for (const weightBits of WEIGHT_BITS)
        for (const granularity of ["per-tensor", "per-channel", "per-group"] as const)
          for (const weightScheme of ["symmetric", "asymmetric", "power-of-two"] as const) {
            // Schemes are the same thing for binary, ternary and float weights.
            if ((weightBits < 2 || weightBits === 32) && weightScheme !== "symmetric") continue;
            const config = new LayerQuantConfig({
              ...{ weightBits, granularity, weightScheme, groupSize: 16, activationBits: 32 },
            });
            const bytes = await quantizeOnnx(loaded, uniform(loaded, config));
            const got = await runModel(bytes, inputs, "basic");
            // Only layers stored as float32 can be replaced by float32 values; the others are
            // compared to the layer's own.
            if (!float32) {
              expect(got.every(Number.isFinite)).toBe(true);
              continue;
            }
            const expected = await runModel(reference(loaded, config), inputs, "basic");
            const label = `${weightBits} ${granularity} ${weightScheme}`;
            expect(relativeDifference(got, expected), label).toBeLessThan(1e-5);
          }
    });

    it(`${name}: runs at the default optimization level with every pair of widths`, async () => {
      const { proto, inputs } = make();
      const loaded = await loadOnnxModel(bytesOf(proto));
      const activationRanges = await calibrateActivations(loaded, [inputs]);
      for (const weightBits of [1.58, 2, 4, 8, 16, 32] as const)
        for (const activationBits of [4, 8, 16, 32] as const)
          for (const activationScheme of ["symmetric", "asymmetric"] as const)
            for (const granularity of ["per-tensor", "per-channel", "per-group"] as const) {
              const genome = uniform(loaded, {
                weightBits,
                activationBits,
                activationScheme,
                granularity,
              });
              const bytes = await quantizeOnnx(loaded, genome, { activationRanges });
              const exact = await runModel(bytes, inputs, "disabled");
              const fused = await runModel(bytes, inputs, "all");
              const label = `w${weightBits} a${activationBits} ${activationScheme} ${granularity}`;
              expect(relativeDifference(fused, exact), label).toBeLessThan(0.1);
            }
    });
  }

  it("keeps float16 weights float16, with scales that are float16", async () => {
    const { proto, inputs } = SMALL_MODELS.float16!();
    const loaded = await loadOnnxModel(bytesOf(proto));
    const float = await runModel(loaded.bytes, inputs);
    for (const activationBits of [8, 32] as const) {
      const genome = uniform(loaded, { weightBits: 8, activationBits });
      const bytes = await quantizeOnnx(loaded, genome, { calibration: [inputs] });
      const { graph } = decodeModel(bytes);
      expect(graph.initializer.find((t) => t.name === "w_scale")?.dataType).toBe(DataType.FLOAT16);
      expect(graph.node.filter((n) => n.opType === "Cast").length).toBe(5);
      expect(relativeDifference(await runModel(bytes, inputs), float)).toBeLessThan(0.03);
    }
    const eight = await quantizeOnnx(
      loaded,
      uniform(loaded, { weightBits: 8, activationBits: 32 }),
    );
    expect(relativeDifference(await runModel(eight, inputs), float)).toBeLessThan(0.01);
  });

  it("goes through float32 for doubles, and for float16 with scales out of its range", async () => {
    const { proto, inputs } = SMALL_MODELS.double!();
    const loaded = await loadOnnxModel(bytesOf(proto));
    const bytes = await quantizeOnnx(loaded, uniform(loaded, { activationBits: 16 }), {
      calibration: [inputs],
    });
    expect(decodeModel(bytes).graph.node.filter((n) => n.opType === "Cast").length).toBe(6);
    expect(
      relativeDifference(await runModel(bytes, inputs), await runModel(loaded.bytes, inputs)),
    ).toBeLessThan(0.03);

    const small = SMALL_MODELS.float16!();
    const tensor = small.proto.graph?.initializer[0];
    if (tensor === undefined) throw new Error("no weights");
    tensor.rawData = Uint8Array.from({ length: tensor.rawData.length }, (_, i) =>
      i % 2 === 0 ? i : 0,
    );
    const tiny = await loadOnnxModel(bytesOf(small.proto));
    const quantized = await quantizeOnnx(
      tiny,
      uniform(tiny, { ...floats, granularity: "per-tensor" }),
    );
    expect(
      decodeModel(quantized).graph.initializer.find((t) => t.name === "w_scale")?.dataType,
    ).toBe(DataType.FLOAT);
    await runModel(quantized, small.inputs);
  });

  it("stores weights packed, at the width of their ONNX type", async () => {
    const loaded = await loadOnnxModel(bytesOf(convNet().proto));
    const count = 4 * 27;
    const expected = [
      ...([1, 1.58, 2] as const).map((bits) => [bits, DataType.INT2, count / 4] as const),
      ...([3, 4] as const).map((bits) => [bits, DataType.INT4, count / 2] as const),
      ...([5, 6, 8] as const).map((bits) => [bits, DataType.INT8, count] as const),
      [16, DataType.INT16, 2 * count] as const,
    ];
    for (const [weightBits, dataType, bytes] of expected) {
      const report = await quantizeOnnxWithReport(
        loaded,
        uniform(loaded, { ...floats, weightBits }),
      );
      const { graph } = decodeModel(report.bytes);
      const stored = graph.initializer.find(({ name }) => name === "c1.w_q");
      expect(stored?.dataType, String(weightBits)).toBe(dataType);
      expect(stored?.rawData.length, String(weightBits)).toBe(bytes);
      expect(graph.initializer.some(({ name }) => name === "c1.w")).toBe(false);
      const [first] = report.layers;
      expect(first?.sizeBytes).toBe(packedByteLength(count, weightBits) + 4 * 4);
      const zeroPoints =
        graph.initializer.find(({ name }) => name === "c1.w_zero_point")?.rawData.length ?? 0;
      const shape =
        graph.initializer.find(({ name }) => name === "c1.w_shape")?.rawData.length ?? 0;
      expect(first?.storedBytes).toBe(bytes + 16 + zeroPoints + shape);
      expect(report.storedBytes).toBeGreaterThanOrEqual(report.sizeBytes);
    }
  });

  it("asks for the least opset that the formats need, and never lowers it", async () => {
    const loaded = await loadOnnxModel(
      bytesOf(SMALL_MODELS["initializers that are inputs, opset 9"]!().proto),
    );
    const opset = async (fields: Parameters<typeof uniform>[1]) =>
      opsetOf(decodeModel(await quantizeOnnx(loaded, uniform(loaded, { ...floats, ...fields }))));
    expect(await opset({ weightBits: 32 })).toBe(9);
    // Not 10: ONNX Runtime could not then quantize biases of its own accord.
    expect(await opset({ granularity: "per-tensor" })).toBe(13);
    expect(await opset({ granularity: "per-channel" })).toBe(13);
    expect(await opset({ granularity: "per-group" })).toBe(13);
    expect(await opset({ weightBits: 4, granularity: "per-tensor" })).toBe(21);
    expect(await opset({ weightBits: 16 })).toBe(13);
    expect(await opset({ weightBits: 2 })).toBe(25);
    const late = await loadOnnxModel(bytesOf(convNet(26).proto));
    const bytes = await quantizeOnnx(late, uniform(late, { ...floats, weightBits: 4 }));
    expect(opsetOf(decodeModel(bytes))).toBe(26);
    await runModel(bytes, convNet().inputs);
  });

  it.each([
    [13, 4],
    [18, 4],
    [19, 9],
    [20, 9],
    [21, 10],
    [24, 10],
    [25, 13],
  ])("says the least IR version that has the types of opset %i, which is %i", async (opset, ir) => {
    // A file of this opset already, so that no raising of it says a version.
    const { proto } = convNet(opset);
    const written = async (given: bigint) => {
      proto.irVersion = given;
      const loaded = await loadOnnxModel(bytesOf(proto));
      const bytes = await quantizeOnnx(loaded, uniform(loaded, floats));
      const { irVersion, opsetImport } = decodeModel(bytes);
      expect(Number(opsetImport[0]!.version)).toBe(opset);
      return Number(irVersion);
    };
    expect(await written(3n)).toBe(ir);
    expect(await written(BigInt(ir))).toBe(ir);
    expect(await written(14n)).toBe(14);
  });

  it("drops the graph input of a replaced initializer, and initializers that nothing reads", async () => {
    const loaded = await loadOnnxModel(
      bytesOf(SMALL_MODELS["initializers that are inputs, opset 9"]!().proto),
    );
    const { graph, irVersion } = decodeModel(await quantizeOnnx(loaded, uniform(loaded, floats)));
    expect(graph.input.map(({ name }) => name)).toEqual(["x"]);
    expect(graph.initializer.map(({ name }) => name).sort()).toEqual(["w_q", "w_scale"]);
    expect(irVersion).toBeGreaterThanOrEqual(4n);
  });

  it("leaves the shape of an output open that is declared to have no dimensions", async () => {
    const proto = model({
      inputs: [value("x", ["n", 8])],
      outputs: [value("y", [])],
      initializers: [weights("w", [8, 5])],
      nodes: [node("MatMul", ["x", "w"], ["y"])],
    });
    const loaded = await loadOnnxModel(bytesOf(proto));
    const { graph } = decodeModel(await quantizeOnnx(loaded, uniform(loaded, floats)));
    const type = graph.output[0]!.type!.value;
    expect(type.case === "tensorType" && type.value.shape).toBeUndefined();
    expect(type.case === "tensorType" && type.value.elemType).toBe(DataType.FLOAT);
  });

  it("leaves the model that it was given as it was, and gives equal bytes for equal arguments", async () => {
    const { proto, inputs } = convNet();
    const loaded = await loadOnnxModel(bytesOf(proto));
    const before = bytesOf(loaded.proto);
    const genome = uniform(loaded, { weightBits: 4 });
    const first = await quantizeOnnx(loaded, genome, { calibration: [inputs] });
    await quantizeOnnx(loaded, uniform(loaded, { ...floats, weightBits: 2 }));
    expect(bytesOf(loaded.proto)).toEqual(before);
    const again = await loadOnnxModel(bytesOf(proto));
    expect(await quantizeOnnx(again, genome, { calibration: [inputs] })).toEqual(first);
    expect(await quantizeOnnx(loaded, uniform(loaded, { ...floats, weightBits: 32 }))).toEqual(
      before,
    );
  });

  it("shares the QuantizeLinear of uses that quantize one tensor alike", async () => {
    const proto = model({
      inputs: [value("x", ["n", 200])],
      outputs: [value("y", ["n", 160])],
      initializers: ["a", "b", "c"].map((name) => weights(name, [200, 160])),
      nodes: [
        node("MatMul", ["x", "a"], ["ya"], {}, "a"),
        node("MatMul", ["x", "b"], ["yb"], {}, "b"),
        node("MatMul", ["x", "c"], ["yc"], {}, "c"),
        node("Sum", ["ya", "yb", "yc"], ["y"]),
      ],
    });
    const loaded = await loadOnnxModel(bytesOf(proto));
    const calibration = [{ x: { data: normals("shared", 800), dims: [4, 200] } }];
    const eight = uniform(loaded, {});
    const mixed = eight.with({
      layerConfigs: new Map(eight.layerConfigs).set(
        "c",
        new LayerQuantConfig({ activationBits: 16 }),
      ),
    });
    const count = async (genome: typeof eight) =>
      decodeModel(await quantizeOnnx(loaded, genome, { calibration })).graph.node.filter(
        ({ opType }) => opType === "QuantizeLinear",
      ).length;
    expect(await count(eight)).toBe(1);
    expect(await count(mixed)).toBe(2);
  });

  it("copes with names that are taken", async () => {
    const proto = model({
      inputs: [value("x", ["n", 8])],
      outputs: [value("w_q", ["n", 5])],
      initializers: [weights("w", [8, 5]), weights("w_scale", [5])],
      nodes: [
        node("MatMul", ["x", "w"], ["x_q"], {}, "m"),
        node("Add", ["x_q", "w_scale"], ["w_q"]),
      ],
    });
    const loaded = await loadOnnxModel(bytesOf(proto));
    const x = { data: normals("taken", 32), dims: [4, 8] };
    const bytes = await quantizeOnnx(loaded, uniform(loaded, {}), { calibration: [{ x }] });
    expect(
      relativeDifference(await runModel(bytes, { x }), await runModel(loaded.bytes, { x })),
    ).toBeLessThan(0.03);
  });

  it("reports the scales and zero points that it wrote", async () => {
    const { proto, inputs } = convNet();
    const loaded = await loadOnnxModel(bytesOf(proto));
    const { layers, bytes } = await quantizeOnnxWithReport(loaded, uniform(loaded, {}), {
      calibration: [inputs],
    });
    const { graph } = decodeModel(bytes);
    const scale = graph.initializer.find(({ name }) => name === "c2.w_scale");
    expect(new Float32Array((scale?.rawData ?? new Uint8Array()).slice().buffer)).toEqual(
      layers[1]?.weight?.scale,
    );
    const activation = graph.initializer.find(({ name }) => name === "r1_scale");
    expect(new Float32Array((activation?.rawData ?? new Uint8Array()).slice().buffer)[0]).toBe(
      layers[1]?.activation?.scale,
    );
    expect(layers[1]?.activation?.zeroPoint).toBe(0);
    expect(layers.map(({ layer }) => layer)).toEqual(loaded.layers.map(({ name }) => name));
  });

  it("watches activations for custom methods, with their own observers", async () => {
    const values: number[] = [];
    const calibrationMethod = addCalibrationMethod({
      name: "all-seen",
      code: 77,
      reach: 3,
      range: ({ min, max }) => ({ low: min, high: max }),
      observer: () => ({
        observe: (batch) => values.push(...batch.subarray(0, 1)),
        source: () => Object.assign(new SliceSource(), { min: -2, max: 2 }),
      }),
    });
    const { proto, inputs } = convNet();
    const loaded = await loadOnnxModel(bytesOf(proto));
    const genome = uniform(loaded, { calibrationMethod });
    const { layers } = await quantizeOnnxWithReport(loaded, genome, { calibration: [inputs] });
    expect(values.length).toBeGreaterThan(0);
    expect(layers[1]?.activation?.scale).toBe(Math.fround(4 / 255));
  });

  it("refuses genomes of other models and missing calibration, by name", async () => {
    const { proto } = convNet();
    const loaded = await loadOnnxModel(bytesOf(proto));
    const genome = uniform(loaded, floats);
    const less = genome.with({ layerConfigs: new Map([...genome.layerConfigs].slice(1)) });
    await expect(quantizeOnnx(loaded, less)).rejects.toThrow(/"c1"/);
    const more = genome.with({
      layerConfigs: new Map(genome.layerConfigs).set("__proto__", new LayerQuantConfig()),
    });
    await expect(quantizeOnnx(loaded, more)).rejects.toThrow(/no layer "__proto__"/);
    await expect(quantizeOnnx(loaded, uniform(loaded, {}))).rejects.toThrow(InvalidArgumentError);
    await expect(quantizeOnnx(loaded, uniform(loaded, {}))).rejects.toThrow(/calibration/);
    const other = await loadOnnxModel(bytesOf(SMALL_MODELS.matmul!().proto));
    const activationRanges = await calibrateActivations(other, [SMALL_MODELS.matmul!().inputs]);
    await expect(quantizeOnnx(loaded, uniform(loaded, {}), { activationRanges })).rejects.toThrow(
      /no range of tensor "r\d"/,
    );
    expect(() => activationRanges.format("x", new LayerQuantConfig(floats), "mse")).toThrow(
      UnsupportedError,
    );
  });
});
