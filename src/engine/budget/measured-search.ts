import type { EvaluationContext } from "../../evaluation/evaluate-genome.js";
import type { Individual } from "../../evaluation/individual.js";
import type { GeneSpace } from "../../genome/gene-space.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import type { EvaluationLedger } from "../ledger/evaluation-ledger.js";
import type { EvolutionEvaluator } from "../run/evolution.js";
import { learnedAllocations } from "./learned-allocation.js";
import type { MeasuredRecord } from "./measured-record.js";
import { stillRacing } from "./race.js";
import { Screening } from "./screening.js";

/** How measured evaluations are spent. */
export interface MeasuredSearchOptions {
  /** Children are screened by the surrogate. */
  readonly surrogate: boolean;
  /** Children are judged on few samples before they are on all. */
  readonly multiFidelity: boolean;
  /** What may be visited. */
  readonly space: GeneSpace;
}

/** Children that are made for each one that is measured. */
const CHILDREN_PER_PLACE = 12;
/** Share of the samples of the first look, and the least that are worth one. */
const FIRST_LOOK = 1 / 8;
const LEAST_SAMPLES = 16;

/**
 * The surroundings of a search whose evaluations are dear: the surrogate says which children are
 * measured at all, and those are measured on few samples first; only what has not lost by then is
 * measured on all. Everything in the archive is. What it does follows from what was measured
 * before, in order, and from nothing else.
 */
export class MeasuredSearch implements EvolutionEvaluator {
  readonly #context: EvaluationContext;
  readonly #ledger: EvaluationLedger;
  readonly #record: MeasuredRecord;
  readonly #options: MeasuredSearchOptions;
  readonly #firstLook: number | undefined;
  readonly #screening: Screening;

  constructor(
    context: EvaluationContext,
    ledger: EvaluationLedger,
    record: MeasuredRecord,
    options: MeasuredSearchOptions,
  ) {
    this.#context = context;
    this.#ledger = ledger;
    this.#record = record;
    this.#options = options;
    this.#firstLook = options.multiFidelity ? firstLook(context.evaluator.sampleCount) : undefined;
    this.#screening = new Screening(context, record);
  }

  get front(): readonly QuantizationGenome[] {
    return this.#ledger.front;
  }

  isKnown(genome: QuantizationGenome): boolean {
    return this.#ledger.isKnown(genome);
  }

  get childrenPerPlace(): number {
    return this.#options.surrogate ? CHILDREN_PER_PLACE : 1;
  }

  screen(children: readonly QuantizationGenome[], count: number): readonly QuantizationGenome[] {
    if (!this.#options.surrogate) return children;
    const allocated = learnedAllocations(this.#options.space, this.#context, this.#record, count);
    const fresh = allocated.filter((genome) => !this.isKnown(genome));
    const candidates = new Map([...fresh, ...children].map((genome) => [genome.key, genome]));
    return this.#screening.choose([...candidates.values()], this.front, count);
  }

  async evaluate(genomes: readonly QuantizationGenome[]): Promise<readonly Individual[]> {
    const samples = this.#firstLook;
    // The end of a budget goes to whole evaluations: a look alone brings nothing into the archive.
    if (samples === undefined || !this.#ledger.affordsLowFidelity(genomes.length, samples))
      return this.#ledger.evaluate(genomes);
    const looked = await this.#ledger.evaluate(genomes, samples);
    const rivals = [...looked, ...this.#ledger.frontIndividuals];
    const racing = stillRacing(looked, rivals, this.#record);
    return this.#ledger.evaluate(racing.map(({ genome }) => genome));
  }
}

/** Samples of the first look; undefined where it would spare little. */
export function firstLook(sampleCount: number | undefined): number | undefined {
  if (sampleCount === undefined) return undefined;
  const samples = Math.max(LEAST_SAMPLES, Math.ceil(sampleCount * FIRST_LOOK));
  return samples <= sampleCount / 2 ? samples : undefined;
}
