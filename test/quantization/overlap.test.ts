import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { calibrateAndQuantize } from "../../src/calibration/index.js";
import {
  type Codes,
  dequantize,
  fakeQuantize,
  fakeQuantizeError,
  packBits,
  packedByteLength,
  quantize,
  quantizeAndPack,
  unpackBits,
} from "../../src/quantization/index.js";
import { setSimdEnabled } from "../../src/simd/simd.js";
import { cases, paramsOf, tensor } from "../simd/tensors.js";

type Elements = Float32Array | Codes;
type ElementsClass<T> = { new (buffer: ArrayBuffer, offset: number, length: number): T } & {
  readonly BYTES_PER_ELEMENT: number;
};

/**
 * A copy of `input` and room for `length` outputs in one buffer, the second some elements (of the
 * wider) after the first.
 */
function sharing<In extends Elements, Out extends Elements>(
  input: In,
  output: Out,
  shift: number,
): [input: In, output: Out] {
  const In = input.constructor as unknown as ElementsClass<In>;
  const Out = output.constructor as unknown as ElementsClass<Out>;
  const step = Math.max(In.BYTES_PER_ELEMENT, Out.BYTES_PER_ELEMENT);
  const [inAt, outAt] = shift < 0 ? [-shift * step, 0] : [0, shift * step];
  const bytes = Math.max(inAt + input.byteLength, outAt + output.byteLength) + step;
  const buffer = new ArrayBuffer(Math.ceil(bytes / 8) * 8);
  const source = new In(buffer, inAt, input.length);
  source.set(input);
  return [source, new Out(buffer, outAt, output.length)];
}

afterEach(() => setSimdEnabled(true));

describe("an `out` that overlaps the input, at any offset or in place", () => {
  it.each([true, false])("gets what a fresh one gets (SIMD %s)", (simd) => {
    setSimdEnabled(simd);
    const shifts = fc.oneof(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -300, max: 300 }));
    fc.assert(
      fc.property(cases, shifts, (c, shift) => {
        const params = paramsOf(c);
        const length = c.shape.reduce((a, b) => a * b, 1);
        const values = tensor(
          c.kind === "nan" || c.kind === "infinity" ? "normal" : c.kind,
          length,
          c.seed,
        );
        const codes = quantize(values, params);
        const floats = new Float32Array(length);
        const { bits, signed } = params;
        const bytes = new Uint8Array(packedByteLength(length, bits));

        expect(quantize(...inOrder(sharing(values, codes, shift), params))).toEqual(codes);
        expect(fakeQuantize(...inOrder(sharing(values, floats, shift), params))).toEqual(
          fakeQuantize(values, params),
        );
        expect(dequantize(...inOrder(sharing(codes, floats, shift), params))).toEqual(
          dequantize(codes, params),
        );
        expect(quantizeAndPack(...inOrder(sharing(values, bytes, shift), params))).toEqual(
          quantizeAndPack(values, params),
        );
        const [packedFrom, packed] = sharing(codes, bytes, shift);
        expect(packBits(packedFrom, bits, packed)).toEqual(packBits(codes, bits));
        const [unpackedFrom, unpacked] = sharing(packBits(codes, bits), codes, shift);
        expect(unpackBits(unpackedFrom, bits, length, signed, unpacked)).toEqual(codes);
        if (length === 0) return;
        const [from, out] = sharing(values, floats, shift);
        expect(fakeQuantizeError(from, params, out)).toEqual(fakeQuantizeError(values, params));
        expect(out).toEqual(fakeQuantize(values, params));
        const { granularity, scheme, shape, axis, groupSize } = c;
        const options = {
          bits,
          scheme,
          granularity,
          shape,
          axis,
          groupSize,
          method: "min-max",
        } as const;
        const both = calibrateAndQuantize(values, options);
        const [again, into] = sharing(values, both.codes, shift);
        expect(calibrateAndQuantize(again, options, into)).toEqual(both);
      }),
      { numRuns: 120 },
    );
  });
});

/** The arguments of a kernel that takes its parameters between. */
function inOrder<In, Params, Out>([input, output]: [In, Out], params: Params): [In, Params, Out] {
  return [input, params, output];
}
