import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { meanOutputShift } from "../../src/reconstruction/bias-correction.js";

const number = fc.double({ min: -4, max: 4, noNaN: true }).map(Math.fround);

/** A matrix [outputs, inputs] or [inputs, outputs], what it is rounded to, and some inputs. */
const cases = fc
  .record({
    outputs: fc.integer({ min: 1, max: 5 }),
    inputs: fc.integer({ min: 1, max: 6 }),
    rows: fc.integer({ min: 1, max: 4 }),
    transposed: fc.boolean(),
  })
  .chain(({ outputs, inputs, rows, transposed }) => {
    const many = (length: number) => fc.array(number, { minLength: length, maxLength: length });
    return fc.record({
      outputs: fc.constant(outputs),
      inputs: fc.constant(inputs),
      transposed: fc.constant(transposed),
      weights: many(outputs * inputs),
      rounded: many(outputs * inputs),
      data: fc.array(many(inputs), { minLength: rows, maxLength: rows }),
    });
  });

describe("meanOutputShift", () => {
  it("is the mean difference of the outputs over the data that the means are of", () => {
    fc.assert(
      fc.property(cases, ({ outputs, inputs, transposed, weights, rounded, data }) => {
        const layout = transposed
          ? { shape: [inputs, outputs], channelAxis: 1, groupAxis: 0 }
          : { shape: [outputs, inputs], channelAxis: 0, groupAxis: 1 };
        const means = Float32Array.from(
          { length: inputs },
          (_, k) => data.reduce((sum, row) => sum + row[k]!, 0) / data.length,
        );
        const shift = meanOutputShift(
          Float32Array.from(weights),
          Float32Array.from(rounded),
          layout,
          means,
        )!;
        const at = (o: number, k: number) => (transposed ? k * outputs + o : o * inputs + k);
        for (let o = 0; o < outputs; o++) {
          let expected = 0;
          for (const row of data)
            for (let k = 0; k < inputs; k++)
              expected += ((weights[at(o, k)]! - rounded[at(o, k)]!) * row[k]!) / data.length;
          expect(shift[o]).toBeCloseTo(expected, 3);
        }
      }),
    );
  });

  it("is zero for weights that were not changed", () => {
    const weights = Float32Array.of(1, -2, 3, 4);
    const layout = { shape: [2, 2], channelAxis: 0, groupAxis: 1 };
    const shift = meanOutputShift(weights, weights.slice(), layout, Float32Array.of(5, 6));
    expect(shift).toEqual(Float32Array.of(0, 0));
  });

  it("is undefined for means of another number of channels", () => {
    const weights = Float32Array.of(1, -2, 3, 4);
    const layout = { shape: [2, 2], channelAxis: 0, groupAxis: 1 };
    expect(meanOutputShift(weights, weights, layout, new Float32Array(3))).toBeUndefined();
  });
});
