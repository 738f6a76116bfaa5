import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { constantTensor } from "../../../../src/formats/onnx/graph/constant-tensor.js";
import { makeTensor } from "../../../../src/formats/onnx/graph/make-tensor.js";
import {
  checkTensor,
  readFloatTensor,
  readIntegerTensor,
} from "../../../../src/formats/onnx/graph/tensor-values.js";
import { storedLayout } from "../../../../src/formats/onnx/read/stored-layout.js";
import {
  AttributeProto_AttributeType,
  TensorProto_DataType as DataType,
  TensorProto_DataLocation,
  TensorProtoSchema,
} from "../../../../src/formats/onnx/wire/onnx_pb.js";
import { fromBfloat16Bits, fromFloat16Bits } from "../../../../src/numeric/float16.js";
import { node } from "../graph-builder.js";

/** The bytes of `array` at an odd offset of a larger buffer, as a decoder hands them out. */
function misaligned(array: ArrayBufferView): Uint8Array {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  return shifted.subarray(3);
}

const finite = fc.float({ noNaN: true, noDefaultInfinity: true });

describe("readFloatTensor", () => {
  it("reads float32 and double, raw at any alignment and typed alike", () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 20 }), (values) => {
        const expected = Float32Array.from(values);
        const dims = [BigInt(values.length)];
        const base = { name: "t", dims };
        const forms = [
          { dataType: DataType.FLOAT, rawData: misaligned(expected) },
          { dataType: DataType.FLOAT, floatData: values },
          { dataType: DataType.DOUBLE, rawData: misaligned(Float64Array.from(values)) },
          { dataType: DataType.DOUBLE, doubleData: values },
        ];
        for (const form of forms)
          expect(readFloatTensor(create(TensorProtoSchema, { ...base, ...form }))).toEqual(
            expected,
          );
      }),
    );
  });

  it("widens every finite half and bfloat, raw and in int32_data", () => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    for (const [dataType, exponent] of [
      [DataType.FLOAT16, 0x7c00],
      [DataType.BFLOAT16, 0x7f80],
    ] as const) {
      const ok = bits.filter((b) => (b & exponent) !== exponent);
      const dims = [BigInt(ok.length)];
      const raw = readFloatTensor(
        create(TensorProtoSchema, { dims, dataType, rawData: misaligned(ok) }),
      );
      const typed = readFloatTensor(
        create(TensorProtoSchema, { dims, dataType, int32Data: [...ok] }),
      );
      expect(raw).toEqual(typed);
      expect(new Set(raw).size).toBe(ok.length - 1); // 0 and -0 are one member of a Set
    }
  });

  it("knows landmarks of binary16 and bfloat16", () => {
    expect([0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x3555].map(fromFloat16Bits)).toEqual([
      1,
      -2,
      65504,
      2 ** -24,
      2 ** -14,
      0.333251953125,
    ]);
    expect(fromFloat16Bits(0x7c00)).toBe(Number.POSITIVE_INFINITY);
    expect(fromFloat16Bits(0xfc00)).toBe(Number.NEGATIVE_INFINITY);
    expect(fromFloat16Bits(0x7e00)).toBeNaN();
    expect(fromFloat16Bits(0x8000)).toBe(-0);
    expect([0x3f80, 0xc000, 0x0001].map(fromBfloat16Bits)).toEqual([1, -2, 2 ** -133]);
  });

  it("refuses NaN and infinity unless told, other types and external data, naming the tensor", () => {
    const t = (fields: object) =>
      create(TensorProtoSchema, { name: "w", dims: [2n], dataType: DataType.FLOAT, ...fields });
    const nan = t({ floatData: [0, Number.NaN] });
    expect(() => readFloatTensor(nan)).toThrow(
      expect.objectContaining({ code: "INVALID_DATA", path: "w" }),
    );
    expect(() => readFloatTensor(nan, "other")).toThrow(/"other" holds 1 NaN .* first at index 1/);
    expect(readFloatTensor(nan, "w", { allowNonFinite: true })[1]).toBeNaN();
    const double = t({ dataType: DataType.DOUBLE, doubleData: [1e300, 0] });
    expect(() => readFloatTensor(double)).toThrow(/infinite/);
    expect(() => readFloatTensor(t({ dataType: DataType.INT8, int32Data: [1, 2] }))).toThrow(
      /has type INT8/,
    );
    for (const external of [
      { dataLocation: TensorProto_DataLocation.EXTERNAL },
      { externalData: [{ key: "location", value: "/etc/passwd" }] },
      { segment: { begin: 0n, end: 2n } },
    ])
      expect(() => readFloatTensor(t(external))).toThrow(
        expect.objectContaining({ code: "UNSUPPORTED", path: "w" }),
      );
  });
});

