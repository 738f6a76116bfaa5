import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../../src/errors.js";
import { ctc } from "../../../src/measure/metrics/ctc.js";
import { joinOutput } from "../../../src/measure/metrics/outputs/join-output.js";
import { editDistance } from "../../../src/measure/metrics/scores/edit-distance.js";
import { segmentation } from "../../../src/measure/metrics/segmentation.js";

const tensor = (values: readonly number[], dims: readonly number[]) => ({
  data: Float32Array.from(values),
  dims,
});

describe("segmentation", () => {
  it("has the mean IoU of classes, against sets of pixels", () => {
    const pixels = fc.array(fc.tuple(fc.nat(2), fc.integer({ min: -1, max: 2 })), {
      minLength: 4,
      maxLength: 4,
    });
    fc.assert(
      fc.property(fc.array(pixels, { minLength: 1, maxLength: 4 }), (images) => {
        const all = images.flat();
        fc.pre(all.some(([, label]) => label >= 0));
        // [images, 3 classes, 2, 2]
        const scores = images.flatMap((image) =>
          [0, 1, 2].flatMap((c) => image.map(([found]) => (found === c ? 2 : -1))),
        );
        const judged = all.filter(([, label]) => label >= 0);
        const shares = [0, 1, 2].flatMap((c) => {
          const both = judged.filter(([a, b]) => a === c && b === c).length;
          const either = judged.filter(([a, b]) => a === c || b === c).length;
          return either === 0 ? [] : [both / either];
        });
        const y = tensor(scores, [images.length, 3, 2, 2]);
        const metric = segmentation(all.map(([, label]) => label));
        const found = metric.evaluate({ y }, { y });
        expect(found.score).toBeCloseTo(shares.reduce((a, b) => a + b, 0) / shares.length, 9);
        expect(found.sampleScores).toHaveLength(images.length);
        if (images.length === 1) expect(found.sampleScores![0]).toBeCloseTo(found.score, 6);
      }),
    );
  });

  it("has the IoU of a mask's foreground, so that an empty one has 0", () => {
    for (const dims of [
      [2, 1, 2, 3],
      [2, 2, 3],
    ]) {
      const float = tensor([0.9, 0.1, 0, 0, 0, 0, 0.2, 0.7, 0.8, 0, 0, 0], dims);
      const empty = tensor(new Array<number>(12).fill(0), dims);
      const metric = segmentation();
      expect(metric.evaluate({ y: empty }, { y: float }).score).toBe(0);
      expect(metric.evaluate({ y: float }, { y: float }).score).toBe(1);
      const some = tensor([0.6, 0.6, 0, 0, 0, 0, 0, 0.6, 0, 0, 0, 0], dims);
      // Both 2, either 4; of the images 1 of 2 and 1 of 2.
      expect(metric.evaluate({ y: some }, { y: float })).toMatchObject({
        score: 0.5,
        sampleScores: Float32Array.of(0.5, 0.5),
      });
      const strict = segmentation(undefined, { threshold: 0.75 });
      expect(strict.evaluate({ y: some }, { y: float }).score).toBe(0);
    }
    const labels = [1, 0, 0, 0];
    const logits = tensor([3, -1, -1, 2], [1, 1, 2, 2]);
    expect(segmentation(labels).evaluate({ y: logits }, { y: logits }).score).toBe(0.5);
    expect(() => segmentation([1, 0]).evaluate({ y: logits }, { y: logits })).toThrow(
      /2 pixels to meet and 4/,
    );
  });
});

describe("editDistance", () => {
  it("is that of trying everything", () => {
    const slow = (a: readonly number[], b: readonly number[]): number => {
      if (a.length === 0 || b.length === 0) return a.length + b.length;
      const [x, y] = [a.slice(1), b.slice(1)];
      if (a[0] === b[0]) return slow(x, y);
      return 1 + Math.min(slow(x, b), slow(a, y), slow(x, y));
    };
    const word = fc.array(fc.nat(2), { maxLength: 6 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b)).toBe(slow(a, b));
      }),
    );
  });
});

