import { EvaluationError } from "../../errors.js";
import { checkChoice, checkMetricOptions, checkOutputs } from "./check-metric.js";
import {
  type DivergenceMeasure,
  type PreparedOutput,
  prepareOutput,
  relativeErrors,
} from "./divergence/relative-divergence.js";
import type { Metric, MetricCall, MetricOptions, ModelOutputs } from "./metric.js";
import { requireReference } from "./outputs/select-output.js";
import { relativeErrorResult } from "./scores/relative-error.js";

/** How {@link outputDivergence} compares. */
export interface OutputDivergenceOptions extends MetricOptions {
  /** Name of the output. Default: all outputs of numbers. */
  readonly output?: string | undefined;
  /** Names of several outputs, in place of `output`. */
  readonly outputs?: readonly string[] | undefined;
  /**
   * `kl`: Kullback-Leibler divergence of the class probabilities of each row from the float model's
   * (logits go through the softmax; rows of numbers from 0 to 1 whose sum is 1 are taken as they
   * are). `mse`: squared error. Default: kl for rows of probabilities, and for the [batch, classes]
   * or [batch, time, classes] that is the only output judged; else mse.
   */
  readonly measure?: "kl" | "mse" | undefined;
}

/**
 * How far the model's outputs are from the float model's, relative to what these vary by. Needs no
 * labels. It sees a change before it turns a decision, so it tells genomes apart on far fewer
 * samples than a share of right answers does.
 *
 * The value is, for each output, the error over that of the best constant (for mse the variance of
 * the float model's output over samples, so that 1 - value is the coefficient of determination; for
 * kl the information that it carries), and the sum of these over the outputs. So what tells nothing
 * weighs nothing, as the background of a detector or a mask: 0 is the float model, and an output
 * that no longer depends on its input has 1 or more, however rare what it missed. Integers of 32
 * bits and more (classes, ids) are compared by equality. The score is 1 - 0.99 value up to a value
 * of 1 and 0.01 / value beyond; a sample's score is the former.
 *
 * Outputs whose shape differs from the float model's (boxes after a suppression) count as constant
 * for that sample; `detection` judges them.
 * @throws InvalidArgumentError for unknown options; from `evaluate` EvaluationError without the
 *   float model's outputs, or when the outputs do not fit together
 */
export function outputDivergence(options: OutputDivergenceOptions = {}): Metric {
  checkMetricOptions(options, ["outputs", "measure"]);
  const { output, outputs = output === undefined ? undefined : [output] } = options;
  checkOutputs(outputs);
  if (options.measure !== undefined) checkChoice("measure", options.measure, ["kl", "mse"]);
  const measure: DivergenceMeasure = options.measure ?? "auto";
  let prepared: { reference: ModelOutputs; outputs: readonly PreparedOutput[] } | undefined;
  const prepare = (reference: ModelOutputs, call: MetricCall | undefined) => {
    if (prepared?.reference === reference) return prepared.outputs;
    const names = outputs ?? call?.outputNames ?? Object.keys(reference);
    const alone = names.length === 1;
    const found = names.map((name) => prepareOutput(reference, name, measure, { alone, call }));
    prepared = { reference, outputs: found };
    return found;
  };
  return {
    name: options.measure ? `output-divergence (${measure})` : "output-divergence",
    identity: `relative output-divergence ${measure} ${outputs?.join(" ") ?? ""}`,
    ...(outputs !== undefined && { outputs }),
    needsReference: true,
    judgesPart: true,
    evaluate(found, reference, call) {
      const float = prepare(requireReference(reference, "output-divergence"), call);
      const total: number[] = [];
      for (const each of float) {
        const errors = relativeErrors(each, found, call);
        if (total.length > 0 && errors.length !== total.length)
          throw new EvaluationError(
            "metric.outputs",
            `the outputs have ${total.length} and ${errors.length} samples; allowed: the same ` +
              "number in all; name one with the option output",
          );
        errors.forEach((error, i) => {
          total[i] = (total[i] ?? 0) + error;
        });
      }
      return relativeErrorResult(total);
    },
  };
}