describe("readIntegerTensor", () => {
  const types: readonly [number, (v: number[]) => ArrayBufferView, number, number][] = [
    [DataType.INT64, (v) => BigInt64Array.from(v, BigInt), -(2 ** 40), 2 ** 40],
    [DataType.UINT64, (v) => BigUint64Array.from(v, BigInt), 0, 2 ** 40],
    [DataType.INT32, (v) => Int32Array.from(v), -(2 ** 31), 2 ** 31 - 1],
    [DataType.UINT32, (v) => Uint32Array.from(v), 0, 2 ** 32 - 1],
    [DataType.INT16, (v) => Int16Array.from(v), -32768, 32767],
    [DataType.UINT16, (v) => Uint16Array.from(v), 0, 65535],
    [DataType.INT8, (v) => Int8Array.from(v), -128, 127],
    [DataType.UINT8, (v) => Uint8Array.from(v), 0, 255],
    [DataType.BOOL, (v) => Uint8Array.from(v), 0, 1],
  ];

  it.each(types)("reads type %i, raw and typed alike", (dataType, pack, min, max) => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min, max }), { minLength: 1, maxLength: 9 }), (values) => {
        const base = { dims: [BigInt(values.length)], dataType };
        const typed =
          dataType === DataType.INT64
            ? { int64Data: values.map(BigInt) }
            : dataType === DataType.UINT64 || dataType === DataType.UINT32
              ? { uint64Data: values.map(BigInt) }
              : { int32Data: values };
        expect(
          readIntegerTensor(
            create(TensorProtoSchema, { ...base, rawData: misaligned(pack(values)) }),
          ),
        ).toEqual(values);
        expect(readIntegerTensor(create(TensorProtoSchema, { ...base, ...typed }))).toEqual(values);
      }),
    );
  });

  it("refuses floats", () => {
    expect(() =>
      readIntegerTensor(
        create(TensorProtoSchema, { name: "f", dataType: DataType.FLOAT, floatData: [1] }),
      ),
    ).toThrow(/an integer type is needed/);
  });
});

describe("checkTensor", () => {
  it("wants exactly the data that shape and type need", () => {
    const fits: [object, boolean][] = [
      [{ dims: [3n], dataType: DataType.INT4, rawData: new Uint8Array(2) }, true],
      [{ dims: [3n], dataType: DataType.INT4, rawData: new Uint8Array(3) }, false],
      [{ dims: [3n], dataType: DataType.INT4, int32Data: [1, 2] }, true],
      [{ dims: [5n], dataType: DataType.UINT2, int32Data: [1, 2] }, true],
      [{ dims: [5n], dataType: DataType.UINT2, int32Data: [1] }, false],
      [{ dims: [3n], dataType: DataType.FLOAT6E2M3, int32Data: [1, 2, 3] }, true],
      [{ dims: [4n], dataType: DataType.FLOAT6E3M2, rawData: new Uint8Array(3) }, true],
      [{ dims: [2n], dataType: DataType.COMPLEX64, floatData: [1, 2, 3, 4] }, true],
      [{ dims: [1n], dataType: DataType.COMPLEX128, doubleData: [1, 2] }, true],
      [{ dims: [1n], dataType: DataType.STRING, stringData: [new Uint8Array(2)] }, true],
      [{ dims: [1n], dataType: DataType.STRING, rawData: new Uint8Array(2) }, false],
      [{ dims: [0n], dataType: DataType.FLOAT }, true],
      [{ dims: [], dataType: DataType.FLOAT, floatData: [1] }, true],
      [{ dims: [2n], dataType: DataType.FLOAT, floatData: [1] }, false],
      [{ dims: [2n], dataType: DataType.FLOAT, rawData: new Uint8Array(9) }, false],
      [{ dims: [1n], dataType: 99, rawData: new Uint8Array(1) }, false],
      [{ dims: [0n], dataType: DataType.UNDEFINED }, false],
    ];
    for (const [fields, good] of fits) {
      const check = () => checkTensor(create(TensorProtoSchema, fields), "t");
      if (good) expect(check).not.toThrow();
      else expect(check).toThrow(expect.objectContaining({ code: "INVALID_MODEL", path: "t" }));
    }
  });
});

