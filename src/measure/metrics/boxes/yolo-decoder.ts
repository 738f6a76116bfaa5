import { checkFields } from "../../../check/check-fields.js";
import { quoteName } from "../../../check/quote-name.js";
import { EvaluationError } from "../../../errors.js";
import { checkChoice } from "../check-metric.js";
import { type BoxDecoder, type DetectedBox, toCorners } from "./box.js";
import {
  checkKeptBoxes,
  checkNames,
  decoderOf,
  type KeptBoxes,
  numbersOf,
} from "./decoder-options.js";

/** How {@link yoloDecoder} reads an output. */
export interface YoloDecoderOptions extends KeptBoxes {
  /** Output of candidates. */
  readonly output: string;
  /**
   * `v5`: [n, 5 + classes], center x, center y, width, height, objectness, class scores, a box's
   * score being objectness times class (v5, v7, X decoded). `v8`: [4 + classes, n] without
   * objectness (v8 and later); [n, 4 + classes] is taken as well, the shorter side being that of a
   * candidate. Default v8.
   */
  readonly layout?: "v5" | "v8" | undefined;
}

/**
 * Reads the candidates of a YOLO-like detector, each with its best class.
 * @throws InvalidArgumentError for other options; when called, EvaluationError for an output that
 *   does not fit
 */
export function yoloDecoder(options: YoloDecoderOptions): BoxDecoder {
  checkFields(options, "options", ["output", "layout", "scoreThreshold", "iouThreshold"]);
  const { output, layout = "v8" } = options;
  checkNames({ output }, ["output"]);
  checkChoice("layout", layout, ["v5", "v8"]);
  checkKeptBoxes(options);
  const before = layout === "v5" ? 5 : 4;
  return decoderOf("yolo", options, (outputs, least) => {
    const { values, dims } = numbersOf(outputs, output);
    const shape = dims.filter((extent, i) => extent !== 1 || i >= dims.length - 2);
    const [first = 0, second = 0] = shape;
    const across = layout === "v8" && first <= second;
    const [count, width] = across ? [second, first] : [first, second];
    if (shape.length !== 2 || width <= before)
      throw new EvaluationError(
        "metric.decode",
        `output ${quoteName(output)} has dims [${dims.join(", ")}] for an image; allowed: ` +
          `candidates of ${before} numbers and class scores`,
      );
    const found: DetectedBox[] = [];
    for (let i = 0; i < count; i++) {
      const at = (k: number) => values[across ? k * count + i : i * width + k]!;
      let label = 0;
      for (let c = 1; c < width - before; c++) if (at(before + c) > at(before + label)) label = c;
      const score = at(before + label) * (layout === "v5" ? at(4) : 1);
      if (score < least) continue;
      found.push({ box: toCorners([at(0), at(1), at(2), at(3)], "cxcywh"), score, label });
    }
    return found;
  });
}
