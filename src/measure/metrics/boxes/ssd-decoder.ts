import { checkFields } from "../../../check/check-fields.js";
import { InvalidArgumentError } from "../../../errors.js";
import { checkInteger } from "../check-metric.js";
import { readTargets } from "../scores/target-values.js";
import { type BoxDecoder, type DetectedBox, toCorners } from "./box.js";
import {
  checkKeptBoxes,
  checkNames,
  decoderOf,
  type KeptBoxes,
  numbersOf,
  rowsOf,
} from "./decoder-options.js";

/** How {@link ssdDecoder} reads outputs. */
export interface SsdDecoderOptions extends KeptBoxes {
  /** Output of offsets [priors, 4]: x, y, width, height. */
  readonly boxes: string;
  /** Output of class probabilities [priors, classes]. */
  readonly scores: string;
  /** Center x, center y, width, height of each prior box, flattened. */
  readonly priors: ArrayLike<number>;
  /** What offsets of the center and of the size are multiplied with. Default [0.1, 0.2]. */
  readonly variances?: readonly [center: number, size: number] | undefined;
  /** Class that is no object, an integer from 0. Default 0. */
  readonly background?: number | undefined;
}

/**
 * Reads offsets from prior boxes (Liu et al., "SSD: single shot multibox detector", 2016): center +
 * offset * variance * size, size * exp(offset * variance).
 * @throws InvalidArgumentError or InvalidDataError for other options; when called, EvaluationError
 *   for outputs that do not fit
 */
export function ssdDecoder(options: SsdDecoderOptions): BoxDecoder {
  checkFields(options, "options", [
    ...["boxes", "scores", "priors", "variances", "background"],
    ...["scoreThreshold", "iouThreshold"],
  ]);
  const { boxes, scores, variances = [0.1, 0.2], background = 0 } = options;
  checkNames({ boxes, scores }, ["boxes", "scores"]);
  checkInteger("background", background, 0);
  checkKeptBoxes(options);
  const priors = readTargets(options.priors, "priors");
  if (priors.length % 4 !== 0)
    throw new InvalidArgumentError(
      "priors",
      `priors has ${priors.length} numbers; allowed: four for each prior box`,
    );
  const [center, size] = readTargets(variances, "variances");
  const identified = { ...options, priors: [...priors] };
  return decoderOf("ssd", identified, (outputs, least) => {
    const offsets = numbersOf(outputs, boxes).values;
    const count = rowsOf(boxes, offsets.length, 4, priors.length / 4);
    const { values } = numbersOf(outputs, scores);
    const classes = values.length / count;
    rowsOf(scores, values.length, classes, count);
    const found: DetectedBox[] = [];
    for (let i = 0; i < count; i++) {
      const [x, y, width, height] = priors.subarray(4 * i, 4 * i + 4) as unknown as number[];
      const at = (k: number) => offsets[4 * i + k]!;
      const box = toCorners(
        [
          x! + at(0) * center! * width!,
          y! + at(1) * center! * height!,
          width! * Math.exp(at(2) * size!),
          height! * Math.exp(at(3) * size!),
        ],
        "cxcywh",
      );
      for (let c = 0; c < classes; c++) {
        const score = values[i * classes + c]!;
        if (c !== background && score >= least) found.push({ box, score, label: c });
      }
    }
    return found;
  });
}
