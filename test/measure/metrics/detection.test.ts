import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EvaluationError, InvalidArgumentError } from "../../../src/errors.js";
import { boxIou, type DetectedBox, type TruthBox } from "../../../src/measure/metrics/boxes/box.js";
import { boxDecoder } from "../../../src/measure/metrics/boxes/box-decoder.js";
import { ssdDecoder } from "../../../src/measure/metrics/boxes/ssd-decoder.js";
import { suppressBoxes } from "../../../src/measure/metrics/boxes/suppress-boxes.js";
import { yoloDecoder } from "../../../src/measure/metrics/boxes/yolo-decoder.js";
import { detection } from "../../../src/measure/metrics/detection.js";
import { joinOutput } from "../../../src/measure/metrics/outputs/join-output.js";

const tensor = (values: readonly number[], dims: readonly number[]) => ({
  data: Float32Array.from(values),
  dims,
});
/** Boxes [images, n, 6]: corners, score, label; a score below 0 is none. */
const rowsOf = (images: readonly (readonly DetectedBox[])[]) => {
  const most = Math.max(1, ...images.map(({ length }) => length));
  const rows = images.flatMap((boxes) =>
    Array.from({ length: most }, (_, i) => {
      const found = boxes[i];
      return found ? [...found.box, found.score, found.label ?? 0] : [0, 0, 0, 0, -1, 0];
    }),
  );
  return { rows: tensor(rows.flat(), [images.length, most, 6]) };
};
const decode = ({
  rows,
}: {
  readonly [name: string]: { readonly data: unknown };
}): DetectedBox[] => {
  const data = rows!.data as Float32Array;
  return Array.from({ length: data.length / 6 }, (_, i) => [...data.subarray(6 * i, 6 * i + 6)])
    .filter((row) => row[4]! >= 0)
    .map(([a, b, c, d, score, label]) => ({ box: [a!, b!, c!, d!], score: score!, label: label! }));
};
const square = (x: number, score: number, label = 0): DetectedBox => ({
  box: [x, 0, x + 10, 10],
  score,
  label,
});

/** AP as the definition says it: for each recall the best precision of any cut from there on. */
function slowMap(
  images: readonly { found: readonly DetectedBox[]; truth: readonly TruthBox[] }[],
  thresholds: readonly number[],
): number {
  const labels = [...new Set(images.flatMap(({ truth }) => truth.map(({ label = 0 }) => label)))];
  const values = labels.flatMap((label) =>
    thresholds.map((threshold) => {
      const verdicts = images.flatMap(({ found, truth }) => {
        const left = truth.filter((each) => (each.label ?? 0) === label);
        return found
          .filter((each) => (each.label ?? 0) === label)
          .toSorted((a, b) => b.score - a.score)
          .map(({ box, score }) => {
            const overlaps = left.map((each) => boxIou(box, each.box));
            const best = overlaps.lastIndexOf(Math.max(...overlaps, threshold));
            if (best >= 0) left.splice(best, 1);
            return { score, right: best >= 0 };
          });
      });
      const ranked = verdicts.toSorted((a, b) => b.score - a.score);
      const all = images
        .flatMap(({ truth }) => truth)
        .filter((each) => (each.label ?? 0) === label);
      const cuts = ranked.map((_, i) => {
        const right = ranked.slice(0, i + 1).filter(({ right }) => right).length;
        return { recall: right / all.length, precision: right / (i + 1) };
      });
      let sum = 0;
      for (let r = 0; r <= 100; r++)
        sum += Math.max(
          0,
          ...cuts.filter(({ recall }) => recall >= r * 0.01).map((c) => c.precision),
        );
      return sum / 101;
    }),
  );
  return values.reduce((a, b) => a + b, 0) / values.length;
}

