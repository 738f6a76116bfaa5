import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OutputTensor } from "../../../src/measure/metrics/metric.js";
import { outputAgreement } from "../../../src/measure/metrics/output-agreement.js";
import { outputDivergence } from "../../../src/measure/metrics/output-divergence.js";
import { joinOutput } from "../../../src/measure/metrics/outputs/join-output.js";
import {
  expandToSamples,
  outputSamples,
} from "../../../src/measure/metrics/outputs/output-samples.js";
import { perplexity } from "../../../src/measure/metrics/perplexity.js";
import { topOneAccuracy } from "../../../src/measure/metrics/top-one-accuracy.js";

const tensor = (values: readonly number[], dims: readonly number[]) => ({
  data: Float32Array.from(values),
  dims,
});
const values = (n: number, of: (i: number) => number) => Array.from({ length: n }, (_, i) => of(i));
/** Numbers that vary without a pattern that a mean meets. */
const noise = (i: number) => Math.sin(12.9898 * (i + 1)) * 3;

describe("outputs of any shape", () => {
  it("join along the first dimension, else as they come, and keep their batches", () => {
    const a = tensor([1, 2], [1, 2]);
    expect(joinOutput([a])).toEqual(a);
    expect(joinOutput([a, tensor([3, 4, 5, 6], [2, 2])])).toEqual({
      data: Float32Array.of(1, 2, 3, 4, 5, 6),
      dims: [3, 2],
      batchDims: [
        [1, 2],
        [2, 2],
      ],
    });
    expect(joinOutput([tensor([7], []), tensor([8], [])])).toMatchObject({
      dims: [2],
      batchDims: [[], []],
    });
    expect(joinOutput([a, tensor([], [1, 0])]).dims).toEqual([2]);
  });

  it("have samples by the size of each batch", () => {
    const varying = joinOutput([tensor(values(10, noise), [2, 5]), tensor([1, 2, 3], [1, 3])]);
    expect(outputSamples(varying, [2, 1]).map(({ start, end }) => [start, end])).toEqual([
      [0, 5],
      [5, 10],
      [10, 13],
    ]);
    const boxes = joinOutput([tensor(values(8, noise), [2, 4]), tensor(values(4, noise), [1, 4])]);
    // Batches of one image with 2 boxes and 1.
    expect(outputSamples(boxes, [1, 1])).toMatchObject([
      { start: 0, end: 8, dims: [2, 4], samples: 1 },
      { start: 8, end: 12, dims: [4], samples: 1 },
    ]);
    const scalars = outputSamples(joinOutput([tensor([1], []), tensor([2], [])]), [3, 2]);
    expect(expandToSamples([10, 20], scalars)).toEqual([10, 10, 10, 20, 20]);
  });

  it("are judged: sequences of different lengths, by rows", () => {
    const float = {
      y: joinOutput([tensor(values(2 * 3 * 2, noise), [2, 3, 2]), tensor([0, 1], [1, 1, 2])]),
    };
    const call = { batchSizes: [2, 1] };
    const labels = values(7, (row) =>
      float.y.data[2 * row + 1]! > float.y.data[2 * row]! ? 1 : 0,
    );
    const found = topOneAccuracy(labels).evaluate(float, undefined, call);
    expect(found).toMatchObject({ score: 1, samples: 7 });
    expect(found.sampleScores).toHaveLength(3);
    expect(perplexity(labels).evaluate(float, undefined, call).sampleScores).toHaveLength(3);
    for (const metric of [outputAgreement(), outputDivergence()])
      expect(metric.evaluate(float, float, call)).toMatchObject({ score: 1, samples: 3 });
  });

  it("names that are integers do not come first", () => {
    const logits = tensor([0, 1, 1, 0], [2, 2]);
    const other = tensor([1, 0, 1, 0], [2, 2]);
    const outputs = { logits, 7: other };
    expect(Object.keys(outputs)[0]).toBe("7");
    const call = { outputNames: ["logits", "7"] };
    expect(topOneAccuracy([1, 0]).evaluate(outputs, undefined, call).score).toBe(1);
    expect(topOneAccuracy([1, 0], { output: "7" }).evaluate(outputs, undefined, call).score).toBe(
      0.5,
    );
  });
});

