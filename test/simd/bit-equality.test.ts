import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { calibrate, calibrateAndQuantize, tensorStatistics } from "../../src/calibration/index.js";
import { CalibrationMethod } from "../../src/calibration/method.js";
import { findNonFinite } from "../../src/numeric/find-non-finite.js";
import { valueRange } from "../../src/numeric/value-range.js";
import { WideningHistogram } from "../../src/numeric/widening-histogram.js";
import {
  type ArenaArray,
  type Codes,
  codeRange,
  createCodes,
  dequantize,
  fakeQuantize,
  fakeQuantizeError,
  INTEGER_BITS,
  openSharedMemory,
  packBits,
  packedByteLength,
  quantize,
  quantizeAndPack,
  simdEnabled,
  TensorArena,
  unpackBits,
} from "../../src/quantization/index.js";
import { expectSame } from "./both.js";
import { posted } from "./posted.js";
import { type Case, cases, KINDS, mulberry, PLACES, paramsOf, tensor } from "./tensors.js";

const RUNS = { numRuns: 2000 };
const arena = new TensorArena({ maxBytes: 2 ** 26 });
const held: ArenaArray[] = [];
const sharedArena = new TensorArena({ maxBytes: 2 ** 26, shared: true, threads: 2 });
/** The same memory as a second thread gets it. */
const second = openSharedMemory(posted(sharedArena.memory!));
const sharedHeld: ArenaArray[] = [];

/** The same array where the case wants it. */
function placed<T extends ArenaArray>(
  array: ArrayLike<number> & ArrayBufferView,
  place: Case["place"],
): T {
  const type = array.constructor as (new (
    buffer: ArrayBufferLike,
    offset: number,
    length: number,
  ) => T) & {
    BYTES_PER_ELEMENT: number;
    new (values: ArrayLike<number>): T;
  };
  if (place === "own") return new type(array);
  if (place === "arena") {
    const copy = arena.allocate(type, array.length);
    copy.set(array);
    held.push(copy);
    return copy;
  }
  if (place === "shared") {
    const made = sharedArena.allocate(type, array.length);
    sharedHeld.push(made);
    const copy = new type(second, made.byteOffset, made.length);
    copy.set(array);
    return copy;
  }
  const bytes = type.BYTES_PER_ELEMENT;
  const copy = new type(new ArrayBuffer(bytes * (array.length + 7)), 3 * bytes, array.length);
  copy.set(array);
  return copy;
}

function check(property: (c: Case) => void): void {
  fc.assert(
    fc.property(cases, (c) => {
      property(c);
      for (const array of held.splice(0)) arena.release(array);
      for (const array of sharedHeld.splice(0)) sharedArena.release(array);
    }),
    RUNS,
  );
}

const lengthOf = (c: Case) => c.shape.reduce((a, b) => a * b, 1);
const valuesOf = (c: Case) => tensor(c.kind, lengthOf(c), c.seed);
/** Random codes, also outside the format's range, as the class of the params. */
function codesOf(c: Case, within: boolean): Codes {
  const random = mulberry(c.seed);
  const { qMin, qMax } = codeRange({ bits: c.bits, signed: c.bits < 2 || c.signed });
  const codes = createCodes({ bits: c.bits, signed: c.signed }, lengthOf(c));
  for (let i = 0; i < codes.length; i++) {
    const code = qMin + Math.floor(random() * (qMax - qMin + 1));
    codes[i] = c.bits === 1 && code === 0 ? 1 : within ? code : Math.floor(random() * 2 ** 16);
  }
  return codes;
}

afterAll(() => arena.dispose());

/** A case without what makes its values: the options of calibrate. */
function formatOf({
  kind: _kind,
  seed: _seed,
  place: _place,
  ...format
}: Case): Omit<Case, "kind" | "seed" | "place"> {
  return format;
}

