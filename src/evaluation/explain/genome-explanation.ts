import type { WeightBits } from "../../genes/bits.js";
import type { GeneValue } from "../../genes/gene.js";

/** What a genome is worth, all in one unit each. */
export interface ExplainedValues {
  /** 0 to 1. */
  readonly accuracy: number;
  readonly sizeBytes: number;
  readonly latencyMs: number;
  readonly energyMj: number;
  /** MB of 10^6 bytes. */
  readonly memoryMb: number;
}

/** What becomes of a genome when one layer, or layers that are tied, goes one width up or down. */
export interface WidthStep {
  /** Bits that the layer would have. */
  readonly weightBits: WeightBits;
  /** What every value would change by: positive = more. */
  readonly change: ExplainedValues;
  /** Limits that the genome keeps to and would then break. */
  readonly breaks: readonly string[];
  /** Limits that the genome breaks and would then keep to. */
  readonly mends: readonly string[];
}

/** How far a genome is from a limit. */
export interface LimitState {
  /**
   * As the configuration names it: `targetLatencyMs`, `targetMemoryMb`, `targetEnergyMj`,
   * `minAccuracy`, or `refusedLayers`.
   */
  readonly name: string;
  readonly limit: number;
  /** What is compared with it. */
  readonly value: number;
  /** Room that is left, in the limit's unit; negative = broken. */
  readonly slack: number;
  /** `binding` = kept to, and at least one single step would break it. */
  readonly state: "broken" | "binding" | "free";
  /** Single steps that would break it. */
  readonly forbiddenSteps: number;
}

/** One layer of a genome, or layers that must be alike. */
export interface LayerExplanation {
  readonly layers: readonly string[];
  readonly weightBits: WeightBits;
  /** The next wider width; absent at the widest. */
  readonly up?: WidthStep;
  /** The next narrower width; absent at the narrowest. */
  readonly down?: WidthStep;
}

/** Another value of a gene, and what becomes of the genome with it. */
export interface GeneStep extends Omit<WidthStep, "weightBits"> {
  readonly value: GeneValue;
}

/** One gene of a genome that is no setting of a layer. */
export interface GeneExplanation {
  readonly gene: string;
  readonly owner: string;
  readonly value: GeneValue;
  /** Neighbouring values where they are ordered, else all others. */
  readonly steps: readonly GeneStep[];
}

/** Why a genome is as it is: plain data, fit for JSON. */
export interface GenomeExplanation {
  /** How all accuracies of the explanation were obtained. */
  readonly accuracyKind: "predicted" | "measured";
  readonly accuracyMetric: string;
  /** How latency, energy and memory were obtained. */
  readonly costKind: "predicted" | "measured";
  readonly values: ExplainedValues;
  readonly limits: readonly LimitState[];
  /** Names of the limits that bind: kept to, and some single step would break them. */
  readonly binding: readonly string[];
  /** In model order. */
  readonly layers: readonly LayerExplanation[];
  /** Genes beside the settings of layers; absent where there are none. */
  readonly genes?: readonly GeneExplanation[];
}