describe("outputDivergence", () => {
  it("is at least 1 for any constant, whatever the share of background", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 1, max: 40 }),
        fc.double({ min: -3, max: 3, noNaN: true }),
        fc.constantFrom("kl" as const, "mse" as const, undefined),
        fc.boolean(),
        (samples, places, constant, measure, ownPlaces) => {
          // One place in 40 decides; all others are background, nearly the same for every sample.
          const float = tensor(
            values(samples * places * 2, (i) =>
              Math.floor(i / 2) % 40 === 0 ? noise(i) : (i % 2 === 0 ? 4 : -4) + noise(i) * 1e-3,
            ),
            [samples, places, 2],
          );
          const size = places * 2;
          const dead = tensor(
            values(samples * size, (i) => (ownPlaces ? float.data[i % size]! : constant) as number),
            float.dims,
          );
          const found = outputDivergence({ measure }).evaluate({ y: dead }, { y: float });
          expect(found.value).toBeGreaterThan(1 - 1e-6);
          expect(found.score).toBeLessThan(0.01001);
        },
      ),
    );
  });

  it("has the best constant at 1 and the float model at 0", () => {
    const float = tensor(values(30, noise), [10, 3]);
    const mean = values(3, (c) =>
      values(10, (i) => float.data[3 * i + c]! / 10).reduce((a, b) => a + b),
    );
    const best = tensor(
      values(30, (i) => mean[i % 3]!),
      [10, 3],
    );
    const metric = outputDivergence({ measure: "mse" });
    expect(metric.evaluate({ y: best }, { y: float }).value).toBeCloseTo(1, 6);
    expect(metric.evaluate({ y: float }, { y: float })).toMatchObject({ value: 0, score: 1 });
  });

  it("falls strictly with the error, and its sample scores have the score for their mean", () => {
    const float = tensor(values(40, noise), [20, 2]);
    const scores = [0.01, 0.1, 0.4, 2, 9].map((size) => {
      const noisy = tensor(
        values(40, (i) => float.data[i]! + size * noise(i + 99)),
        [20, 2],
      );
      const { score, sampleScores } = outputDivergence({ measure: "mse" }).evaluate(
        { y: noisy },
        { y: float },
      );
      const mean = sampleScores!.reduce((a, b) => a + b) / 20;
      if (mean > 0.02) expect(mean).toBeCloseTo(score, 5);
      return score;
    });
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(new Set(scores).size).toBe(5);
  });

  it("judges all outputs, each in its own unit, or those that are named", () => {
    const boxes = tensor(
      values(20, (i) => 600 * noise(i)),
      [5, 4],
    );
    const scores = tensor(
      values(10, (i) => 0.1 * noise(i)),
      [5, 2],
    );
    const float = { boxes, scores };
    const dead = {
      boxes,
      scores: tensor(
        values(10, () => 0),
        [5, 2],
      ),
    };
    expect(outputDivergence().evaluate(dead, float).score).toBeLessThan(0.0101);
    expect(outputDivergence({ output: "boxes" }).evaluate(dead, float).score).toBe(1);
    expect(outputDivergence({ output: "boxes" }).outputs).toEqual(["boxes"]);
    expect(outputDivergence({ outputs: ["scores"] }).evaluate(dead, float).value).toBeGreaterThan(
      0.99,
    );
    expect(outputDivergence().outputs).toBeUndefined();
    expect(() => outputDivergence({ outputs: [] })).toThrow(/outputs is/);
  });

  it("counts integers that are not equal, and takes masked logits as they are", () => {
    const ids = (...data: bigint[]) => ({ y: { data: BigInt64Array.from(data), dims: [4] } });
    // The most frequent value is right for 2 of 4.
    const found = outputDivergence().evaluate(ids(1n, 1n, 2n, 9n), ids(1n, 1n, 2n, 3n));
    expect(found.value).toBeCloseTo(1 / 2, 9);
    const masked = tensor([1, -Infinity, 2, 0, -Infinity, 3], [2, 3]);
    for (const measure of ["kl", "mse"] as const)
      expect(outputDivergence({ measure }).evaluate({ y: masked }, { y: masked }).value).toBe(0);
  });

  it("judges one value a sample, scalars of batches, and outputs of another shape", () => {
    const one = tensor([0.1, 0.9, 0.2, 0.8], [4, 1]);
    const off = tensor([0.1, 0.9, 0.2, 0.6], [4, 1]);
    expect(outputDivergence().evaluate({ y: off }, { y: one }).value).toBeCloseTo(0.04 / 0.5, 5);
    const call = { batchSizes: [2, 1] };
    const logits = joinOutput([tensor([1, 0, 0, 2], [2, 2]), tensor([3, 1], [1, 2])]);
    const mean = joinOutput([tensor([1], []), tensor([2], [])]);
    const both = outputDivergence().evaluate({ logits, mean }, { logits, mean }, call);
    expect(both).toMatchObject({ score: 1, samples: 3 });
    const fewer = joinOutput([tensor([1, 0], [1, 2]), tensor([3, 1], [1, 2])]);
    const boxes = joinOutput([tensor([1, 0, 0, 2], [2, 2]), tensor([3, 1], [1, 2])]);
    const lost = outputDivergence().evaluate({ b: fewer }, { b: boxes }, { batchSizes: [1, 1] });
    expect(lost.sampleScores![0]).toBeLessThan(0.0101);
    expect(lost.sampleScores![1]).toBe(1);
  });

  it("judges the first samples as the whole judges them", () => {
    const float = {
      y: joinOutput([tensor(values(12, noise), [3, 4]), tensor(values(8, noise), [2, 4])]),
    };
    const own = tensor(
      values(20, (i) => Number(float.y.data[i]) + 0.1 * noise(i + 5)),
      [5, 4],
    );
    const metric = outputDivergence({ measure: "mse" });
    const whole = metric.evaluate({ y: own }, float, { batchSizes: [3, 2] });
    const first = { y: tensor([...own.data.subarray(0, 16)].map(Number), [4, 4]) };
    const part = metric.evaluate(first, float, {
      partial: true,
      batchSizes: [3, 1],
      referenceBatchSizes: [3, 2],
    });
    expect(part.sampleScores).toEqual(whole.sampleScores!.subarray(0, 4));
  });
});

