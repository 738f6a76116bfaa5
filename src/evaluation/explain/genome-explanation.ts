import type { WeightBits } from "../../genes/bits.js";
import type { GeneValue } from "../../genes/gene.js";

/** The values of a genome that a search trades off, or differences between such values. */
export interface ExplainedValues {
  /** 0 to 1. */
  readonly accuracy: number;
  readonly sizeBytes: number;
  readonly latencyMs: number;
  readonly energyMj: number;
  /** MB of 10^6 bytes. */
  readonly memoryMb: number;
}

/** The effect of stepping one layer, or the layers of one tie, to the next width. */
export interface WidthStep {
  /** Weight bits after the step. */
  readonly weightBits: WeightBits;
  /** Change of each value; positive means more. */
  readonly change: ExplainedValues;
  /** Limits that the genome keeps now and would break. */
  readonly breaks: readonly string[];
  /** Limits that the genome breaks now and would keep. */
  readonly mends: readonly string[];
}

/** How a genome stands to one limit. */
export interface LimitState {
  /**
   * Name in the configuration: `targetLatencyMs`, `targetMemoryMb`, `targetEnergyMj`,
   * `minAccuracy` or `maxAccuracyDrop`; or `refusedLayers`.
   */
  readonly name: string;
  readonly limit: number;
  /** The genome's value, in the limit's unit. */
  readonly value: number;
  /** Distance to the limit in the limit's unit. Negative when the limit is broken. */
  readonly slack: number;
  /** `binding`: the genome keeps the limit, but at least one single step would break it. */
  readonly state: "broken" | "binding" | "free";
  /** Number of single steps that would break the limit. */
  readonly forbiddenSteps: number;
}

/** One layer of a genome, or the layers of a tie, with its two steps. */
export interface LayerExplanation {
  readonly layers: readonly string[];
  readonly weightBits: WeightBits;
  /** The next wider width; absent at the widest. */
  readonly up?: WidthStep;
  /** The next narrower width; absent at the narrowest. */
  readonly down?: WidthStep;
}

/** The effect of another value of a gene. */
export interface GeneStep extends Omit<WidthStep, "weightBits"> {
  readonly value: GeneValue;
}

/** One gene of a genome that is no setting of a layer, with its steps. */
export interface GeneExplanation {
  readonly gene: string;
  readonly owner: string;
  readonly value: GeneValue;
  /** Neighbouring values where the choices are ordered, else all others. */
  readonly steps: readonly GeneStep[];
}

/**
 * How a genome stands to its limits, and what changing each layer or gene would do. Plain data, fit
 * for JSON.
 */
export interface GenomeExplanation {
  /** How every accuracy in the explanation was obtained. */
  readonly accuracyKind: "predicted" | "measured";
  readonly accuracyMetric: string;
  /** How latency, energy and memory were obtained. */
  readonly costKind: "predicted" | "measured";
  readonly values: ExplainedValues;
  readonly limits: readonly LimitState[];
  /** Names of the limits whose state is `binding`. */
  readonly binding: readonly string[];
  /** In model order. */
  readonly layers: readonly LayerExplanation[];
  /** Genes beside the settings of layers; absent where there are none. */
  readonly genes?: readonly GeneExplanation[];
}