describe("detection", () => {
  it("has the mAP of its definition", () => {
    const box = fc.record({
      x: fc.integer({ min: 0, max: 12 }),
      score: fc.integer({ min: 1, max: 1000 }),
      label: fc.nat(1),
    });
    const boxes = fc.uniqueArray(box, { maxLength: 6, selector: ({ score }) => score });
    const image = fc.record({ found: boxes, there: boxes });
    fc.assert(
      fc.property(fc.array(image, { minLength: 1, maxLength: 4 }), (given) => {
        fc.pre(given.some(({ there }) => there.length > 0));
        const images = given.map(({ found, there }, i) => ({
          found: found.map(({ x, score, label }) => square(x, score + i / 10, label)),
          truth: there.map(({ x, label }) => ({ box: square(x, 1).box, label })),
        }));
        const metric = detection({ decode, truth: images.map(({ truth }) => truth) });
        const result = metric.evaluate(rowsOf(images.map(({ found }) => found)));
        const thresholds = Array.from({ length: 10 }, (_, i) => (50 + 5 * i) / 100);
        expect(result.score).toBeCloseTo(slowMap(images, thresholds), 9);
        expect(result.value).toBe(result.score);
        expect(result.samples).toBe(images.length);
        expect(result.sampleScores).toBeUndefined();
      }),
    );
  });

  it("is worked out by hand: a miss, a false box, a loose one", () => {
    const truth = [[square(0, 1), square(20, 1)], [square(0, 1)]];
    const at = (found: readonly (readonly DetectedBox[])[], iouThresholds?: readonly number[]) =>
      detection({ decode, truth, iouThresholds }).evaluate(rowsOf(found)).score;
    expect(at([[square(0, 0.9), square(20, 0.8)], [square(0, 0.7)]])).toBe(1);
    // Recall 2/3: precision 1 at the recalls 0 to 0.66.
    expect(at([[square(0, 0.9), square(20, 0.8)], []])).toBeCloseTo(67 / 101, 9);
    // The surest box is wrong: precision 3/4 everywhere.
    expect(
      at([
        [square(0, 0.8), square(20, 0.7)],
        [square(50, 0.9), square(0, 0.6)],
      ]),
    ).toBeCloseTo(0.75, 9);
    // IoU 9/11 = 0.82 counts up to 0.8.
    expect(at([[square(1, 0.9), square(21, 0.8)], [square(1, 0.7)]])).toBeCloseTo(0.7, 9);
    expect(at([[square(1, 0.9), square(21, 0.8)], [square(1, 0.7)]], [0.5])).toBe(1);
  });

  it("lets crowds count neither way", () => {
    const truth: TruthBox[][] = [[square(0, 1), { box: [100, 0, 300, 100], crowd: true }]];
    const found = [[square(0, 0.5), square(150, 0.9), square(200, 0.8)]];
    expect(detection({ decode, truth }).evaluate(rowsOf(found)).score).toBe(1);
    const outside = [[square(0, 0.5), square(50, 0.9)]];
    expect(detection({ decode, truth }).evaluate(rowsOf(outside)).score).toBeCloseTo(0.5, 9);
  });

  it("takes the float model's sure boxes for the truth without any", () => {
    const float = rowsOf([
      [square(0, 0.9), square(30, 0.1)],
      [square(5, 0.5)],
      [],
      [square(9, 0.8)],
    ]);
    const metric = detection({ decode });
    expect(metric.evaluate(float, float)).toMatchObject({ score: 1, standardError: 0 });
    const dead = rowsOf([[], [], [], []]);
    expect(metric.evaluate(dead, float).score).toBe(0);
    const half = rowsOf([[square(0, 0.9)], [], [], [square(9, 0.8)]]);
    const found = metric.evaluate(half, float);
    expect(found.score).toBeCloseTo(67 / 101, 9);
    expect(found.standardError).toBeGreaterThan(0);
    const first = rowsOf([[square(0, 0.9)]]);
    expect(metric.evaluate(first, float, { partial: true }).score).toBe(1);
    const nothing = detection({ decode, scoreThreshold: 0.95 });
    expect(() => nothing.evaluate(float, float)).toThrow(/finds no box of score 0.95/);
  });

  it("reads boxes of batches of one image, whatever their number", () => {
    const rows = (boxes: readonly DetectedBox[]) => {
      const one = rowsOf([boxes]).rows;
      return { data: one.data, dims: one.dims.slice(1) };
    };
    const float = {
      rows: joinOutput([rows([square(0, 0.9), square(20, 0.9)]), rows([square(0, 0.8)])]),
    };
    const own = { rows: joinOutput([rows([square(0, 0.9)]), rows([square(0, 0.8)])]) };
    const call = { outputNames: ["rows"], batchSizes: [1, 1] };
    expect(detection({ decode }).evaluate(own, float, call).score).toBeCloseTo(67 / 101, 9);
    expect(() =>
      detection({ decode }).evaluate(own, float, { ...call, batchSizes: [2, 2] }),
    ).toThrow(/batches of one image/);
  });

  it("refuses what it cannot read", () => {
    expect(() => detection({} as never)).toThrow(/decode is undefined/);
    expect(() => detection({ decode, truth: [[{ box: [1] }]] as never })).toThrow(/truth is/);
    expect(() => detection({ decode, iouThresholds: [0] })).toThrow(InvalidArgumentError);
    const float = rowsOf([[square(0, 0.9)]]);
    const broken = () => {
      throw new TypeError("no such field");
    };
    expect(() => detection({ decode: broken }).evaluate(float, float)).toThrow(
      /decode failed: no such field/,
    );
    expect(() => detection({ decode: () => [1] as never }).evaluate(float, float)).toThrow(
      EvaluationError,
    );
    expect(() => detection({ decode, truth: [[], [square(0, 1)]] }).evaluate(float)).toThrow(
      /boxes for 2 images, and 1 images/,
    );
    expect(detection({ decode }).identity).not.toBe(
      detection({ decode, scoreThreshold: 0.5 }).identity,
    );
  });
});

