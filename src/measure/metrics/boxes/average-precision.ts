import { boxArea, boxIou, type DetectedBox, sharedArea, type TruthBox } from "./box.js";

/** What became of a detection at one threshold. */
const [FALSE, TRUE, IGNORED] = [0, 1, 2] as const;

/** A detection, matched. */
interface Matched {
  readonly score: number;
  /** FALSE, TRUE or IGNORED at each threshold. */
  readonly verdicts: Uint8Array;
}

/** One image's boxes of one class, matched. */
export interface MatchedClass {
  readonly found: readonly Matched[];
  /** Boxes that are there, crowds left out. */
  readonly truths: number;
}

/**
 * Matches the boxes of an image as COCO's evaluation does (pycocotools, `evaluateImg`): by falling
 * score, each takes the free box of its class with the greatest IoU from the threshold on; crowds
 * only where nothing else is left.
 * @param thresholds of IoU
 * @param most detections of each class that are judged
 * @returns by class
 */
export function matchBoxes(
  found: readonly DetectedBox[],
  truth: readonly TruthBox[],
  thresholds: readonly number[],
  most: number,
): ReadonlyMap<number, MatchedClass> {
  const labels = new Set([...found, ...truth].map(({ label = 0 }) => label));
  return new Map(
    [...labels].map((label) => {
      const own = found
        .filter((box) => (box.label ?? 0) === label)
        .sort((a, b) => b.score - a.score)
        .slice(0, most);
      const there = truth
        .filter((box) => (box.label ?? 0) === label)
        .sort((a, b) => Number(a.crowd ?? false) - Number(b.crowd ?? false));
      return [label, matchClass(own, there, thresholds)];
    }),
  );
}

function matchClass(
  found: readonly DetectedBox[],
  truth: readonly TruthBox[],
  thresholds: readonly number[],
): MatchedClass {
  const overlaps = found.map(({ box }) =>
    truth.map((each) =>
      each.crowd ? sharedArea(box, each.box) / (boxArea(box) || 1) : boxIou(box, each.box),
    ),
  );
  const verdicts = found.map(() => new Uint8Array(thresholds.length));
  thresholds.forEach((threshold, t) => {
    const taken = new Set<number>();
    overlaps.forEach((row, d) => {
      let best = Math.min(threshold, 1 - 1e-10);
      let match = -1;
      for (let g = 0; g < truth.length; g++) {
        const crowd = truth[g]!.crowd === true;
        if (taken.has(g) && !crowd) continue;
        // Crowds come last: a real box that fits is not given up for one.
        if (match >= 0 && !truth[match]!.crowd && crowd) break;
        if (row[g]! < best) continue;
        best = row[g]!;
        match = g;
      }
      if (match < 0) return;
      taken.add(match);
      verdicts[d]![t] = truth[match]!.crowd ? IGNORED : TRUE;
    });
  });
  return {
    found: found.map(({ score }, d) => ({ score, verdicts: verdicts[d]! })),
    truths: truth.filter(({ crowd }) => !crowd).length,
  };
}

/** Recalls at which precision is read: 0, 0.01 ... 1. */
const RECALLS = 101;
/** Multiplied as pycocotools does it, which decides at recalls such as 0.7. */
const RECALL_STEP = 0.01;

/**
 * Mean average precision over classes and thresholds, precision made to fall and read at 101
 * recalls (COCO). Classes without a box that is there are left out.
 * @returns undefined where there is no box at all
 */
export function meanAveragePrecision(
  images: readonly ReadonlyMap<number, MatchedClass>[],
  thresholds: number,
): number | undefined {
  const labels = new Set(images.flatMap((image) => [...image.keys()]));
  let sum = 0;
  let count = 0;
  for (const label of labels) {
    const own = images.flatMap((image) => image.get(label) ?? []);
    const truths = own.reduce((total, each) => total + each.truths, 0);
    if (truths === 0) continue;
    const found = own.flatMap((each) => each.found).sort((a, b) => b.score - a.score);
    for (let t = 0; t < thresholds; t++) sum += averagePrecision(found, t, truths);
    count += thresholds;
  }
  return count === 0 ? undefined : sum / count;
}

function averagePrecision(found: readonly Matched[], threshold: number, truths: number): number {
  const recalls: number[] = [];
  const precisions: number[] = [];
  let right = 0;
  let wrong = 0;
  for (const { verdicts } of found) {
    const verdict = verdicts[threshold]!;
    if (verdict === IGNORED) continue;
    if (verdict === FALSE) wrong++;
    else right++;
    recalls.push(right / truths);
    precisions.push(right / (right + wrong));
  }
  for (let i = precisions.length - 2; i >= 0; i--)
    precisions[i] = Math.max(precisions[i]!, precisions[i + 1]!);
  let sum = 0;
  let at = 0;
  for (let step = 0; step < RECALLS; step++) {
    while (at < recalls.length && recalls[at]! < step * RECALL_STEP) at++;
    sum += precisions[at] ?? 0;
  }
  return sum / RECALLS;
}
