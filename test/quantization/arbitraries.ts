import fc from "fast-check";
import { codeRange } from "../../src/quantization/code-range.js";
import { INTEGER_BITS, type QuantizationParams } from "../../src/quantization/params.js";
import { scaleCount } from "../../src/quantization/scale-layout.js";
import { QuantizationGranularity, QuantizationScheme } from "../../src/quantization/scheme.js";

/** How a small tensor is cut: one to four axes, any granularity, groups that need not divide. */
export const layouts = fc
  .array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 })
  .chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      granularity: fc.constantFrom(...Object.values(QuantizationGranularity)),
      axis: fc.integer({ min: 0, max: shape.length - 1 }),
      groupSize: fc.integer({ min: 1, max: 8 }),
    }),
  );

/** Valid parameters of every kind. */
export const paramsArbitrary: fc.Arbitrary<QuantizationParams> = fc
  .tuple(
    layouts,
    fc.constantFrom(...INTEGER_BITS),
    fc.boolean(),
    fc.boolean(),
    fc.constantFrom(...Object.values(QuantizationScheme)),
  )
  .chain(([layout, bits, flag, narrowRange, scheme]) => {
    const signed = bits < 2 ? true : flag;
    const count = scaleCount(layout.shape, layout.granularity, layout.axis, layout.groupSize);
    const { qMin, qMax } = codeRange({ bits, signed, narrowRange });
    const list = <T>(item: fc.Arbitrary<T>) =>
      fc.array(item, { minLength: count, maxLength: count });
    const power = fc.integer({ min: -12, max: 6 }).map((n) => 2 ** n);
    const scale = fc.oneof(
      fc.float({ min: Math.fround(1e-3), max: 50, noNaN: true }),
      fc.constant(0.1),
    );
    const shifted = scheme === "asymmetric" && bits >= 2;
    return fc.record({
      ...{
        bits: fc.constant(bits),
        signed: fc.constant(signed),
        narrowRange: fc.constant(narrowRange),
      },
      ...{ scheme: fc.constant(scheme), granularity: fc.constant(layout.granularity) },
      ...{ shape: fc.constant(layout.shape), axis: fc.constant(layout.axis) },
      groupSize: fc.constant(layout.groupSize),
      scale: list(scheme === "power-of-two" ? power : scale).map((s) => Float32Array.from(s)),
      zeroPoint: list(shifted ? fc.integer({ min: qMin, max: qMax }) : fc.constant(0)).map((z) =>
        Int32Array.from(z),
      ),
    });
  });

/** Parameters with values for them: in range, far outside, on ties, tiny and zero. */
export const paramsWithValues = paramsArbitrary.chain((params) => {
  const length = params.shape.reduce((a, b) => a * b, 1);
  const { qMin, qMax } = codeRange(params);
  const s = params.scale[0]!;
  const value = fc.oneof(
    fc.float({ min: -100, max: 100, noNaN: true }),
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.integer({ min: qMin - 2, max: qMax + 2 }).map((q) => q * s),
    fc.integer({ min: qMin - 2, max: qMax + 2 }).map((q) => (q + 0.5) * s),
    fc.constantFrom(0, -0),
  );
  return fc.record({
    params: fc.constant(params),
    values: fc
      .array(value, { minLength: length, maxLength: length })
      .map((v) => Float32Array.from(v)),
  });
});
