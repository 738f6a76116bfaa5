import { InvalidArgumentError, InvalidDataError } from "../errors.js";
import type { ChoiceProblem } from "../search/choice-problem.js";
import { evolveChoices } from "../search/evolve-choices.js";
import type { AllocationPoint } from "./allocation-front.js";
import { type AllocationProblem, checkAllocationProblem, totalOf } from "./allocation-problem.js";
import { exactPositions } from "./exact-allocations.js";
import { layerChoices, type SuperLayer, superLayers } from "./super-layers.js";

/** What {@link evolveAllocation} is asked for. */
export interface EvolveAllocationOptions {
  /** Metrics, all minimised; 2 or more. */
  readonly objectives: readonly string[];
  /** Equal seeds give equal results. Default 0. */
  readonly seed?: string | number | undefined;
  /** Most allocations evaluated, each once; a positive integer. Default 10,000. */
  readonly maxEvaluations?: number | undefined;
  /** Default 100. */
  readonly populationSize?: number | undefined;
  /**
   * Begin with exactly solved points of the front (`exactAllocations`), at most this share of the
   * evaluations, 0 to 1. Default 0.25; 0 = uniform and random allocations only.
   */
  readonly seeding?: number | undefined;
  /**
   * Changes are guided by the tables. Default true; false = blind: the tables are only read to
   * evaluate.
   */
  readonly guided?: boolean | undefined;
  /**
   * Metrics that are spread out on a logarithmic scale, such as noise; their sums must be above 0.
   * Default: none.
   */
  readonly logarithmic?: readonly string[] | undefined;
  /** Told every allocation that is evaluated, with its number from 1 on. */
  readonly onEvaluation?: ((choice: readonly number[], evaluation: number) => void) | undefined;
}

/** What {@link evolveAllocation} found. */
export interface EvolvedFront {
  /**
   * The non-dominated ones of all that were evaluated, ascending by the first objective, each
   * vector once.
   */
  readonly front: readonly AllocationPoint[];
  /** Allocations that were evaluated, each counted once. */
  readonly evaluations: number;
  /** How likely each operator was at the end, by name. */
  readonly operatorRates: ReadonlyMap<string, number>;
}

/**
 * The front of two or more metrics by evolution, where the exact one has too many points:
 * {@link evolveChoices} on the tables. Tied layers are one gene; choices that another choice of the
 * layer beats in all objectives are left out.
 * @throws InvalidArgumentError when the problem is not valid, lacks a metric, or an option is out
 *   of range; InvalidDataError when the sum of a logarithmic metric can be 0 or less
 */
export function evolveAllocation(
  problem: AllocationProblem,
  options: EvolveAllocationOptions,
): EvolvedFront {
  const { objectives, maxEvaluations = 10_000, populationSize = 100, seeding = 0.25 } = options;
  checkOptions(options);
  checkAllocationProblem(problem, objectives);
  const layers = superLayers(problem, objectives);
  const choices = toChoiceProblem(layers, options);
  const count = Math.floor(seeding * maxEvaluations);
  const seeds = count === 0 ? [] : exactPositions(layers, objectives.length, count);
  const { onEvaluation } = options;
  const result = evolveChoices(choices, {
    seed: options.seed ?? 0,
    maxEvaluations,
    populationSize,
    seeds,
    onEvaluation:
      onEvaluation && ((row, evaluation) => onEvaluation(layerChoices(layers, row), evaluation)),
  });
  const length = layers.length;
  const front = Array.from(result.archive.owners(), (owner) => {
    const choice = layerChoices(
      layers,
      result.genomes.subarray(owner * length, (owner + 1) * length),
    );
    return { choice, values: objectives.map((metric) => totalOf(problem, choice, metric)) };
  });
  front.sort((a, b) => compareVectors(a.values, b.values));
  return { front, evaluations: result.evaluations, operatorRates: result.rates };
}

function toChoiceProblem(
  layers: readonly SuperLayer[],
  options: EvolveAllocationOptions,
): ChoiceProblem {
  const width = options.objectives.length;
  const counts = Uint16Array.from(layers, (layer) => layer.choices.length);
  const first = new Int32Array(layers.length + 1);
  for (const [i, count] of counts.entries()) first[i + 1] = first[i]! + count;
  const table = Float64Array.from(
    layers.flatMap((layer) => layer.choices.flatMap((c) => [...c.values])),
  );
  const logarithmic = options.objectives.map((name) => (options.logarithmic ?? []).includes(name));
  for (const [k, name] of options.objectives.entries()) {
    const least = layers.reduce(
      (sum, layer) => sum + Math.min(...layer.choices.map((choice) => choice.values[k]!)),
      0,
    );
    if (logarithmic[k] && !(least > 0))
      throw new InvalidDataError(
        `logarithmic.${name}`,
        `the least sum of ${name} is ${least}; allowed on a logarithmic scale: above 0`,
      );
  }
  return {
    counts,
    objectives: width,
    evaluate(genes, out, at) {
      for (let k = 0; k < width; k++) {
        let sum = 0;
        for (let i = 0; i < genes.length; i++) sum += table[(first[i]! + genes[i]!) * width + k]!;
        out[at + k] = logarithmic[k] ? Math.log(sum) : sum;
      }
    },
    ...(options.guided !== false && {
      estimates: Array.from(counts, (_, i) =>
        table.subarray(first[i]! * width, first[i + 1]! * width),
      ),
    }),
  };
}

function checkOptions({
  objectives,
  maxEvaluations,
  populationSize,
  seeding,
}: EvolveAllocationOptions): void {
  const refuse = (name: string, value: unknown, allowed: string) => {
    throw new InvalidArgumentError(name, `${name} is ${value}; allowed: ${allowed}`);
  };
  const whole = (value: number | undefined) =>
    value === undefined || (Number.isInteger(value) && value >= 1);
  if (objectives.length < 2) refuse("objectives", `[${objectives}]`, "at least 2 metrics");
  if (!whole(maxEvaluations)) refuse("maxEvaluations", maxEvaluations, "a positive integer");
  if (!whole(populationSize)) refuse("populationSize", populationSize, "a positive integer");
  if (seeding !== undefined && !(seeding >= 0 && seeding <= 1))
    refuse("seeding", seeding, "0 to 1");
}

function compareVectors(a: readonly number[], b: readonly number[]): number {
  for (const [k, x] of a.entries()) if (x !== b[k]) return x - b[k]!;
  return 0;
}
