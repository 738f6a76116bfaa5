import { EvaluationError } from "../../errors.js";
import { checkMetricOptions, checkOutputs } from "./check-metric.js";
import type { Metric, MetricCall, MetricOptions, MetricResult, ModelOutputs } from "./metric.js";
import { type DecisionRule, decisionRule, decisionsOf } from "./outputs/decisions.js";
import { outputSamples } from "./outputs/output-samples.js";
import {
  readOutputs,
  referenceCall,
  requireReference,
  selectOutput,
} from "./outputs/select-output.js";
import { normalErrors } from "./scores/jackknife.js";
import { balancedShare, judgedShare } from "./scores/judged-share.js";

/** Which outputs {@link outputAgreement} compares. */
export interface OutputAgreementOptions extends MetricOptions {
  /** Names of several outputs, in place of `output`; the result is the mean of theirs. */
  readonly outputs?: readonly string[] | undefined;
}

/**
 * Share of samples for which the model decides as the float model does. Needs no labels. A decision
 * is the greatest of the class scores [..., classes] or [batch, classes, height, width]; of one
 * value ([batch], [batch, 1], a mask [batch, 1, height, width]) whether it is above 0.5, or above 0
 * where not all are from 0 to 1, or above the middle of the float model's range where that is on
 * one side only; an integer is itself a decision.
 *
 * Where a sample has many decisions (anchors, pixels, time steps) most are background, which a dead
 * network gets right. There each class that the float model decides for has the same weight,
 * whatever its share, and chance is taken off: the mean share of agreement over these K classes,
 * less 1/K, over 1 - 1/K. A constant output has 0 (Youden's index for two classes; "balanced
 * accuracy, adjusted" in scikit-learn).
 * @throws InvalidArgumentError for unknown options; from `evaluate` EvaluationError without the
 *   float model's outputs, or when the outputs do not fit together
 */
export function outputAgreement(options: OutputAgreementOptions = {}): Metric {
  checkMetricOptions(options, ["outputs"]);
  const { output, outputs } = options;
  checkOutputs(outputs);
  return {
    name: "agreement",
    identity: `agreement ${outputs?.join(" ") ?? output ?? ""}`,
    outputs: outputs ?? readOutputs(output),
    needsReference: true,
    judgesPart: true,
    evaluate(found, reference, call) {
      const float = requireReference(reference, "agreement");
      const names = outputs ?? [selectOutput(float, output, call).name];
      return meanResult(names.map((name) => agreementOf(name, found, float, call)));
    },
  };
}

function agreementOf(
  name: string,
  outputs: ModelOutputs,
  reference: ModelOutputs,
  call: MetricCall | undefined,
): MetricResult {
  const float = selectOutput(reference, name, call);
  const rule = decisionRule(float);
  const wanted = decisionsOf(float, rule);
  const output = selectOutput(outputs, name, call);
  const given = decisionsOf(output, rule);
  if (
    given.width !== wanted.width ||
    (call?.partial === true
      ? given.classes.length > wanted.classes.length
      : given.classes.length !== wanted.classes.length)
  )
    throw new EvaluationError(
      "metric.output",
      `the output is ${shown(given, rule)}, the float model's ${shown(wanted, rule)}; allowed: ` +
        "the same",
    );
  const starts = decisionStarts(outputSamples(output, call?.batchSizes), given.width);
  const right = (at: number) => given.classes[at] === wanted.classes[at];
  if (given.classes.length === starts.length - 1)
    return judgedShare({ rows: given.classes.length, starts }, right);
  const samples = outputSamples(float, referenceCall(call).batchSizes).length;
  return balancedShare({ classes: wanted.classes, samples, starts }, right);
}

function decisionStarts(
  spans: readonly { readonly start: number; readonly end: number }[],
  width: number,
): number[] {
  return [...spans.map(({ start }) => start / width), (spans.at(-1)?.end ?? 0) / width];
}

function shown(
  { classes, width }: { readonly classes: Float64Array; readonly width: number },
  { axis }: DecisionRule,
): string {
  return axis === undefined ? `${classes.length} values` : `${classes.length} x ${width} scores`;
}

/** The mean of the results of several outputs, sample by sample where they have the same number. */
function meanResult(results: readonly MetricResult[]): MetricResult {
  if (results.length === 1) return results[0]!;
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const score = mean(results.map((result) => result.score));
  // As much as if the errors of the outputs went together: they come from the same samples.
  const error = mean(results.map(({ standardError = 0 }) => standardError));
  const scores = results.map(({ sampleScores }) => sampleScores!);
  const even = scores.every(({ length }) => length === scores[0]!.length);
  return {
    score,
    value: mean(results.map((result) => result.value)),
    samples: Math.min(...results.map(({ samples }) => samples)),
    ...(even && {
      sampleScores: scores[0]!.map((_, i) => mean(scores.map((each) => each[i]!))),
    }),
    ...normalErrors(score, error),
  };
}
