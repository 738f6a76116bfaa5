import type { AccuracyEstimate } from "../../evaluation/evaluator.js";
import type { NoiseTable } from "../../evaluation/noise-table.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import type { ModelSpec } from "../../model/layer-spec.js";
import { fitLossModel, type LossModel, type LossObservation } from "../../surrogate/loss-model.js";
import type { EvaluatedGenome } from "../evaluation-ledger.js";
import { genomeNoise, noisePrior } from "./genome-noise.js";
import { measuredLoss } from "./loss-observations.js";

/** What a {@link MeasuredRecord} reads beside what is measured. */
export interface MeasuredRecordParts {
  readonly model: ModelSpec;
  readonly noiseTable: NoiseTable;
  /** How much each layer's noise is thought to matter, by name, above 0. */
  readonly layerWeights: ReadonlyMap<string, number>;
  /** The float32 model's estimate, when known. */
  readonly baseline: AccuracyEstimate | undefined;
}

/** Genomes whose scores of samples are kept, the newest. */
const MOST_SCORES = 4096;
/** Observations that are kept for the surrogate, the newest. */
const MOST_OBSERVATIONS = 2000;

/**
 * Everything measured in a run that comparisons and the surrogate go by, in the order it was measured. A later
 * measurement of a genome takes the place of an earlier one on fewer samples.
 */
export class MeasuredRecord {
  readonly #parts: MeasuredRecordParts;
  readonly #observations = new Map<string, LossObservation>();
  readonly #scores = new Map<string, Float32Array>();
  #model: LossModel | undefined;

  constructor(parts: MeasuredRecordParts) {
    this.#parts = parts;
  }

  /** Takes a measurement in. */
  add({ genome, estimate }: EvaluatedGenome): void {
    const observation = { noise: this.noiseOf(genome), ...measuredLoss(estimate, this.#parts.baseline) };
    renew(this.#observations, genome.key, observation, MOST_OBSERVATIONS);
    if (estimate.sampleScores) renew(this.#scores, genome.key, estimate.sampleScores, MOST_SCORES);
    this.#model = undefined;
  }

  noiseOf(genome: QuantizationGenome): Float64Array {
    return genomeNoise(this.#parts.model, this.#parts.noiseTable, genome);
  }

  /** Genomes that the surrogate learns from. */
  get size(): number {
    return this.#observations.size;
  }

  /** Scores of the samples that a genome was judged on; undefined when it has none, or they are no longer kept. */
  scoresOf(genome: QuantizationGenome): Float32Array | undefined {
    return this.#scores.get(genome.key);
  }

  /** The loss that was measured, see {@link measuredLoss}. */
  observationOf(genome: QuantizationGenome): LossObservation | undefined {
    return this.#observations.get(genome.key);
  }

  /** The surrogate, fitted on all that was measured so far. @throws InvalidArgumentError before anything was */
  lossModel(): LossModel {
    const { model, layerWeights } = this.#parts;
    this.#model ??= fitLossModel([...this.#observations.values()], noisePrior(model, layerWeights));
    return this.#model;
  }
}

/** Sets an entry as the newest and lets the oldest beyond `most` go. */
function renew<V>(map: Map<string, V>, key: string, value: V, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > most) map.delete(map.keys().next().value!);
}
