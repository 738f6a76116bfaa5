import { checkSignal } from "../../async/check-signal.js";
import { checkFields } from "../../check/check-fields.js";
import { InvalidArgumentError, InvalidConfigError } from "../../errors.js";
import { BASELINES, type BaselineName } from "../baselines/baseline-names.js";
import { type CheckpointOptions, resolveCheckpoint } from "../checkpoint/checkpoint-options.js";
import { type ResolvedConfig, resolveConfig } from "../config.js";
import { checkStopCondition, type StopCondition, whenStagnant } from "../stop/stop-condition.js";
import type { ProgressCallback } from "./progress.js";
import type { RunOptions } from "./run-context.js";

/** How one run goes. */
export interface EvolutionOptions {
  /**
   * Generations after the first population, an integer of at least 0. Default: that of the
   * configuration.
   */
  readonly maxGenerations?: number | undefined;
  /** As the field of the configuration, for this run. */
  readonly maxEvaluations?: number | undefined;
  /** As the field of the configuration, for this run. */
  readonly timeLimitMs?: number | undefined;
  /**
   * Ends the run after the generation in which it is met, beside all other limits. See `anyOf` and
   * `allOf`.
   */
  readonly stopWhen?: StopCondition | undefined;
  /**
   * A file (by its path), or a place of your own, where the run keeps what it finds out. A run that
   * finds its checkpoint goes on from there, and ends where an uninterrupted one would have ended.
   */
  readonly checkpoint?: string | CheckpointOptions | undefined;
  /**
   * Gives baselines as many whole evaluations as the search took and reports where evolution did
   * not beat them: true = all of `uniform`, `greedy`, `random`, `exact`, or a list of these.
   * Multiplies the time. Default: none.
   */
  readonly baselines?: boolean | readonly BaselineName[] | undefined;
  readonly callback?: ProgressCallback | undefined;
  /**
   * Stops the run within one evaluation, without waiting for one that does not end; it returns what
   * it has found.
   */
  readonly signal?: AbortSignal | undefined;
}

const FIELDS = [
  "maxGenerations",
  "maxEvaluations",
  "timeLimitMs",
  "stopWhen",
  "checkpoint",
  "baselines",
  "callback",
  "signal",
] as const;

/**
 * Checks the options of a run and takes what they leave open from the configuration.
 * @throws InvalidArgumentError naming the option, its value and the allowed range
 */
export function resolveRunOptions(
  options: EvolutionOptions,
  config: ResolvedConfig,
): Omit<RunOptions, "signals" | "listener" | "stopwatch"> {
  checkFields(options, "options", FIELDS);
  checkSignal(options.signal);
  const { maxEvaluations, timeLimitMs, callback, stopWhen, checkpoint } = options;
  const maxGenerations = options.maxGenerations ?? config.maxGenerations;
  if (!(Number.isInteger(maxGenerations) && maxGenerations >= 0))
    throw new InvalidArgumentError(
      "maxGenerations",
      `maxGenerations is ${maxGenerations}; allowed: an integer of at least 0`,
    );
  checkAsConfig({ maxEvaluations, timeLimitMs });
  if (callback !== undefined && typeof callback !== "function")
    throw new InvalidArgumentError("callback", "callback is no function; allowed: a function");
  if (stopWhen !== undefined) checkStopCondition(stopWhen, "stopWhen");
  return {
    maxGenerations,
    maxEvaluations: maxEvaluations ?? config.maxEvaluations,
    timeLimitMs: timeLimitMs ?? config.timeLimitMs,
    stagnation: config.stagnation && whenStagnant(config.stagnation),
    stopWhen,
    callback,
    baselines: checkedBaselines(options.baselines),
    checkpoint: checkpoint === undefined ? undefined : resolveCheckpoint(checkpoint),
  };
}

function checkedBaselines(
  given: EvolutionOptions["baselines"],
): readonly BaselineName[] | undefined {
  if (given === undefined || given === false) return undefined;
  if (given === true) return BASELINES;
  const known: readonly unknown[] = BASELINES;
  if (Array.isArray(given) && given.every((name) => known.includes(name)))
    return [...new Set(given)];
  throw new InvalidArgumentError(
    "baselines",
    "baselines is " +
      `${Array.isArray(given) ? JSON.stringify(given).slice(0, 60) : String(given)}; allowed: ` +
      `true, false, or a list of ${BASELINES.join(", ")}`,
  );
}

function checkAsConfig(fields: Pick<EvolutionOptions, "maxEvaluations" | "timeLimitMs">): void {
  try {
    resolveConfig(fields);
  } catch (error) {
    if (!(error instanceof InvalidConfigError)) throw error;
    throw new InvalidArgumentError(error.path, error.message, { cause: error });
  }
}
