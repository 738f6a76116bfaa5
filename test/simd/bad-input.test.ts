import fc from "fast-check";
import { describe, it } from "vitest";
import {
  calibrate,
  calibrateAndQuantize,
  createObserver,
  tensorStatistics,
} from "../../src/calibration/index.js";
import {
  codeRange,
  createCodes,
  dequantize,
  fakeQuantize,
  fakeQuantizeError,
  packBits,
  packedByteLength,
  quantizationError,
  quantize,
  quantizeAndPack,
  unpackBits,
} from "../../src/quantization/index.js";
import { expectSame } from "./both.js";
import { cases, paramsOf, tensor } from "./tensors.js";

/** What is done to one argument. */
const FAULTS = ["none", "detached", "short", "long", "other class", "missing"] as const;
type Fault = (typeof FAULTS)[number];
const faults = fc.constantFrom(...FAULTS);

/** An array of the class and length of `array` with a fault. */
function faulty<
  T extends Float32Array | Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array,
>(array: T, fault: Fault): T {
  const type = array.constructor as new (length: number) => T;
  if (fault === "short") return new type(Math.max(0, array.length - 1));
  if (fault === "long") return new type(array.length + 1);
  if (fault === "other class") return new Float64Array(array.length) as unknown as T;
  if (fault === "missing") return null as unknown as T;
  const copy = new type(array.length);
  copy.set(array);
  if (fault === "detached")
    structuredClone(copy.buffer, { transfer: [copy.buffer as ArrayBuffer] });
  return copy;
}

const wrong = fc.record({
  values: faults,
  out: faults,
  scale: faults,
  zeroPoint: faults,
  axis: fc.constantFrom(undefined, -1, 4, 0.5, Number.NaN),
  groupSize: fc.constantFrom(undefined, 0, -3, 2.5, Number.POSITIVE_INFINITY),
  bits: fc.constantFrom(undefined, 0, 7, 32, Number.NaN),
  /** One fault at a time lets each be reached; all at once tries their order. */
  only: fc.constantFrom("values", "out", "scale", "zeroPoint", "axis", "groupSize", "bits", "all"),
});

// A trap, a bare TypeError or a difference between the two implementations fails expectSame.
describe("bad input: the same result or the same typed error, with SIMD and without", () => {
  it("in every kernel, fault by fault", () => {
    fc.assert(
      fc.property(cases, wrong, (c, w) => {
        const of = <K extends keyof typeof w>(key: K, none: (typeof w)[K]) =>
          w.only === key || w.only === "all" ? w[key] : none;
        const good = paramsOf(c);
        const params = {
          ...good,
          axis: of("axis", undefined) ?? good.axis,
          groupSize: of("groupSize", undefined) ?? good.groupSize,
          bits: (of("bits", undefined) ?? good.bits) as typeof good.bits,
          scale: faulty(good.scale, of("scale", "none")),
          zeroPoint: faulty(good.zeroPoint, of("zeroPoint", "none")),
        };
        const length = c.shape.reduce((a, b) => a * b, 1);
        const plain = tensor(c.kind, length, c.seed);
        const values = faulty(plain, of("values", "none"));
        const fault = of("out", "none");
        const floats = () => faulty(new Float32Array(length), fault === "missing" ? "none" : fault);
        const codes = () => faulty(createCodes(good, length), fault === "missing" ? "none" : fault);
        const { qMax } = codeRange(good);
        const stored = faulty(createCodes(good, length).fill(qMax), of("values", "none"));
        const { bits, axis, groupSize } = params;
        const { shape, granularity, scheme } = c;
        const options = {
          bits,
          scheme,
          granularity,
          shape,
          axis,
          groupSize,
          method: "min-max",
        } as const;
        const out = fault === "none" ? undefined : codes();
        expectSame(() => quantize(values, params, out && codes()));
        expectSame(() => fakeQuantize(values, params, out && floats()));
        expectSame(() => fakeQuantizeError(values, params, out && floats()));
        expectSame(() => dequantize(stored, params, out && floats()));
        expectSame(() => quantizeAndPack(values, params, out && new Uint8Array(length + 9)));
        expectSame(() => packBits(stored, bits, out && new Uint8Array(length + 9)));
        expectSame(() => {
          const bytes = faulty(
            new Uint8Array(packedByteLength(length, good.bits)),
            of("values", "none"),
          );
          return unpackBits(bytes, bits, length, good.signed, out && codes());
        });
        expectSame(() => calibrate(values, options));
        expectSame(() => calibrateAndQuantize(values, options, out && codes()));
        expectSame(() => tensorStatistics(values, { granularity, shape, axis, groupSize }));
        expectSame(() => quantizationError(values, floats()));
        expectSame(() => {
          const observer = createObserver("percentile");
          observer.observe(values);
          return observer.count;
        });
      }),
      { numRuns: 2000 },
    );
  });
});