describe("ctc", () => {
  const characters = ["", "a", "b", "c"];
  /** [1, time, classes] from the classes of each step. */
  const steps = (...path: number[]) =>
    tensor(
      path.flatMap((each) => [0, 1, 2, 3].map((c) => (c === each ? 4 : 0))),
      [1, path.length, 4],
    );

  it("reads without repetitions and blanks, and counts edits over characters", () => {
    const y = joinOutput([steps(0, 1, 1, 0, 1, 2), steps(3, 3, 0, 0)]);
    const call = { batchSizes: [1, 1] };
    const rate = (...texts: string[]) =>
      ctc(texts, { characters }).evaluate({ y }, undefined, call);
    expect(rate("aab", "c")).toMatchObject({ value: 0, score: 1, samples: 2 });
    // One edit of five characters.
    const one = rate("aabb", "c");
    expect(one.value).toBeCloseTo(1 / 5, 9);
    expect(one.score).toBeCloseTo(1 - 0.99 / 5, 9);
    expect([...one.sampleScores!]).toEqual([expect.closeTo(1 - 0.99 / 2.5, 6), 1]);
    expect(rate("?ab", "c").value).toBeCloseTo(1 / 4, 9);
    expect(ctc([[1, 1, 2], [3]]).evaluate({ y }, undefined, call).value).toBe(0);
    const part = ctc(["aabb", "c"], { characters }).evaluate(
      { y: steps(0, 1, 1, 0, 1, 2) },
      undefined,
      { partial: true, batchSizes: [1], referenceBatchSizes: [1, 1] },
    );
    expect(part.sampleScores![0]).toBe(one.sampleScores![0]);
  });

  it("gives a network that reads nothing 0.01", () => {
    const y = steps(1, 0, 2, 3);
    const dead = steps(0, 0, 0, 0);
    expect(ctc().evaluate({ y: dead }, { y })).toMatchObject({
      value: 1,
      score: expect.closeTo(0.01, 9),
    });
    expect(ctc().evaluate({ y }, { y }).score).toBe(1);
    // Class 0 is a character then: it stands alone in place of three.
    expect(ctc(undefined, { blank: 3 }).evaluate({ y: dead }, { y }).value).toBeCloseTo(2 / 3, 9);
  });

  it("takes time first, no batch, and classes as integers", () => {
    // Two samples of three steps: a b -, - c c.
    const paths = [
      [1, 2, 0],
      [0, 3, 3],
    ];
    const scores = (path: readonly number[]) =>
      path.flatMap((each) => [0, 1, 2, 3].map((c) => (c === each ? 1 : 0)));
    const byTime = [0, 1, 2].flatMap((t) => scores(paths.map((path) => path[t]!)));
    const rate = (y: object, options: object) =>
      ctc(["ab", "c"], { characters, ...options }).evaluate({ y: y as never }).value;
    expect(rate(tensor(byTime, [3, 2, 4]), { timeMajor: true })).toBe(0);
    expect(rate(tensor(paths.flatMap(scores), [2, 3, 4]), {})).toBe(0);
    const ids = { data: BigInt64Array.from(paths.flat(), BigInt), dims: [2, 3] };
    expect(rate(ids, {})).toBe(0);
    const single = ctc(["ab"], { characters });
    expect(single.evaluate({ y: tensor(scores(paths[0]!), [3, 4]) }).value).toBe(0);
    expect(() => rate(tensor([1, 2], [2]), {})).toThrow(/\[batch, time, classes\]/);
    expect(() => ctc(["a"])).toThrow(/characters is undefined/);
    expect(() => ctc([])).toThrow(InvalidArgumentError);
    expect(() => ctc([[1], [2]]).evaluate({ y: steps(1) })).toThrow(/2 texts for 1 samples/);
  });
});
