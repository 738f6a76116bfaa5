import { EvaluationError } from "../../errors.js";
import { fingerprint } from "../../numeric/fingerprint.js";
import { checkMetricOptions, checkNumber } from "./check-metric.js";
import type { Metric, MetricOptions, OutputTensor } from "./metric.js";
import { type DecisionRule, decisionRule, decisionsOf } from "./outputs/decisions.js";
import { outputSamples } from "./outputs/output-samples.js";
import { type ClassIndices, readClassIndices } from "./outputs/score-rows.js";
import { readOutputs, requireReference, selectOutput } from "./outputs/select-output.js";
import { jackknifeResult } from "./scores/jackknife.js";

/** How {@link segmentation} judges. */
export interface SegmentationOptions extends MetricOptions {
  /**
   * Values of a mask above it are foreground. Default: 0.5 where all of the float model's are from
   * 0 to 1, else 0.
   */
  readonly threshold?: number | undefined;
}

/**
 * Intersection over union (Jaccard index) of what is marked and what is to be. Class scores [batch,
 * classes, height, width] give the mean IoU over the classes that occur in either, background
 * included, as for Pascal VOC; a mask [batch, 1, height, width] or [batch, height, width] of two
 * dimensions or more gives that of the foreground alone, so that an empty mask has 0; integers are
 * classes themselves. Intersections and unions are counted over all samples together. The value is
 * the score; a sample's score is the mean IoU of its own; the error that of the delete-a-group
 * jackknife.
 * @param labels the right class (0 or 1 for a mask) of each pixel, flattened; below 0 not judged;
 *   undefined: what the float model marks
 * @throws InvalidArgumentError or InvalidDataError for other labels or options; from `evaluate`
 *   EvaluationError when they do not fit the output
 */
export function segmentation(
  labels?: ClassIndices | undefined,
  options: SegmentationOptions = {},
): Metric {
  checkMetricOptions(options, ["threshold"]);
  const { output, threshold } = options;
  if (threshold !== undefined) checkNumber("threshold", threshold);
  const given = labels === undefined ? undefined : readClassIndices(labels, "labels");
  return {
    name: "IoU",
    identity: `IoU ${threshold} ${output ?? ""} ${given ? fingerprint(given) : "float"}`,
    outputs: readOutputs(output),
    needsReference: true,
    judgesPart: true,
    evaluate(outputs, reference, call) {
      const float = selectOutput(requireReference(reference, "segmentation"), output, call);
      const rule = maskRule(float, threshold);
      const found = selectOutput(outputs, output, call);
      const { classes, width } = decisionsOf(found, rule);
      const wanted: ArrayLike<number> = given ?? decisionsOf(float, rule).classes;
      if (call?.partial ? wanted.length < classes.length : wanted.length !== classes.length)
        throw new EvaluationError(
          "metric.labels",
          `there are ${wanted.length} pixels to meet and ${classes.length} in the output; ` +
            "allowed: one for each",
        );
      const isMask = rule.axis === undefined && !Number.isNaN(rule.threshold);
      const counts = outputSamples(found, call?.batchSizes).map(({ start, end }) =>
        countPixels(classes, wanted, start / width, end / width, isMask),
      );
      const result = jackknifeResult(
        counts.length,
        (keep) => meanIou(counts.filter((_, sample) => keep(sample))),
        // Nothing is to be marked, and nothing is.
        1,
      );
      return { ...result, sampleScores: Float32Array.from(counts, (each) => meanIou([each]) ?? 1) };
    },
  };
}

/** As {@link decisionRule}, masks at their natural threshold. */
function maskRule(float: OutputTensor, threshold: number | undefined): DecisionRule {
  const { axis, threshold: found } = decisionRule(float);
  const { data, dims, batchDims: [shape = dims] = [dims] } = float;
  // [batch, height, width] has no classes, and [batch, time, classes] is no picture.
  const isMask = axis === undefined ? !Number.isNaN(found) : axis === -1 && shape.length === 3;
  if (!isMask) return { axis, threshold: found };
  let inUnit = true;
  for (const value of data) inUnit &&= value >= 0 && value <= 1;
  return { axis: undefined, threshold: threshold ?? (inUnit ? 0.5 : 0) };
}

/** Pixels of a class: marked and right, marked or right. */
interface PixelCounts {
  both: number;
  either: number;
}

function countPixels(
  found: ArrayLike<number>,
  wanted: ArrayLike<number>,
  start: number,
  end: number,
  isMask: boolean,
): ReadonlyMap<number, PixelCounts> {
  const counts = new Map<number, PixelCounts>();
  const of = (index: number): PixelCounts => {
    let own = counts.get(index);
    if (own === undefined) {
      own = { both: 0, either: 0 };
      counts.set(index, own);
    }
    return own;
  };
  for (let at = start; at < end; at++) {
    const [a, b] = [found[at]!, isMask ? Math.min(1, wanted[at]!) : wanted[at]!];
    if (b < 0) continue;
    if (a === b) of(a).both++;
    of(a).either++;
    if (a !== b) of(b).either++;
  }
  if (isMask) counts.delete(0);
  return counts;
}

/** undefined where nothing is marked, neither found nor right. */
function meanIou(samples: readonly ReadonlyMap<number, PixelCounts>[]): number | undefined {
  const total = new Map<number, PixelCounts>();
  for (const counts of samples)
    for (const [index, { both, either }] of counts) {
      const { both: b = 0, either: e = 0 } = total.get(index) ?? {};
      total.set(index, { both: b + both, either: e + either });
    }
  const shares = [...total.values()].map(({ both, either }) => both / either);
  if (shares.length === 0) return undefined;
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}
