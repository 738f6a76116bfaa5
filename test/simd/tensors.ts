import fc from "fast-check";
import { codeRange } from "../../src/quantization/code-range.js";
import { INTEGER_BITS, type QuantizationParams } from "../../src/quantization/params.js";
import { scaleCount } from "../../src/quantization/scale-layout.js";
import { QuantizationGranularity, QuantizationScheme } from "../../src/quantization/scheme.js";

/** Small and fast random numbers in [0, 1), so that one fast-check seed makes a whole tensor. */
export function mulberry(seed: number): () => number {
  let a = seed | 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const KINDS = [
  "normal",
  "ties",
  "zeros",
  "equal",
  "denormals",
  "outlier",
  "huge",
  "sparse",
  "nan",
  "infinity",
] as const;

/** A tensor of one kind; ties are multiples of half the scale. */
export function tensor(
  kind: (typeof KINDS)[number],
  length: number,
  seed: number,
  scale = 0.1,
): Float32Array {
  const random = mulberry(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    if (kind === "ties") values[i] = Math.round(random() * 400 - 200) * 0.5 * scale;
    else if (kind === "zeros") values[i] = random() < 0.5 ? 0 : -0;
    else if (kind === "equal") values[i] = 0.7;
    else if (kind === "denormals") values[i] = (random() - 0.5) * 1e-39;
    else if (kind === "huge") values[i] = (random() - 0.5) * 6.8e38;
    else if (kind === "sparse") values[i] = random() < 0.9 ? 0 : normal();
    else values[i] = normal();
  }
  const at = Math.floor(random() * length);
  if (length > 0) {
    if (kind === "outlier") values[at] = 3e38;
    if (kind === "nan") values[at] = Number.NaN;
    if (kind === "infinity") {
      values[at] = Number.NEGATIVE_INFINITY;
      values[length - 1] = Number.POSITIVE_INFINITY;
    }
  }
  return values;
}

const shapes = fc.oneof(
  fc.integer({ min: 0, max: 600 }).map((n) => [n]),
  fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 70 })),
  fc.tuple(
    fc.integer({ min: 1, max: 6 }),
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 1, max: 20 }),
  ),
  fc.tuple(
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 1, max: 5 }),
  ),
);

/** Where a tensor lies: `shared` is an arena that another thread made. */
export const PLACES = ["own", "offset", "arena", "shared"] as const;

/** How a tensor is cut and filled: every granularity on every axis, groups that need not divide. */
export const cases = shapes.chain((shape) =>
  fc.record({
    shape: fc.constant<readonly number[]>(shape),
    granularity: fc.constantFrom(...Object.values(QuantizationGranularity)),
    axis: fc.integer({ min: 0, max: shape.length - 1 }),
    // Also groups that no 32-bit count of the kernels holds.
    groupSize: fc.constantFrom<number>(
      1,
      3,
      8,
      16,
      32,
      50,
      128,
      2 ** 31,
      2 ** 32,
      2 ** 32 + 3,
      2 ** 53 - 1,
    ),
    bits: fc.constantFrom(...INTEGER_BITS),
    signed: fc.boolean(),
    narrowRange: fc.boolean(),
    scheme: fc.constantFrom(...Object.values(QuantizationScheme)),
    kind: fc.constantFrom(...KINDS),
    seed: fc.integer(),
    /** Where the arrays lie: on their own, at an odd offset of a greater buffer, in an arena. */
    place: fc.constantFrom(...PLACES),
  }),
);
export type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

/** Valid parameters for a case, made from its seed. */
export function paramsOf(c: Case): QuantizationParams {
  const random = mulberry(c.seed ^ 0x5bd1e995);
  const signed = c.bits < 2 || c.signed;
  const { qMin, qMax } = codeRange({ bits: c.bits, signed, narrowRange: c.narrowRange });
  const count = scaleCount(c.shape, c.granularity, c.axis, c.groupSize);
  const shifted = c.scheme === "asymmetric" && c.bits >= 2;
  const scaleAt = () => {
    if (c.scheme === "power-of-two")
      return 2 ** (random() < 0.05 ? -140 : Math.floor(random() * 20 - 14));
    if (c.kind === "ties") return 0.1;
    return random() < 0.05 ? 2 ** -140 : random() < 0.05 ? 3e38 : random() * 0.5 + 1e-4;
  };
  return {
    bits: c.bits,
    signed,
    narrowRange: c.narrowRange,
    scheme: c.scheme,
    granularity: c.granularity,
    shape: c.shape,
    axis: c.axis,
    groupSize: c.groupSize,
    scale: Float32Array.from({ length: count }, scaleAt),
    zeroPoint: Int32Array.from({ length: count }, () =>
      shifted ? qMin + Math.floor(random() * (qMax - qMin + 1)) : 0,
    ),
  };
}
