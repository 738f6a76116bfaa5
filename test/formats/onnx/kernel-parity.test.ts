import fc from "fast-check";
import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { calibrate } from "../../../src/calibration/index.js";
import { codeStorage } from "../../../src/deploy/storage.js";
import { makeNode } from "../../../src/formats/onnx/graph/make-node.js";
import { makeTensor } from "../../../src/formats/onnx/graph/make-tensor.js";
import { ModelNames } from "../../../src/formats/onnx/opset/model-names.js";
import { activationNodes } from "../../../src/formats/onnx/write/activation-nodes.js";
import { scaleTensor, zeroPointTensor } from "../../../src/formats/onnx/write/scale-tensors.js";
import { ONNX_WIDTHS, storageType } from "../../../src/formats/onnx/write/storage-type.js";
import {
  dequantize,
  fakeQuantize,
  type IntegerBits,
  packBits,
  type QuantizationParams,
  quantize,
  scaleShape,
} from "../../../src/quantization/index.js";
import { bytesOf, model, value } from "./graph-builder.js";
import { normals } from "./small-models.js";

async function run(
  bytes: Uint8Array,
  x: Float32Array,
  dims: readonly number[],
): Promise<ort.InferenceSession.ReturnType> {
  const session = await ort.InferenceSession.create(bytes, {
    graphOptimizationLevel: "disabled",
    logSeverityLevel: 4,
  });
  const results = await session.run({ x: new ort.Tensor("float32", x, dims) });
  await session.release();
  return results;
}

/** The ONNX type that codes of weights are stored in. */
const weightStorage = (bits: IntegerBits, signed: boolean) =>
  storageType(codeStorage(bits, signed, ONNX_WIDTHS.weights));

/** QuantizeLinear and DequantizeLinear with the parameters, as a model of two outputs. */
function roundTrip(params: QuantizationParams): Uint8Array {
  const { bits, signed, granularity, axis, groupSize, shape } = params;
  const storage = weightStorage(bits, signed);
  const dims = scaleShape(shape, granularity, axis, groupSize);
  const attributes: Record<string, number> =
    granularity === "per-tensor"
      ? {}
      : { axis, ...(granularity === "per-group" && { block_size: groupSize }) };
  return bytesOf(
    model({
      opset: storage.opset === 25 ? 25 : 21,
      inputs: [value("x", [...shape])],
      outputs: [value("y", [...shape])],
      initializers: [
        scaleTensor("s", dims, params.scale, false),
        zeroPointTensor("z", dims, params.zeroPoint, storage),
        makeTensor(
          "w",
          shape,
          storage.dataType,
          packBits(quantize(normals("codes", shape[0]! * shape[1]!), params), storage.bits),
        ),
      ],
      nodes: [
        makeNode("QuantizeLinear", "", ["x", "s", "z"], ["q"], attributes),
        makeNode("DequantizeLinear", "", ["q", "s", "z"], ["y0"], attributes),
        makeNode("DequantizeLinear", "", ["w", "s", "z"], ["wd"], attributes),
        makeNode("Add", "", ["y0", "wd"], ["y1"]),
        makeNode("Sub", "", ["y1", "wd"], ["y2"]),
        makeNode("Identity", "", ["y0"], ["y"]),
      ],
    }),
  );
}

