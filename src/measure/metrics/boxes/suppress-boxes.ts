import { boxIou, type DetectedBox } from "./box.js";

/**
 * Greedy non-maximum suppression: of boxes of one class that overlap by more than the threshold,
 * the one of the greatest score stays (equal ones: the first).
 * @param iouThreshold 0 to 1
 * @returns by falling score
 */
export function suppressBoxes(boxes: readonly DetectedBox[], iouThreshold: number): DetectedBox[] {
  const kept: DetectedBox[] = [];
  for (const each of [...boxes].sort((a, b) => b.score - a.score)) {
    const label = each.label ?? 0;
    const hidden = kept.some(
      (other) => (other.label ?? 0) === label && boxIou(other.box, each.box) > iouThreshold,
    );
    if (!hidden) kept.push(each);
  }
  return kept;
}