describe("outputAgreement", () => {
  it("gives a dead network of dense rows 0, whatever the background", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 30 }),
        fc.integer({ min: 0, max: 2 }),
        (places, one) => {
          const faces = (i: number) => i % places === 0;
          const rows = (face: (i: number) => boolean) => ({
            y: tensor(
              values(3 * places, (i) => i).flatMap((i) => (face(i) ? [0, 1] : [1, 0])),
              [3, places, 2],
            ),
          });
          const metric = outputAgreement();
          expect(metric.evaluate(rows(faces), rows(faces)).score).toBe(1);
          expect(
            metric.evaluate(
              rows(() => false),
              rows(faces),
            ).score,
          ).toBeCloseTo(0, 9);
          expect(
            metric.evaluate(
              rows(() => true),
              rows(faces),
            ).score,
          ).toBeCloseTo(0, 9);
          // One face of three: recall 1/3 of one class, 1 of the other, less chance.
          const some = metric.evaluate(
            rows((i) => i === one * places),
            rows(faces),
          );
          expect(some.score).toBeCloseTo(1 / 3, 9);
          expect(some.sampleScores!.reduce((a, b) => a + b) / 3).toBeCloseTo(some.score, 5);
        },
      ),
    );
  });

  it("decides by one value, by masks, classes first, and integers", () => {
    const agree = (a: OutputTensor, b: OutputTensor) =>
      outputAgreement().evaluate({ y: a }, { y: b }).score;
    const dims = [4, 1];
    expect(agree(tensor([0.1, 0.9, 0.6, 0.2], dims), tensor([0, 1, 0.4, 0.1], dims))).toBe(0.75);
    expect(agree(tensor([-1, 2, 3, -4], dims), tensor([-1, -2, 3, -4], dims))).toBe(0.75);
    // All above 0: above the middle of the float model's range, or not.
    expect(agree(tensor([9, 9, 9, 9], dims), tensor([1, 2, 3, 4], dims))).toBe(0.5);
    const mask = tensor([0, 0, 0, 1, 0, 0, 0, 0.9], [2, 1, 2, 2]);
    expect(
      agree(
        tensor(
          values(8, () => 0),
          [2, 1, 2, 2],
        ),
        mask,
      ),
    ).toBe(0);
    // [1, 2 classes, 1, 2]: the pixels are of class 1 and 0.
    const classes = tensor([0, 5, 1, 2], [1, 2, 1, 2]);
    expect(agree(tensor([0, 5, 1, 7], [1, 2, 1, 2]), classes)).toBe(0);
    const ids = (...data: number[]) => ({ data: Int32Array.from(data), dims: [3] });
    expect(agree(ids(1, 2, 3), ids(1, 2, 4))).toBeCloseTo(2 / 3, 9);
  });

  it("takes the mean of several outputs, and reads the first alone by default", () => {
    const a = tensor([0, 1, 1, 0], [2, 2]);
    const b = tensor([0, 1, 0, 1], [2, 2]);
    const metric = outputAgreement({ outputs: ["x", "y"] });
    const found = metric.evaluate({ x: a, y: a }, { x: a, y: b });
    expect(found).toMatchObject({ score: 0.75, sampleScores: Float32Array.of(1, 0.5) });
    expect(metric.outputs).toEqual(["x", "y"]);
    expect(outputAgreement().outputs).toBe("first");
    expect(outputAgreement().evaluate({ x: a, y: a }, { x: a, y: b }).score).toBe(1);
  });
});
