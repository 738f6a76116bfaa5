import { checkFields } from "../check/check-fields.js";
import { InvalidArgumentError } from "../errors.js";
import type { GenomeMetrics, QuantizationGenome } from "../genome/quantization-genome.js";
import { checkGenome } from "../genome/quantization-genome.js";
import { ACCURACY_LIMIT_ON, type AccuracyLimitOn, limitedAccuracy } from "./accuracy-limits.js";
import { type ConstraintTargets, constraintViolations } from "./constraints.js";

/** What {@link selectGenome} prefers. */
export type GenomePreference = "smallest" | "fastest" | "most-accurate" | "fittest";

/** What is preferred, within which limits. The limits are those of the configuration. */
export interface SelectGenomeOptions extends ConstraintTargets {
  /** Default fittest. */
  readonly prefer?: GenomePreference | undefined;
  /** What `minAccuracy` and `maxAccuracyDrop` are compared with. Default estimate. */
  readonly accuracyLimitOn?: AccuracyLimitOn | undefined;
}

/** Ascending: the first of a list is preferred. Later figures decide between equals. */
const FIGURES: Readonly<Record<GenomePreference, (metrics: GenomeMetrics) => readonly number[]>> = {
  smallest: (m) => [fileSize(m), -m.accuracy, m.inferenceLatencyMs],
  fastest: (m) => [m.inferenceLatencyMs, -m.accuracy, fileSize(m)],
  "most-accurate": (m) => [-m.accuracy, fileSize(m), m.inferenceLatencyMs],
  fittest: (m) => [-m.fitnessScore, -m.accuracy, fileSize(m)],
};

const FIELDS = [
  "prefer",
  "accuracyLimitOn",
  "maxAccuracyDrop",
  "minAccuracy",
  "targetLatencyMs",
  "targetMemoryMb",
  "targetEnergyMj",
] as const;

/**
 * The genome of a front that is preferred among those that keep to the limits. Between equals the
 * more accurate one, or the smaller; the choice does not depend on the order of the front. Size is
 * that of the file where it is known (`fileBytes`).
 * @param front evaluated genomes, such as `result.paretoFront` or those of a parsed archive
 * @returns undefined when no genome keeps to the limits
 * @throws InvalidArgumentError for an unknown option or preference, a limit out of range, a genome
 *   without metrics, or with `maxAccuracyDrop` a genome whose drop is unknown (the evaluator had no
 *   baseline)
 *
 * @example
 * ```ts
 * const small = selectGenome(engine.paretoFront, { prefer: "smallest", maxAccuracyDrop: 0.01 });
 * ```
 */
export function selectGenome(
  front: readonly QuantizationGenome[],
  options: SelectGenomeOptions = {},
): QuantizationGenome | undefined {
  checkFields(options, "options", FIELDS);
  const { prefer = "fittest", accuracyLimitOn = "estimate", ...targets } = options;
  checkOneOf(prefer, "prefer", Object.keys(FIGURES));
  checkOneOf(accuracyLimitOn, "accuracyLimitOn", ACCURACY_LIMIT_ON);
  if (!Array.isArray(front))
    throw new InvalidArgumentError("front", "front is no array; allowed: an array of genomes");
  let best: { genome: QuantizationGenome; figures: readonly number[] } | undefined;
  for (const [i, genome] of front.entries()) {
    const metrics = metricsAt(genome, `front.${i}`, targets);
    const violations = constraintViolations(
      {
        ...limitedAccuracy(metrics, accuracyLimitOn),
        latencyMs: metrics.inferenceLatencyMs,
        memoryMb: metrics.memoryFootprintMb,
        energyMj: metrics.energyPerInferenceMj,
        refusedShare: 0,
      },
      targets,
    );
    if (Object.keys(violations).length > 0) continue;
    const figures = FIGURES[prefer](metrics);
    const order = best === undefined ? -1 : compare(figures, best.figures);
    if (order < 0 || (order === 0 && genome.key < best!.genome.key)) best = { genome, figures };
  }
  return best?.genome;
}

function metricsAt(
  genome: QuantizationGenome,
  path: string,
  { maxAccuracyDrop }: ConstraintTargets,
): GenomeMetrics {
  checkGenome(genome, path);
  const { metrics } = genome;
  if (metrics === undefined)
    throw new InvalidArgumentError(
      path,
      `${path} has no metrics; allowed: an evaluated genome, such as those of a front`,
    );
  if (maxAccuracyDrop !== undefined && metrics.accuracyDrop === undefined)
    throw new InvalidArgumentError(
      `${path}.metrics.accuracyDrop`,
      `${path} has no accuracyDrop, which maxAccuracyDrop is compared with; allowed: a genome of ` +
        "an evaluator with a baseline (the float32 model's estimate), or minAccuracy instead",
    );
  return metrics;
}

function checkOneOf(value: string, name: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return;
  throw new InvalidArgumentError(
    name,
    `${name} is ${typeof value === "string" ? JSON.stringify(value.slice(0, 60)) : String(value)}` +
      `; allowed: ${allowed.join(", ")}`,
  );
}

const fileSize = ({ fileBytes, sizeBytes }: GenomeMetrics) => fileBytes ?? sizeBytes;

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [k, figure] of a.entries()) if (figure !== b[k]) return figure - b[k]!;
  return 0;
}
