import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import {
  TensorProto_DataType as DataType,
  TensorProtoSchema,
} from "../../src/formats/onnx/wire/onnx_pb.js";
import {
  codeRange,
  dequantize,
  type IntegerBits,
  packBits,
  type QuantizationParams,
  quantize,
  scaleShape,
} from "../../src/quantization/index.js";
import { setSimdEnabled } from "../../src/simd/simd.js";
import { bytesOf, model, node, value, weights } from "../formats/onnx/graph-builder.js";
import { type Case, cases, paramsOf, tensor } from "./tensors.js";

const TYPES: Readonly<Record<string, { bits: IntegerBits; signed: boolean; type: DataType }>> = {
  int8: { bits: 8, signed: true, type: DataType.INT8 },
  uint8: { bits: 8, signed: false, type: DataType.UINT8 },
  int16: { bits: 16, signed: true, type: DataType.INT16 },
  uint16: { bits: 16, signed: false, type: DataType.UINT16 },
  int4: { bits: 4, signed: true, type: DataType.INT4 },
  uint4: { bits: 4, signed: false, type: DataType.UINT4 },
};

const tame: ReadonlySet<string> = new Set([
  "normal",
  "ties",
  "zeros",
  "equal",
  "denormals",
  "sparse",
]);

/**
 * Values through QuantizeLinear, and its codes cast to float; and those codes through
 * DequantizeLinear.
 */
async function throughOrt(values: Float32Array, params: QuantizationParams, type: DataType) {
  const { shape, granularity, axis, groupSize, scale, zeroPoint, bits } = params;
  const scaleDims = scaleShape(shape, granularity, axis, groupSize);
  const attributes = { axis, ...(granularity === "per-group" ? { block_size: groupSize } : {}) };
  const zeros = zeroPoint.length === 0 ? new Int8Array(0) : zeroPoint;
  const signed = params.signed;
  const wide =
    bits === 16 ? (signed ? Int16Array.from(zeros) : Uint16Array.from(zeros)) : undefined;
  const narrow = signed ? Int8Array.from(zeros) : Uint8Array.from(zeros);
  const packed = packBits(wide ?? narrow, bits);
  const zero = create(TensorProtoSchema, {
    name: "z",
    dims: scaleDims.map(BigInt),
    dataType: type,
    rawData: packed,
  });
  const proto = model({
    opset: 21,
    inputs: [value("x", [...shape])],
    outputs: [value("codes", [...shape]), value("y", [...shape])],
    initializers: [weights("s", scaleDims, scale), zero],
    nodes: [
      node("QuantizeLinear", ["x", "s", "z"], ["q"], attributes),
      node("Cast", ["q"], ["codes"], { to: DataType.FLOAT }),
      node("DequantizeLinear", ["q", "s", "z"], ["y"], attributes),
    ],
  });
  proto.irVersion = 10n;
  const session = await InferenceSession.create(bytesOf(proto), {
    graphOptimizationLevel: "disabled",
    intraOpNumThreads: 1,
  });
  const result = await session.run({ x: new Tensor("float32", values, [...shape]) });
  await session.release();
  return { codes: result.codes!.data as Float32Array, y: result.y!.data as Float32Array };
}

describe("ONNX Runtime's QuantizeLinear and DequantizeLinear", () => {
  for (const [name, { bits, signed, type }] of Object.entries(TYPES))
    it(`give the same for ${name}, per-tensor, per-axis and blocked`, async () => {
      await fc.assert(
        fc.asyncProperty(cases, async (drawn) => {
          // Quotients past int32 are left open by the specification, and blocks longer than the
          // axis refused.
          const kind = tame.has(drawn.kind) ? drawn.kind : "ties";
          const groupSize = Math.min(drawn.groupSize, Math.max(1, drawn.shape[drawn.axis]!));
          const format = { bits, signed, narrowRange: false, scheme: "asymmetric" } as const;
          const c: Case = { ...drawn, ...format, kind, groupSize };
          const length = c.shape.reduce((a, b) => a * b, 1);
          fc.pre(length > 0);
          const params = paramsOf(c);
          const scale = params.scale.map((s) => (s < 1e-30 || s > 1e30 ? 0.05 : s));
          const tamed = { ...params, scale };
          const values = tensor(kind, length, c.seed);
          // ONNX Runtime takes a single scale for a per-tensor one and refuses the block size then.
          fc.pre(c.granularity !== "per-group" || scale.length > 1);
          const { qMin, qMax } = codeRange({ bits, signed });
          expect(tamed.zeroPoint.every((z) => z >= qMin && z <= qMax)).toBe(true);
          const ort = await throughOrt(values, tamed, type);
          for (const simd of [true, false]) {
            setSimdEnabled(simd);
            try {
              const codes = quantize(values, tamed);
              expect(Float32Array.from(codes)).toEqual(ort.codes);
              // Both zeros are equal here: 0 * scale is +0 in both.
              expect(dequantize(codes, tamed)).toEqual(ort.y);
            } finally {
              setSimdEnabled(true);
            }
          }
        }),
        { numRuns: 60 },
      );
    });
});
