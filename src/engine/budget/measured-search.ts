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
/** Share of the samples of a low-fidelity evaluation, and the least that are worth one. */
const LOW_FIDELITY_SHARE = 1 / 8;
const LEAST_SAMPLES = 16;

/**
 * The evaluator of a search whose evaluations are expensive. The surrogate says which children are
 * measured at all. Those are measured on few samples first, and on all only when they have not lost
 * by then. Everything in the archive was measured on all. The outcome follows from the measurements
 * before it, in order, and from nothing else.
 */
export class MeasuredSearch implements EvolutionEvaluator {
  readonly #context: EvaluationContext;
  readonly #ledger: EvaluationLedger;
  readonly #record: MeasuredRecord;
  readonly #options: MeasuredSearchOptions;
  readonly #lowFidelitySamples: number | undefined;
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
    this.#lowFidelitySamples = options.multiFidelity
      ? lowFidelitySamples(context.evaluator.sampleCount)
      : undefined;
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
    const samples = this.#lowFidelitySamples;
    // The end of a budget goes to whole evaluations: few samples bring nothing into the archive.
    if (samples === undefined || !this.#ledger.affordsLowFidelity(genomes.length, samples))
      return this.#ledger.evaluate(genomes);
    const screened = await this.#ledger.evaluate(genomes, samples);
    const rivals = [...screened, ...this.#ledger.frontIndividuals];
    const racing = stillRacing(screened, rivals, this.#record);
    return this.#ledger.evaluate(racing.map(({ genome }) => genome));
  }
}

/** Samples of a low-fidelity evaluation; undefined where it would save little. */
export function lowFidelitySamples(sampleCount: number | undefined): number | undefined {
  if (sampleCount === undefined) return undefined;
  const samples = Math.max(LEAST_SAMPLES, Math.ceil(sampleCount * LOW_FIDELITY_SHARE));
  return samples <= sampleCount / 2 ? samples : undefined;
}