describe("SIMD and plain kernels, bit for bit", () => {
  it("run here", () => {
    expect(simdEnabled()).toBe(true);
  });

  it("quantize", () => {
    check((c) => {
      const params = paramsOf(c);
      const values = placed<Float32Array<ArrayBuffer>>(valuesOf(c), c.place);
      const out = placed<Int8Array<ArrayBuffer>>(createCodes(params, values.length), c.place);
      expectSame(
        () => quantize(values, params),
        () => quantize(values, params, out),
      );
    });
  });

  it("dequantize, codes outside the range too", () => {
    check((c) => {
      const params = paramsOf(c);
      const codes = placed<Int8Array<ArrayBuffer>>(codesOf(c, false), c.place);
      const out = placed<Float32Array<ArrayBuffer>>(new Float32Array(codes.length), c.place);
      expectSame(
        () => dequantize(codes, params),
        () => dequantize(codes, params, out),
      );
    });
  });

  it("fakeQuantize, also in place", () => {
    check((c) => {
      const params = paramsOf(c);
      const values = placed<Float32Array<ArrayBuffer>>(valuesOf(c), c.place);
      const plain = valuesOf(c);
      const inPlace = (c.seed & 1) === 1;
      expectSame(
        () => fakeQuantize(plain, params),
        () => fakeQuantize(values, params, inPlace ? values : undefined),
      );
    });
  });

  it("fakeQuantizeError, also in place, and its values are those of fakeQuantize", () => {
    check((c) => {
      const params = paramsOf(c);
      const values = placed<Float32Array<ArrayBuffer>>(valuesOf(c), c.place);
      const plain = valuesOf(c);
      const inPlace = (c.seed & 1) === 1;
      const fake = placed<Float32Array<ArrayBuffer>>(new Float32Array(values.length), c.place);
      const out = inPlace ? values : (c.seed & 2) === 2 ? fake : undefined;
      expectSame(
        () => ({
          error: fakeQuantizeError(plain, params),
          fake: out && fakeQuantize(plain, params),
        }),
        () => ({ error: fakeQuantizeError(values, params, out), fake: out }),
      );
    });
  });

  it("tensorStatistics", () => {
    check((c) => {
      const values = placed<Float32Array<ArrayBuffer>>(valuesOf(c), c.place);
      const { shape, granularity, axis, groupSize } = c;
      expectSame(() => tensorStatistics(values, { shape, granularity, axis, groupSize }));
    });
  });

  it("calibrate of ternary and binary", () => {
    check((c) => {
      const values = placed<Float32Array<ArrayBuffer>>(valuesOf(c), c.place);
      const bits = (c.seed & 3) === 0 ? 1 : 1.58;
      expectSame(() =>
        calibrate(values, { ...formatOf(c), bits, signed: true, method: "min-max" }),
      );
    });
  });

  it("calibrate of long ternary slices", () => {
    for (const kind of ["normal", "ties", "huge", "denormals", "zeros"] as const)
      for (const scheme of ["symmetric", "power-of-two"] as const) {
        const values = tensor(kind, 70_001, 3);
        expectSame(() => calibrate(values, { bits: 1.58, scheme, method: "min-max" }));
      }
  });

  it("packBits and unpackBits", () => {
    check((c) => {
      const codes = placed<Int8Array<ArrayBuffer>>(codesOf(c, (c.seed & 15) !== 0), c.place);
      const length = packedByteLength(codes.length, c.bits);
      const out = placed<Uint8Array<ArrayBuffer>>(new Uint8Array(length).fill(255), c.place);
      expectSame(
        () => packBits(codes, c.bits),
        () => packBits(codes, c.bits, out),
      );
      const random = mulberry(c.seed);
      const bytes = placed<Uint8Array<ArrayBuffer>>(
        Uint8Array.from({ length }, () => random() * 243),
        c.place,
      );
      const signed = c.bits < 2 ? c.bits === 1.58 || c.signed : c.signed;
      const unpacked =
        c.bits === 1 && !signed
          ? new Uint8Array(codes.length)
          : createCodes({ bits: c.bits, signed }, codes.length);
      const into = placed<Int8Array<ArrayBuffer>>(unpacked, c.place);
      expectSame(
        () => unpackBits(bytes, c.bits, codes.length, signed),
        () => unpackBits(bytes, c.bits, codes.length, signed, into),
      );
    });
  });

  it("quantizeAndPack, which is packBits of quantize", () => {
    check((c) => {
      const params = paramsOf(c);
      const values = placed<Float32Array<ArrayBuffer>>(valuesOf(c), c.place);
      expectSame(
        () => packBits(quantize(values, params), params.bits),
        () => quantizeAndPack(values, params),
      );
    });
  });

  it("calibrate by every method", () => {
    const methods = Object.values(CalibrationMethod);
    check((c) => {
      const values = placed<Float32Array<ArrayBuffer>>(valuesOf(c), c.place);
      for (const method of [methods[Math.abs(c.seed) % 4]!, CalibrationMethod.MIN_MAX])
        expectSame(() => calibrate(values, { ...formatOf(c), method }));
    });
  });

  it("calibrateAndQuantize, which is quantize of calibrate", () => {
    check((c) => {
      const options = {
        ...formatOf(c),
        method: CalibrationMethod.MIN_MAX,
        axis: c.shape.length - 1,
      };
      const values = placed<Float32Array<ArrayBuffer>>(valuesOf(c), c.place);
      const both = () => {
        const params = calibrate(values, options);
        return { params, codes: quantize(values, params) };
      };
      expectSame(both, () => calibrateAndQuantize(values, options));
    });
  });

  it("value range, finiteness and histogram", () => {
    const input = fc.record({
      length: fc.integer({ min: 0, max: 9000 }),
      kind: fc.constantFrom(...KINDS),
      seed: fc.integer(),
      place: fc.constantFrom(...PLACES),
    });
    fc.assert(
      fc.property(input, ({ length, kind, seed, place }) => {
        const values = placed<Float32Array<ArrayBuffer>>(tensor(kind, length, seed), place);
        expectSame(() => findNonFinite(values));
        if (findNonFinite(values) === undefined) {
          expectSame(() => valueRange(values));
          expectSame(() => {
            const histogram = new WideningHistogram(128);
            histogram.add(values.subarray(0, 40));
            histogram.add(values);
            return histogram;
          });
        }
        for (const array of held.splice(0)) arena.release(array);
        for (const array of sharedHeld.splice(0)) sharedArena.release(array);
      }),
      RUNS,
    );
  });

  const big: [string, number[], "per-tensor" | "per-channel" | "per-group", number, number][] = [
    ["blocks of one run", [70_003], "per-tensor", 0, 0],
    ["long channels", [3, 20_001], "per-channel", 0, 0],
    ["more channels than the tables hold, one by one", [3, 20_001], "per-channel", 1, 0],
    ["more channels than the tables hold, in runs", [2, 20_001, 3], "per-channel", 1, 0],
    ["more groups than the tables hold", [20_003, 33], "per-group", 1, 32],
    ["one long row of more groups than the tables hold", [300_001], "per-group", 0, 8],
    ["groups across rows longer than the tables", [5, 17_000], "per-group", 0, 2],
  ];
  for (const [name, shape, granularity, axis, groupSize] of big)
    for (const place of ["own", "arena"] as const)
      it(`${name}, ${place}`, () => {
        const length = shape.reduce((a, b) => a * b, 1);
        for (const kind of ["normal", "nan"] as const) {
          const c: Case = {
            ...{ shape, granularity, axis, groupSize, bits: 4, signed: true, narrowRange: false },
            ...{ scheme: "asymmetric", kind, seed: 5, place },
          };
          const params = paramsOf(c);
          const values = placed<Float32Array<ArrayBuffer>>(tensor(kind, length, 7), place);
          expectSame(() => quantize(values, params));
          expectSame(() => fakeQuantize(values, params));
          expectSame(() => quantizeAndPack(values, params));
          expectSame(() => fakeQuantizeError(values, params));
          expectSame(() => tensorStatistics(values, { shape, granularity, axis, groupSize }));
          const options = { ...formatOf(c), method: CalibrationMethod.MIN_MAX };
          expectSame(() => calibrate(values, options));
          expectSame(() => calibrateAndQuantize(values, { ...options, scheme: "symmetric" }));
          if (kind === "normal") expectSame(() => dequantize(quantize(values, params), params));
          if (granularity === "per-tensor")
            expectSame(() => calibrate(values, { ...options, method: "mse" }));
        }
        for (const array of held.splice(0)) arena.release(array);
        for (const array of sharedHeld.splice(0)) sharedArena.release(array);
      });

  it("every width packs in blocks", () => {
    for (const bits of INTEGER_BITS) {
      const codes = createCodes({ bits, signed: true }, 50_001).fill(1);
      expectSame(() => packBits(codes, bits));
      const bytes = packBits(codes, bits);
      expectSame(() => unpackBits(bytes, bits, codes.length, true));
    }
  });
});
