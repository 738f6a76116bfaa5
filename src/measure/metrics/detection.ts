import { checkFields } from "../../check/check-fields.js";
import { describeValue } from "../../check/describe-value.js";
import { EvaluationError, InvalidArgumentError } from "../../errors.js";
import { fingerprint } from "../../numeric/fingerprint.js";
import { matchBoxes, meanAveragePrecision } from "./boxes/average-precision.js";
import type { BoxDecoder, DetectedBox, TruthBox } from "./boxes/box.js";
import { checkInteger, checkNumber, checkOutputs } from "./check-metric.js";
import type { Metric, MetricCall, ModelOutputs } from "./metric.js";
import { outputSamples, sampleTensor } from "./outputs/output-samples.js";
import { referenceCall, requireReference } from "./outputs/select-output.js";
import { jackknifeResult } from "./scores/jackknife.js";

/** How {@link detection} judges. */
export interface DetectionOptions {
  /**
   * Boxes of one image from its outputs: `boxDecoder`, `ssdDecoder`, `yoloDecoder`, or your own.
   */
  readonly decode: BoxDecoder;
  /** Boxes that are there, for each image. Default: those that the float model is sure of. */
  readonly truth?: readonly (readonly TruthBox[])[] | undefined;
  /** Names of the outputs that `decode` reads. Default: all of numbers. */
  readonly outputs?: readonly string[] | undefined;
  /** Score from which a box of the float model counts as there. Default 0.3. */
  readonly scoreThreshold?: number | undefined;
  /** Overlaps from which boxes match, above 0. Default 0.5, 0.55 ... 0.95, as COCO. */
  readonly iouThresholds?: readonly number[] | undefined;
  /** Surest boxes of each class and image that are judged. Default 100. */
  readonly maxDetections?: number | undefined;
}

const COCO_THRESHOLDS: readonly number[] = Array.from({ length: 10 }, (_, i) => (50 + 5 * i) / 100);

/**
 * Mean average precision of boxes, as COCO's evaluation computes it (Lin et al., "Microsoft COCO",
 * 2014; pycocotools): greedy matches by falling score, precision at 101 recalls, the mean over IoU
 * thresholds and over the classes that are there. With `truth` that of annotated boxes; without it
 * the float model's sure boxes are the truth, and the float model itself has 1.
 *
 * The value is the score. It is no mean over images, so there are no scores of samples; the error
 * is that of the delete-a-group jackknife. Where nothing is there (in a first part of the images)
 * the score is 1 if nothing is found from `scoreThreshold` on, else 0.
 *
 * Outputs without a dimension of the batch (a suppression inside the model) need batches of one
 * image.
 * @throws InvalidArgumentError for other options; from `evaluate` EvaluationError when `decode`
 *   fails, images and `truth` differ in number, or the float model is sure of nothing
 */
export function detection(options: DetectionOptions): Metric {
  const {
    decode,
    truth,
    outputs,
    scoreThreshold = 0.3,
    maxDetections = 100,
  } = readOptions(options);
  const { iouThresholds = COCO_THRESHOLDS } = options;
  const how = [scoreThreshold, maxDetections, iouThresholds.join(" "), outputs?.join(" ") ?? ""];
  const identity = fingerprint(
    [...how, decode.identity ?? decode.toString(), JSON.stringify(truth ?? "float")].join(";"),
  );
  let sure: { reference: ModelOutputs; truth: readonly (readonly TruthBox[])[] } | undefined;
  const floatTruth = (reference: ModelOutputs, call: MetricCall | undefined) => {
    if (sure?.reference === reference) return sure.truth;
    const found = decodeImages(reference, decode, outputs, referenceCall(call)).map((boxes) =>
      boxes.filter(({ score }) => score >= scoreThreshold),
    );
    if (found.every((boxes) => boxes.length === 0))
      throw new EvaluationError(
        "metric.scoreThreshold",
        `the float model finds no box of score ${scoreThreshold} or more; allowed: data in which ` +
          "it finds some, or a lower scoreThreshold",
      );
    sure = { reference, truth: found };
    return found;
  };
  return {
    name: truth === undefined ? "mAP against the float model" : "mAP",
    identity: `mAP ${identity}`,
    ...(outputs !== undefined && { outputs }),
    needsReference: truth === undefined,
    judgesPart: true,
    evaluate(found, reference, call) {
      const there = truth ?? floatTruth(requireReference(reference, "detection"), call);
      const images = decodeImages(found, decode, outputs, call);
      if (call?.partial ? there.length < images.length : there.length !== images.length)
        throw new EvaluationError(
          "metric.truth",
          `there are boxes for ${there.length} images, and ${images.length} images; allowed: one ` +
            "list for each",
        );
      const matched = images.map((boxes, i) =>
        matchBoxes(boxes, there[i]!, iouThresholds, maxDetections),
      );
      const anything = images.some((boxes) => boxes.some(({ score }) => score >= scoreThreshold));
      return jackknifeResult(
        images.length,
        (keep) =>
          meanAveragePrecision(
            matched.filter((_, image) => keep(image)),
            iouThresholds.length,
          ),
        anything ? 0 : 1,
      );
    },
  };
}