describe("QuantizeLinear and DequantizeLinear of ONNX Runtime against our kernels, bit for bit", () => {
  for (const bits of [2, 4, 8, 16] as const)
    for (const scheme of ["symmetric", "asymmetric"] as const)
      for (const granularity of ["per-tensor", "per-channel", "per-group"] as const)
        it(`${bits} bits, ${scheme}, ${granularity}`, async () => {
          const shape = [6, 35];
          const params = calibrate(normals("ranges", 210), {
            ...{ bits, scheme, method: "mse", granularity, shape },
            axis: granularity === "per-group" ? 1 : 0,
            groupSize: 16,
          });
          // Beyond the range, on the ties between two codes, and zero.
          const x = normals("values", 210).map((v, i) => {
            const scale = params.scale[0]!;
            return i % 3 === 0 ? (Math.round(v * 3) + 0.5) * scale : i % 7 === 0 ? 0 : v * 3;
          });
          const results = await run(roundTrip(params), x, shape);
          expect(results.y?.data).toEqual(fakeQuantize(x, params));
        });

  it("dequantizes stored weights of every type to our values", async () => {
    for (const bits of [1, 1.58, 2, 3, 4, 5, 6, 8, 16] as const)
      for (const granularity of ["per-tensor", "per-channel", "per-group"] as const)
        for (const scheme of ["symmetric", "asymmetric", "power-of-two"] as const) {
          const shape = [5, 7];
          const values = normals(`weights ${bits}`, 35);
          const params = calibrate(values, {
            ...{ bits, scheme, method: "mse", granularity, shape, groupSize: 4 },
            axis: granularity === "per-group" ? 1 : 0,
          });
          const storage = weightStorage(bits, params.signed);
          const codes = quantize(values, params);
          const dims = scaleShape(shape, granularity, params.axis, params.groupSize);
          const attributes: Record<string, number> =
            granularity === "per-tensor"
              ? {}
              : { axis: params.axis, ...(granularity === "per-group" && { block_size: 4 }) };
          const bytes = bytesOf(
            model({
              opset: 25,
              inputs: [value("x", [1])],
              outputs: [value("w", shape), value("y", [1])],
              initializers: [
                makeTensor("q", shape, storage.dataType, packBits(codes, storage.bits)),
                scaleTensor("s", dims, params.scale, false),
                zeroPointTensor("z", dims, params.zeroPoint, storage),
              ],
              nodes: [
                makeNode("DequantizeLinear", "", ["q", "s", "z"], ["w"], attributes),
                makeNode("Identity", "", ["x"], ["y"]),
              ],
            }),
          );
          const results = await run(bytes, Float32Array.of(0), [1]);
          expect(results.w?.data, `${bits} ${granularity} ${scheme}`).toEqual(
            dequantize(codes, params),
          );
        }
  });
});

describe("activationNodes", () => {
  it("gives the values of our kernels at every width, 4 bits in 8 included", async () => {
    const samples = fc.sample(
      fc.record({
        bits: fc.constantFrom(4, 8, 16),
        scheme: fc.constantFrom("symmetric", "asymmetric", "power-of-two"),
        spread: fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        shift: fc.double({ min: -2, max: 2, noNaN: true }),
      }),
      { numRuns: 40, seed: 7 },
    );
    for (const [i, { bits, scheme, spread, shift }] of samples.entries()) {
      const x = normals(`activation ${i}`, 400).map((v) => (v + shift) * spread);
      const range = x.subarray(0, 60);
      const params = calibrate(range, {
        bits: bits as 4 | 8 | 16,
        scheme: scheme as "symmetric",
        method: "percentile",
      });
      const whole = { ...params, shape: [400] };
      const codes = codeStorage(params.bits, params.signed, ONNX_WIDTHS.activations);
      expect(codes.bits).toBe(bits === 4 ? 8 : bits);
      const base = model({
        opset: 21,
        inputs: [value("x", [400])],
        outputs: [value("y", [400])],
        nodes: [],
      });
      for (const floatWeights of [false, true]) {
        const part = activationNodes(
          {
            ...{ tensor: "x", role: "activation", format: "integer", readers: [] },
            parameters: params,
            storage: { ...codes, floatType: "float32", float16Scale: false },
          },
          floatWeights,
          new ModelNames(base),
        );
        const bytes = bytesOf(
          model({
            opset: 21,
            inputs: [value("x", [400])],
            outputs: [value("y", [400])],
            initializers: part.initializers,
            nodes: [...part.nodes, makeNode("Identity", "", [part.output], ["y"])],
          }),
        );
        const results = await run(bytes, x, [400]);
        expect(results.y?.data, `${bits} ${scheme}`).toEqual(fakeQuantize(x, whole));
      }
    }
  });
});
