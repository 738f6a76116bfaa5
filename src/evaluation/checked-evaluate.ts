import { raceAbort } from "../async/race-abort.js";
import { EvaluationError, InvalidArgumentError } from "../errors.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import type { AccuracyEstimate, AccuracyEvaluator } from "./evaluator.js";

/**
 * Asks an evaluator and checks its answer, because evaluators are the user's code. An error that it
 * throws is wrapped with its reason, except an EvaluationError, which already says what failed. An
 * answer that is no estimate, or of another kind than the evaluator's, is refused. An answer that
 * never comes does not delay an abort.
 * @param samples evaluate on the first `samples` samples only; undefined = all
 * @throws EvaluationError when the evaluator throws or its answer is invalid. After an abort, the
 *   signal's reason or what the evaluator threw, unwrapped, so that the caller can tell an abort
 *   from a failure.
 */
export async function checkedEvaluate(
  evaluator: AccuracyEvaluator,
  genome: QuantizationGenome,
  signal?: AbortSignal,
  samples?: number,
): Promise<AccuracyEstimate> {
  let estimate: AccuracyEstimate;
  try {
    estimate = await raceAbort(
      evaluator.evaluate(genome, { signal, ...(samples !== undefined && { samples }) }),
      signal,
    );
  } catch (cause) {
    if (signal?.aborted || cause instanceof EvaluationError) throw cause;
    throw new EvaluationError("evaluator", `the evaluator failed: ${reasonOf(cause)}`, { cause });
  }
  checkEstimate(estimate, evaluator.kind);
  checkScoreCount(estimate, evaluator, samples);
  return estimate;
}

/**
 * Checks the number of scores. Scores are compared by their positions, so a whole evaluation has as
 * many as the float32 model's. A score may stand for several samples (a window of tokens), so fewer
 * than `samples` are valid. Fewer than `sampleCount` are valid where some samples have nothing to
 * judge.
 */
function checkScoreCount(
  { samples: told, sampleScores }: AccuracyEstimate,
  { baseline, sampleCount }: AccuracyEvaluator,
  asked: number | undefined,
): void {
  if (sampleScores === undefined) return;
  const { length } = sampleScores;
  if (told !== undefined && length > told)
    throw refusal("sampleScores.length", length, `at most the ${told} samples judged`);
  const whole = baseline?.sampleScores?.length ?? sampleCount;
  if (whole === undefined) return;
  const least = asked === undefined || asked === sampleCount ? whole : 1;
  if (length < least || length > whole)
    throw refusal("sampleScores.length", length, `${least} to ${whole}, as the samples judged`);
}

/**
 * Checks an evaluator's `sampleCount`, and that its baseline has scores of as many samples at most.
 * @throws InvalidArgumentError when `sampleCount` is no integer of at least 1, or the baseline's
 *   `sampleScores` do not fit it
 */
export function checkSampleCount({ sampleCount, baseline }: AccuracyEvaluator): void {
  if (sampleCount === undefined) return;
  if (!Number.isSafeInteger(sampleCount) || sampleCount < 1)
    throw new InvalidArgumentError(
      "evaluator.sampleCount",
      "evaluator.sampleCount is " +
        `${typeof sampleCount === "string" ? JSON.stringify(sampleCount) : String(sampleCount)}; ` +
        "allowed: an integer of at least 1, or none",
    );
  const scores = baseline?.sampleScores?.length;
  if (scores !== undefined && !(scores >= 1 && scores <= sampleCount))
    throw new InvalidArgumentError(
      "evaluator.baseline.sampleScores",
      `evaluator.baseline.sampleScores has ${scores} scores; allowed: 1 to ` +
        `evaluator.sampleCount, ${sampleCount}`,
    );
}

/** The message of an error, or a thrown value as text. */
export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function checkEstimate(estimate: unknown, evaluatorKind: AccuracyEvaluator["kind"]): void {
  if (typeof estimate !== "object" || estimate === null)
    throw refusal("", estimate, "an object with kind, accuracy, metric, metricValue and source");
  const fields = estimate as Record<string, unknown>;
  const { accuracy, kind, metricValue } = fields;
  if (!(typeof accuracy === "number" && accuracy >= 0 && accuracy <= 1))
    throw refusal("accuracy", accuracy, "a number from 0 to 1");
  if (kind !== "predicted" && kind !== "measured")
    throw refusal("kind", kind, "predicted, measured");
  if (kind !== evaluatorKind)
    throw refusal(
      "kind",
      kind,
      `the evaluator's own kind, ${String(evaluatorKind)}; the two are never mixed`,
    );
  if (!finite(metricValue)) throw refusal("metricValue", metricValue, "a finite number");
  const { samples, sampleScores, standardError, interval } = fields;
  if (samples !== undefined && !(finite(samples) && samples >= 1))
    throw refusal("samples", samples, "a finite number from 1");
  if (
    sampleScores !== undefined &&
    !(sampleScores instanceof Float32Array && sampleScores.every(Number.isFinite))
  )
    throw refusal("sampleScores", sampleScores, "a Float32Array of finite numbers");
  if (
    standardError !== undefined &&
    !(finite(standardError) && standardError >= 0 && standardError <= 1)
  )
    throw refusal("standardError", standardError, "a number from 0 to 1, as it is of accuracy");
  if (interval !== undefined && !isInterval(interval, accuracy))
    throw refusal("interval", interval, "[low, high] with 0 <= low <= accuracy <= high <= 1");
  for (const name of ["metric", "source"])
    if (typeof fields[name] !== "string") throw refusal(name, fields[name], "a text");
}

const finite = (value: unknown): value is number => Number.isFinite(value);

function isInterval(interval: unknown, accuracy: number): boolean {
  if (!Array.isArray(interval) || interval.length !== 2) return false;
  const [low, high] = interval as unknown[];
  return (
    typeof low === "number" &&
    typeof high === "number" &&
    low >= 0 &&
    low <= accuracy &&
    accuracy <= high &&
    high <= 1
  );
}

function refusal(field: string, value: unknown, allowed: string): EvaluationError {
  const shown =
    typeof value === "string"
      ? JSON.stringify(value.slice(0, 60))
      : typeof value === "object" && value !== null
        ? "an object"
        : String(value);
  return new EvaluationError(
    field === "" ? "evaluator" : `evaluator.${field}`,
    `the evaluator returned ${field === "" ? "" : `${field} `}${shown}; allowed: ${allowed}`,
  );
}