function readOptions(options: DetectionOptions): DetectionOptions {
  checkFields(options, "options", [
    ...["decode", "truth", "outputs", "scoreThreshold", "iouThresholds", "maxDetections"],
  ]);
  const { decode, truth, outputs, scoreThreshold, iouThresholds, maxDetections } = options;
  const refuse = (name: string, value: unknown, allowed: string): never => {
    throw new InvalidArgumentError(name, `${name} is ${describeValue(value)}; allowed: ${allowed}`);
  };
  if (typeof decode !== "function")
    refuse("decode", decode, "a function that gives the boxes of an image, such as boxDecoder()");
  if (truth !== undefined && !(Array.isArray(truth) && truth.every(isBoxList)))
    refuse("truth", truth, "a list of { box: [left, top, right, bottom], label } for each image");
  checkOutputs(outputs);
  if (scoreThreshold !== undefined) checkNumber("scoreThreshold", scoreThreshold);
  if (maxDetections !== undefined) checkInteger("maxDetections", maxDetections, 1);
  if (iouThresholds !== undefined) {
    if (!Array.isArray(iouThresholds) || iouThresholds.length === 0)
      refuse("iouThresholds", iouThresholds, "a list of numbers above 0");
    iouThresholds.forEach((each, i) => {
      checkNumber(`iouThresholds.${i}`, each, 0);
    });
  }
  return options;
}

function isBoxList(boxes: unknown): boxes is readonly DetectedBox[] {
  return (
    Array.isArray(boxes) &&
    boxes.every(
      (each) =>
        Array.isArray(each?.box) && each.box.length === 4 && each.box.every(Number.isFinite),
    )
  );
}

/** @throws EvaluationError when the outputs do not tell images apart, or `decode` fails */
function decodeImages(
  outputs: ModelOutputs,
  decode: BoxDecoder,
  wanted: readonly string[] | undefined,
  call: MetricCall | undefined,
): (readonly DetectedBox[])[] {
  const names = wanted ?? call?.outputNames ?? Object.keys(outputs);
  const spans = names.map((name) => outputSamples(outputs[name]!, call?.batchSizes));
  const images = spans[0]?.length ?? 0;
  const apart = (all: (typeof spans)[number]) =>
    all.length === images && all.every(({ samples }) => samples === 1);
  if (!spans.every(apart))
    throw new EvaluationError(
      "metric.outputs",
      "the outputs do not have the images in their first dimension; allowed: such outputs, or " +
        "batches of one image",
    );
  return Array.from({ length: images }, (_, image) => {
    const own = names.map((name, i) => [name, sampleTensor(outputs[name]!, spans[i]![image]!)]);
    let found: unknown;
    try {
      found = decode(Object.fromEntries(own));
    } catch (cause) {
      if (cause instanceof EvaluationError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new EvaluationError("metric.decode", `decode failed: ${reason}`, { cause });
    }
    if (isBoxList(found) && found.every(({ score }) => Number.isFinite(score))) return found;
    throw new EvaluationError(
      "metric.decode",
      `decode gave ${describeValue(found)} for image ${image}; allowed: a list of { box: [left, ` +
        "top, right, bottom], score, label }, all finite",
    );
  });
}
