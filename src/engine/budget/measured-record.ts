import type { AccuracyEstimate } from "../../evaluation/evaluator.js";
import type { NoiseTable } from "../../evaluation/noise/noise-table.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import type { ModelSpec } from "../../model/layer-spec.js";
import { fitLossModel, type LossModel } from "../../surrogate/loss-model.js";
import type { EvaluatedGenome } from "../ledger/evaluation-ledger.js";
import { genomeNoise, type LayerPrior, noisePrior, weightedNoise } from "./genome-noise.js";
import { type MeasuredLoss, measuredLoss } from "./measured-loss.js";
import type { SampleScores } from "./paired-difference.js";

/** What a {@link MeasuredRecord} reads beside what is measured. */
export interface MeasuredRecordContext {
  readonly model: ModelSpec;
  readonly noiseTable: NoiseTable;
  readonly layerPrior: LayerPrior;
  /** The float32 model's estimate, when known. */
  readonly baseline: AccuracyEstimate | undefined;
}

/** Genomes whose scores of samples are kept, the newest: more than an archive has, as a rule. */
const MOST_SCORES = 4096;
/** Measurements that the surrogate learns from, the newest. */
const MOST_MEASURED = 2000;

interface Measured extends MeasuredLoss {
  readonly genome: QuantizationGenome;
  /** Once it was asked for. */
  noise?: Float64Array;
}

/**
 * Everything measured in a run that comparisons and the surrogate go by, in the order it was
 * measured. A later measurement of a genome takes the place of an earlier one on fewer samples. Its
 * size is bounded.
 */
export class MeasuredRecord implements SampleScores {
  readonly #parts: MeasuredRecordContext;
  readonly #measured = new Map<string, Measured>();
  #layerPrior: LayerPrior;
  readonly #scores = new Map<string, Float32Array>();
  #model: LossModel | undefined;

  constructor(parts: MeasuredRecordContext) {
    this.#parts = parts;
    this.#layerPrior = parts.layerPrior;
  }

  /** Takes a measurement in. */
  add({ genome, estimate }: Pick<EvaluatedGenome, "genome" | "estimate">): void {
    const measured = { genome, ...measuredLoss(estimate, this.#parts.baseline) };
    renew(this.#measured, genome.key, measured, MOST_MEASURED);
    if (estimate.sampleScores) renew(this.#scores, genome.key, estimate.sampleScores, MOST_SCORES);
    this.#model = undefined;
  }

  /** Genomes that the surrogate learns from. */
  get size(): number {
    return this.#measured.size;
  }

  scoresOf(genome: QuantizationGenome): Float32Array | undefined {
    return this.#scores.get(genome.key);
  }

  /** The loss that was measured; undefined when none was, or it is no longer kept. */
  measuredLossOf(genome: QuantizationGenome): MeasuredLoss | undefined {
    return this.#measured.get(genome.key);
  }

  /** From now on the surrogate starts from these. */
  set layerPrior(prior: LayerPrior) {
    this.#layerPrior = prior;
    this.#model = undefined;
    for (const measured of this.#measured.values()) delete measured.noise;
  }

  /** What the surrogate reads of a genome. */
  noiseOf(genome: QuantizationGenome): Float64Array {
    return genomeNoise(this.#parts.model, this.#parts.noiseTable, this.#layerPrior.weights, genome);
  }

  /**
   * The table of noise, weights as the loss feels theirs by what was measured so far. Something
   * was.
   */
  get weightedNoise(): NoiseTable {
    const { model, noiseTable } = this.#parts;
    return weightedNoise(model, noiseTable, this.#layerPrior.weights, this.lossModel().sensitivity);
  }

  /** The surrogate, fitted on all that was measured so far. Something was. */
  lossModel(): LossModel {
    const { model } = this.#parts;
    if (this.#model === undefined) {
      const observations = [...this.#measured.values()].map((measured) => {
        measured.noise ??= this.noiseOf(measured.genome);
        return { noise: measured.noise, loss: measured.loss, variance: measured.variance };
      });
      this.#model = fitLossModel(observations, noisePrior(model, this.#layerPrior));
    }
    return this.#model;
  }
}

/** Sets an entry as the newest and lets the oldest beyond `most` go. */
function renew<V>(map: Map<string, V>, key: string, value: V, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > most) map.delete(map.keys().next().value!);
}
