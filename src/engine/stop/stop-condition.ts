import { checkFields } from "../../check/check-fields.js";
import { InvalidArgumentError } from "../../errors.js";
import type { Stagnation } from "../config.js";
import type { GenerationStats } from "../run/progress.js";

/** The progress of a search after a generation. */
export interface SearchProgress {
  /** The latest generation. 0 is the first population. */
  readonly generation: number;
  /**
   * Whole evaluations so far, including failed ones. One on a quarter of the samples counts a
   * quarter.
   */
  readonly evaluations: number;
  /** Whether `maxEvaluations` left something unevaluated. */
  readonly budgetSpent: boolean;
  /**
   * Milliseconds since the run started, or since it passed the end of its checkpoint. The only
   * figure here that depends on a clock.
   */
  readonly elapsedMs: number;
  /** Statistics of each generation from 0, the latest last. */
  readonly history: readonly GenerationStats[];
  /**
   * Hypervolume of the front after each generation, 0 to 1, see `frontHypervolume`. 0 while no
   * genome is feasible.
   */
  readonly hypervolumes: readonly number[];
}

/**
 * Decides after each generation whether the search ends.
 *
 * @example
 * ```ts
 * const goodEnough: StopCondition = {
 *   name: "fitness 0.8",
 *   isMet: ({ history }) => history.at(-1)!.bestFitness >= 0.8,
 * };
 * ```
 */
export interface StopCondition {
  /** Name for people. */
  readonly name: string;
  /** Called once after each generation. True ends the search. A promise is awaited. */
  isMet(progress: SearchProgress): boolean | Promise<boolean>;
}

/**
 * Met after `count` generations.
 * @throws InvalidArgumentError unless `count` is an integer of at least 0
 */
export function afterGenerations(count: number): StopCondition {
  checkCount(count, "count", 0);
  return { name: `${count} generations`, isMet: (progress) => progress.generation >= count };
}

/**
 * Met after the generation in which `count` whole evaluations are reached. It may be exceeded,
 * unlike `maxEvaluations` of the configuration.
 * @throws InvalidArgumentError unless `count` is an integer of at least 1
 */
export function afterEvaluations(count: number): StopCondition {
  checkCount(count, "count", 1);
  return { name: `${count} evaluations`, isMet: (progress) => progress.evaluations >= count };
}

/**
 * Met after the generation in which `milliseconds` have passed.
 * @throws InvalidArgumentError unless `milliseconds` is above 0
 */
export function afterTime(milliseconds: number): StopCondition {
  if (!(milliseconds > 0))
    throw new InvalidArgumentError(
      "milliseconds",
      `milliseconds is ${milliseconds}; allowed: above 0`,
    );
  return { name: `${milliseconds} ms`, isMet: (progress) => progress.elapsedMs >= milliseconds };
}

/**
 * Met when the hypervolume of the front grew by a share of at most `tolerance` over the last
 * `generations`. While no genome is feasible, the least violation is compared instead.
 * @param stagnation `generations` is an integer from 1, `tolerance` 0 to 1 with default 0.001
 * @throws InvalidArgumentError when a field is unknown or out of its range
 *
 * @example
 * ```ts
 * const stopWhen = anyOf(whenStagnant({ generations: 10 }), afterTime(60_000));
 * await engine.runEvolution(layers, { stopWhen });
 * ```
 */
export function whenStagnant(stagnation: Stagnation): StopCondition {
  checkFields(stagnation, "stagnation", ["generations", "tolerance"]);
  const { generations, tolerance = 0.001 } = stagnation;
  checkCount(generations, "generations", 1);
  if (!(tolerance >= 0 && tolerance <= 1))
    throw new InvalidArgumentError("tolerance", `tolerance is ${tolerance}; allowed: 0 to 1`);
  return {
    name: `no gain in ${generations} generations`,
    isMet({ history, hypervolumes }) {
      const now = history.length - 1;
      const before = now - generations;
      if (before < 0) return false;
      const [was, is] = [history[before]!.leastViolation, history[now]!.leastViolation];
      if (was > 0) return is > 0 && was - is <= tolerance * was;
      return hypervolumes[now]! - hypervolumes[before]! <= tolerance * hypervolumes[before]!;
    },
  };
}

/**
 * Met when at least one of the conditions is.
 * @throws InvalidArgumentError without a condition, or for a value that is none
 */
export function anyOf(...conditions: readonly StopCondition[]): StopCondition {
  checkConditions(conditions);
  return {
    name: conditions.map(({ name }) => name).join(" or "),
    isMet: async (progress) => {
      for (const condition of conditions) if (await condition.isMet(progress)) return true;
      return false;
    },
  };
}

/**
 * Met when all of the conditions are.
 * @throws InvalidArgumentError without a condition, or for a value that is none
 */
export function allOf(...conditions: readonly StopCondition[]): StopCondition {
  checkConditions(conditions);
  return {
    name: conditions.map(({ name }) => name).join(" and "),
    isMet: async (progress) => {
      for (const condition of conditions) if (!(await condition.isMet(progress))) return false;
      return true;
    },
  };
}

/**
 * Checks that a value is a stop condition.
 * @throws InvalidArgumentError unless it is a {@link StopCondition}
 */
export function checkStopCondition(value: unknown, path: string): void {
  const { name, isMet } = (value ?? {}) as Partial<StopCondition>;
  if (typeof name !== "string" || typeof isMet !== "function")
    throw new InvalidArgumentError(
      path,
      `${path} has no name or no method isMet; allowed: a StopCondition, such as ` +
        "whenStagnant({ generations: 10 })",
    );
}

function checkConditions(conditions: readonly unknown[]): void {
  if (conditions.length === 0)
    throw new InvalidArgumentError(
      "conditions",
      "conditions is empty; allowed: at least one StopCondition",
    );
  for (const [i, condition] of conditions.entries())
    checkStopCondition(condition, `conditions.${i}`);
}

function checkCount(value: number, name: string, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new InvalidArgumentError(
    name,
    `${name} is ${value}; allowed: an integer of at least ${least}`,
  );
}
