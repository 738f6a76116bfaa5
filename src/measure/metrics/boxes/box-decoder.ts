import { checkFields } from "../../../check/check-fields.js";
import { checkChoice, checkInteger } from "../check-metric.js";
import { type BoxDecoder, type BoxFormat, type DetectedBox, toCorners } from "./box.js";
import {
  checkKeptBoxes,
  checkNames,
  decoderOf,
  type KeptBoxes,
  numbersOf,
  rowsOf,
} from "./decoder-options.js";

/** How {@link boxDecoder} reads outputs. */
export interface BoxDecoderOptions extends KeptBoxes {
  /** Output of boxes [n, 4]. */
  readonly boxes: string;
  /** Output of scores [n], or [n, classes]: each class above the threshold is then a box. */
  readonly scores: string;
  /** Output of classes [n], for scores [n]. Default: all are class 0. */
  readonly labels?: string | undefined;
  /** Output of how many boxes, the first, are meant. Default: all. */
  readonly count?: string | undefined;
  /** Default xyxy. */
  readonly format?: BoxFormat | undefined;
  /** Class that is no object, for scores [n, classes], an integer from 0. Default: none. */
  readonly background?: number | undefined;
}

/**
 * Reads boxes that the model gives ready, and scores beside them: detectors with their suppression
 * inside (`iouThreshold: 1`), and those that leave it out.
 * @throws InvalidArgumentError for other options; when called, EvaluationError for outputs that do
 *   not fit
 */
export function boxDecoder(options: BoxDecoderOptions): BoxDecoder {
  checkFields(options, "options", [
    ...["boxes", "scores", "labels", "count", "format", "background"],
    ...["scoreThreshold", "iouThreshold"],
  ]);
  const { boxes, scores, labels, count, format = "xyxy", background } = options;
  checkNames({ boxes, scores, labels, count }, ["boxes", "scores"], ["labels", "count"]);
  checkChoice("format", format, ["xyxy", "yxyx", "xywh", "cxcywh"]);
  if (background !== undefined) checkInteger("background", background, 0);
  checkKeptBoxes(options);
  return decoderOf("boxes", options, (outputs, least) => {
    const corners = numbersOf(outputs, boxes).values;
    const all = rowsOf(boxes, corners.length, 4);
    const { values } = numbersOf(outputs, scores);
    const classes = all === 0 ? 1 : values.length / all;
    if (all > 0) rowsOf(scores, values.length, classes, all);
    const names = labels === undefined ? undefined : numbersOf(outputs, labels).values;
    const told = count === undefined ? all : (numbersOf(outputs, count).values[0] ?? all);
    const found: DetectedBox[] = [];
    for (let i = 0; i < Math.min(all, told); i++) {
      const box = toCorners(
        [0, 1, 2, 3].map((k) => corners[4 * i + k]!),
        format,
      );
      for (let c = 0; c < classes; c++) {
        const score = values[i * classes + c]!;
        if (score < least || (classes > 1 && c === background)) continue;
        found.push({ box, score, label: classes > 1 ? c : (names?.[i] ?? 0) });
      }
    }
    return found;
  });
}
