import { checkFields } from "../../check-fields.js";
import { InvalidArgumentError } from "../../errors.js";
import { comparedRows } from "./compared-rows.js";
import type { Metric, MetricOptions } from "./metric.js";
import type { ScoreRows } from "./score-rows.js";

/** How {@link outputDivergence} compares. */
export interface OutputDivergenceOptions extends MetricOptions {
  /**
   * `kl`: Kullback-Leibler divergence of the softmax of each row from the float model's, in nats. `mse`: squared error over the
   * float model's mean square. Default kl.
   */
  readonly measure?: "kl" | "mse" | undefined;
}

/**
 * How far the model's output is from the float model's. Needs no labels, and tells models apart that give the same answers. The value
 * is the mean over rows; the score is exp(-value), 1 for equal outputs.
 */
export function outputDivergence(options: OutputDivergenceOptions = {}): Metric {
  checkFields(options, "options", ["output", "measure"]);
  const { output, measure = "kl" } = options;
  if (measure !== "kl" && measure !== "mse")
    throw new InvalidArgumentError("measure", `measure is ${String(measure)}; allowed: kl, mse`);
  return {
    name: `output-divergence (${measure})`,
    identity: `output-divergence ${measure} ${output ?? ""}`,
    needsReference: true,
    judgesPart: true,
    evaluate(outputs, reference, { partial = false } = {}) {
      const { scores, float } = comparedRows(outputs, reference, {
        metric: "output-divergence",
        output,
        partial,
      });
      const values = Float32Array.from({ length: scores.rows }, (_, row) =>
        measure === "kl" ? divergence(scores, float, row) : squaredError(scores, float, row),
      );
      const value = values.reduce((sum, each) => sum + each, 0) / values.length;
      return { score: Math.exp(-value), value, samples: values.length };
    },
  };
}

/** KL(float || quantized) of a row, at least 0. */
function divergence(scores: ScoreRows, float: ScoreRows, row: number): number {
  const [p, q] = [logSoftmax(float, row), logSoftmax(scores, row)];
  let sum = 0;
  for (let c = 0; c < p.length; c++) sum += Math.exp(p[c]!) * (p[c]! - q[c]!);
  return Math.max(0, sum);
}

function logSoftmax({ data, classes }: ScoreRows, row: number): Float64Array {
  const logits = Float64Array.from(data.subarray(row * classes, (row + 1) * classes));
  const most = logits.reduce((max, x) => Math.max(max, x), Number.NEGATIVE_INFINITY);
  const total = Math.log(logits.reduce((sum, x) => sum + Math.exp(x - most), 0));
  return logits.map((x) => x - most - total);
}

function squaredError(scores: ScoreRows, float: ScoreRows, row: number): number {
  let error = 0;
  let power = 0;
  for (let at = row * float.classes; at < (row + 1) * float.classes; at++) {
    error += (scores.data[at]! - float.data[at]!) ** 2;
    power += float.data[at]! ** 2;
  }
  return power > 0 ? error / power : error;
}
