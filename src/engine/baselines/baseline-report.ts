import { reasonOf } from "../../evaluation/checked-evaluate.js";
import { totalViolation } from "../../evaluation/constraints.js";
import { objectiveVector } from "../../evaluation/objectives.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import { dominates } from "../../pareto/dominates.js";
import { hypervolume } from "../../pareto/hypervolume.js";
import { costsNoMore } from "../budget/costs-no-more.js";
import { isMoreAccurate, type SampleScores } from "../budget/paired-difference.js";
import { toUnitRanges } from "../budget/unit-ranges.js";
import { EvaluationLedger, type FailedGenome } from "../ledger/evaluation-ledger.js";
import { type BaselineOptions, baselineGenomes } from "./baseline-genomes.js";
import type { BaselineName } from "./baseline-names.js";

/** What a baseline found with the same budget, and where evolution did not beat it. */
export interface BaselineReport {
  readonly name: BaselineName;
  /**
   * Whole evaluations that it used, those that chose its genomes included; at most those of the
   * evolution.
   */
  readonly wholeEvaluations: number;
  /**
   * What of it nothing else of it dominates, most accurate first; feasible genomes only, where it
   * has any.
   */
  readonly front: readonly QuantizationGenome[];
  /**
   * Hypervolumes of its front and of the evolved one, by one measure: every objective that varies
   * scaled to 0..1 over the points of both, up to the worst point.
   */
  readonly hypervolume: number;
  readonly evolvedHypervolume: number;
  /**
   * Genomes of its front that no evolved genome dominates or equals in every objective. Empty:
   * beaten everywhere.
   */
  readonly unbeaten: readonly QuantizationGenome[];
  /**
   * Those of them whose advantage is more than chance: clearly more accurate, by the samples that
   * both were judged on, than each evolved genome that costs no more ({@link isMoreAccurate}).
   * Without scores of samples every advantage counts.
   */
  readonly clearlyUnbeaten: readonly QuantizationGenome[];
  /** Its genomes that could not be evaluated, those that chose others included. */
  readonly failures: readonly FailedGenome[];
  /** Why it could not be carried out to its end; absent when it was. */
  readonly incomplete?: string;
}

/** What baselines work with. */
export interface BaselineContext extends Omit<BaselineOptions, "ledger"> {
  /** Most evaluations in flight. */
  readonly concurrency: number;
  readonly signal?: AbortSignal | undefined;
  /** Scores of the evolved genomes' samples; absent = there are none. */
  readonly scores?: SampleScores | undefined;
}

/**
 * {@link baselineReport} of each baseline.
 * @param budget whole evaluations that the evolution took
 * @returns without those that an abort left incomplete
 */
export async function baselineReports(
  names: readonly BaselineName[],
  evolved: readonly QuantizationGenome[],
  budget: number,
  parts: BaselineContext,
): Promise<readonly BaselineReport[]> {
  const reports: BaselineReport[] = [];
  for (const name of names) {
    if (parts.signal?.aborted) break;
    const report = await baselineReport(name, evolved, Math.max(1, Math.floor(budget)), parts);
    if (!parts.signal?.aborted) reports.push(report);
  }
  return reports;
}

/**
 * Evaluates a baseline with a budget and compares its front with an evolved one.
 * @param evolved the front that it is compared with
 * @param budget whole evaluations, an integer from 1
 */
export async function baselineReport(
  name: BaselineName,
  evolved: readonly QuantizationGenome[],
  budget: number,
  parts: BaselineContext,
): Promise<BaselineReport> {
  const { context, concurrency, signal } = parts;
  const own = new Map<string, Float32Array>();
  const ledger = new EvaluationLedger(context, {
    concurrency,
    caching: true,
    signal,
    onEvaluated: ({ genome, estimate }) => {
      if (estimate.sampleScores) own.set(genome.key, estimate.sampleScores);
    },
  });
  let incomplete: string | undefined;
  try {
    await ledger.evaluate(await baselineGenomes(name, budget, { ...parts, ledger }));
  } catch (error) {
    // The search is over and has a result, which this is not to cost.
    incomplete = reasonOf(error);
  }
  const front = ledger.feasible || !isFeasible(evolved) ? ledger.front : [];
  const points = front.map(pointOf);
  const rivals = evolved.map(pointOf);
  const [volume, evolvedVolume] = hypervolumes([points, rivals]);
  const unbeaten = front.filter(
    (_, i) => !rivals.some((rival) => dominatesOrEquals(rival, points[i]!)),
  );
  const scores = {
    scoresOf: (genome: QuantizationGenome) => own.get(genome.key) ?? parts.scores?.scoresOf(genome),
  };
  return {
    name,
    wholeEvaluations: ledger.wholeEvaluations,
    front,
    hypervolume: volume!,
    evolvedHypervolume: evolvedVolume!,
    unbeaten,
    clearlyUnbeaten: unbeaten.filter((genome) =>
      evolved.every(
        (rival) =>
          !costsNoMore(pointOf(rival), pointOf(genome)) || isMoreAccurate(genome, rival, scores),
      ),
    ),
    failures: ledger.failures,
    ...(incomplete !== undefined && { incomplete }),
  };
}

function isFeasible(front: readonly QuantizationGenome[]): boolean {
  return front.some((genome) => totalViolation(genome.metrics!.violations) === 0);
}

const pointOf = (genome: QuantizationGenome): readonly number[] => objectiveVector(genome.metrics!);

function dominatesOrEquals(a: readonly number[], b: readonly number[]): boolean {
  return dominates(a, b) || a.every((value, k) => value === b[k]);
}

/**
 * Hypervolume of each set of points: objectives scaled to 0..1 over all of them, up to 1, constant
 * ones left out.
 */
export function hypervolumes(sets: readonly (readonly (readonly number[])[])[]): readonly number[] {
  const scale = toUnitRanges(sets.flat());
  const scaled = sets.map((set) => set.map(scale));
  const dimensions = scaled.flat()[0]?.length ?? 0;
  if (dimensions === 0) return sets.map((set) => (set.length > 0 ? 1 : 0));
  const reference = new Array<number>(dimensions).fill(1 + MARGIN);
  return scaled.map((set) => hypervolume(set, reference));
}

/** How far behind the worst point the reference lies, so that the extremes of a front count. */
const MARGIN = 0.01;