describe("makeTensor", () => {
  it("is read back as it was made", () => {
    const raw = misaligned(Float32Array.of(1, 2, 3, 4, 5, 6));
    expect(readFloatTensor(makeTensor("w", [2, 3], DataType.FLOAT, raw))).toEqual(
      Float32Array.of(1, 2, 3, 4, 5, 6),
    );
    expect(makeTensor("q", [5], DataType.INT4, new Uint8Array(3))).toMatchObject({
      name: "q",
      dims: [5n],
    });
    expect(makeTensor("s", [], DataType.INT8, new Uint8Array(1)).dims).toEqual([]);
  });

  it("refuses what does not fit", () => {
    expect(() => makeTensor("w", [2], DataType.FLOAT, new Uint8Array(7))).toThrow(
      /rawBytes has 7 bytes; FLOAT \[2\] needs 8/,
    );
    expect(() => makeTensor("w", [-1], DataType.FLOAT, new Uint8Array(0))).toThrow(/dims \[-1\]/);
    expect(() => makeTensor("w", [1], DataType.STRING, new Uint8Array(0))).toThrow(/dataType 8/);
  });
});

describe("constantTensor", () => {
  it("reads every attribute that a Constant may hold", () => {
    const scalar = constantTensor(node("Constant", [], ["c"], { value_float: { f: 1.5 } }))!;
    expect([scalar.dims, [...readFloatTensor(scalar)]]).toEqual([[], [1.5]]);
    const list = constantTensor(node("Constant", [], ["c"], { value_floats: { floats: [1, 2] } }))!;
    expect([list.dims, [...readFloatTensor(list)]]).toEqual([[2n], [1, 2]]);
    expect(
      readIntegerTensor(constantTensor(node("Constant", [], ["c"], { value_int: -7 }))!),
    ).toEqual([-7]);
    expect(
      readIntegerTensor(constantTensor(node("Constant", [], ["c"], { value_ints: [3, 4] }))!),
    ).toEqual([3, 4]);
    expect(
      constantTensor(node("Constant", [], ["c"], { value_string: "s" }))!.stringData,
    ).toHaveLength(1);
    expect(constantTensor(node("Constant", [], ["c"], { value_strings: [] }))!.dims).toEqual([0n]);
    expect(constantTensor(node("Constant", [], ["c"]))).toBeUndefined();
    const sparse = node("Constant", [], ["c"], { value: 0 });
    sparse.attribute[0]!.type = AttributeProto_AttributeType.SPARSE_TENSOR;
    expect(constantTensor(sparse)).toBeUndefined();
  });
});

describe("storedLayout", () => {
  it("merges neighbours of one role and puts groups on the longest run", () => {
    expect(storedLayout([5, 4, 3, 3], ["channel", "group", "group", "group"])).toEqual({
      shape: [5, 36],
      channelAxis: 0,
      groupAxis: 1,
    });
    expect(storedLayout([4, 5, 3, 3], ["group", "channel", "group", "group"])).toEqual({
      shape: [4, 5, 9],
      channelAxis: 1,
      groupAxis: 2,
    });
    expect(storedLayout([2, 3, 4, 5], ["other", "other", "group", "channel"])).toEqual({
      shape: [6, 4, 5],
      channelAxis: 2,
      groupAxis: 1,
    });
  });

  it("sees channels that lie on several axes as one axis, which comes first", () => {
    const rows = { channelAxis: 0, groupAxis: 1 };
    const [c, g] = ["channel", "group"] as const;
    expect(storedLayout([2, 16, 6], [c, c, g])).toEqual({ shape: [32, 6], ...rows });
    expect(storedLayout([2, 8, 5], [c, g, c])).toEqual({
      ...{ shape: [10, 8], ...rows },
      order: { shape: [2, 8, 5], permutation: [0, 2, 1] },
    });
    const split = [
      { role: c, extent: 2 },
      { role: g, extent: 3 },
    ];
    expect(storedLayout([6, 4, 3, 3], [split, c, g, g])).toEqual({
      ...{ shape: [8, 27], ...rows },
      order: { shape: [2, 3, 4, 3, 3], permutation: [0, 2, 1, 3, 4] },
    });
    // Depthwise: nothing lies between.
    const depthwise = [
      { role: c, extent: 6 },
      { role: g, extent: 1 },
    ];
    expect(storedLayout([6, 4, 3, 3], [depthwise, c, g, g])).toEqual({ shape: [24, 9], ...rows });
    expect(storedLayout([3, 1, 5], [c, g, c])).toEqual({ shape: [15, 1], ...rows });
  });
});