describe("decoders", () => {
  it("keep the surest of boxes that overlap, class by class", () => {
    const boxes = [square(0, 0.5), square(1, 0.9), square(1, 0.4, 1), square(40, 0.3)];
    expect(suppressBoxes(boxes, 0.5)).toEqual([boxes[1], boxes[0 + 2], boxes[3]]);
    expect(suppressBoxes(boxes, 0.95)).toHaveLength(4);
  });

  it("read boxes and scores, ready or of several classes", () => {
    const boxes = tensor([0, 0, 10, 10, 5, 5, 2, 2], [2, 4]);
    const ready = boxDecoder({ boxes: "b", scores: "s", labels: "l", count: "n", iouThreshold: 1 });
    const outputs = {
      b: boxes,
      s: tensor([0.9, 0.8], [2]),
      l: { data: BigInt64Array.of(3n, 1n), dims: [2] },
      n: tensor([1], []),
    };
    expect(ready(outputs)).toEqual([
      { box: [0, 0, 10, 10], score: expect.closeTo(0.9, 6), label: 3 },
    ]);
    const classes = boxDecoder({ boxes: "b", scores: "s", format: "cxcywh", background: 0 });
    const found = classes({ b: boxes, s: tensor([0.9, 0.01, 0.5, 0.1, 0.7, 0.2], [2, 3]) });
    expect(found).toEqual([
      { box: [4, 4, 6, 6], score: expect.closeTo(0.7, 6), label: 1 },
      { box: [-5, -5, 5, 5], score: 0.5, label: 2 },
      { box: [4, 4, 6, 6], score: expect.closeTo(0.2, 6), label: 2 },
    ]);
    const corner = (format: "yxyx" | "xywh") =>
      boxDecoder({ boxes: "b", scores: "s", format })({
        b: tensor([1, 2, 3, 5], [1, 4]),
        s: tensor([1], [1]),
      })[0]!.box;
    expect(corner("yxyx")).toEqual([2, 1, 5, 3]);
    expect(corner("xywh")).toEqual([1, 2, 4, 7]);
    expect(() => ready({ b: boxes })).toThrow(/no output "s"; allowed: "b"/);
    expect(() => boxDecoder({ boxes: "b" } as never)).toThrow(/scores is undefined/);
  });

  it("read offsets from prior boxes", () => {
    const ssd = ssdDecoder({ boxes: "b", scores: "s", priors: [0.5, 0.5, 0.2, 0.4] });
    const [found] = ssd({
      b: tensor([1, -1, Math.log(2) / 0.2, 0], [1, 4]),
      s: tensor([0.1, 0.9], [1, 2]),
    });
    // Center 0.5 + 0.1 * 0.2, 0.5 - 0.1 * 0.4; width 0.2 * 2.
    expect(found!.box).toEqual([0.32, 0.26, 0.72, 0.66].map((value) => expect.closeTo(value, 6)));
    expect(found!.label).toBe(1);
    expect(() => ssdDecoder({ boxes: "b", scores: "s", priors: [1, 2] })).toThrow(/2 numbers/);
    expect(() =>
      ssd({ b: tensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 4]), s: tensor([1, 1], [1, 2]) }),
    ).toThrow(/allowed: 1 rows of 4/);
  });

  it("read candidates of both YOLO layouts", () => {
    // Three classes, 9 candidates, of which the first and second are sure.
    const candidates = Array.from({ length: 9 }, (_, i) => [
      ...[10 * i, 20, 4, 6],
      ...(i < 2 ? [0.1, 0.2, 0.9] : [0.01, 0.02, 0]),
    ]);
    const flipped = Array.from({ length: 7 }, (_, k) => candidates.map((row) => row[k]!));
    const wanted = [0, 1].map((i) => ({
      box: [10 * i - 2, 17, 10 * i + 2, 23],
      score: expect.closeTo(0.9, 6),
      label: 2,
    }));
    const v8 = yoloDecoder({ output: "y" });
    expect(v8({ y: tensor(flipped.flat(), [7, 9]) })).toEqual(wanted);
    expect(v8({ y: tensor(candidates.flat(), [9, 7]) })).toEqual(wanted);
    const v5 = yoloDecoder({ output: "y", layout: "v5", scoreThreshold: 0.4 });
    const rows = [
      [10, 20, 4, 6, 0.5, 0.2, 0.9],
      [50, 20, 4, 6, 0.4, 0.9, 0.1],
    ];
    expect(v5({ y: tensor(rows.flat(), [1, 2, 7]) })).toEqual([
      { box: [8, 17, 12, 23], score: expect.closeTo(0.45, 6), label: 1 },
    ]);
    expect(() => v8({ y: tensor([1, 2, 3], [3]) })).toThrow(/candidates of 4 numbers/);
  });
});
