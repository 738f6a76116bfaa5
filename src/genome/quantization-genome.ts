import { z } from "zod";
import { CalibrationMethod } from "../calibration/method.js";
import type { CalibrationMethodName } from "../calibration/method-definition.js";
import { checkFields, describeNonRecord, isRecord } from "../check/check-fields.js";
import { deepFreeze } from "../check/deep-freeze.js";
import { InvalidArgumentError } from "../errors.js";
import type { GeneValue } from "../genes/gene.js";
import type { GeneValues } from "../genes/gene-kind.js";
import { valueSchema } from "../genes/layer-setting.js";
import { LAYER_SETTINGS } from "../genes/precision.js";
import { defaultLayerSpace, type SearchSpace } from "../genes/search-space.js";
import { QuantizationScheme } from "../quantization/scheme.js";
import { Random } from "../random/random.js";
import { crossedValues, geneValueList, geneValuesOf, NO_GENE_VALUES } from "./gene-values.js";
import { genomeKey } from "./genome-key.js";
import { LayerConfigMap } from "./layer-config-map.js";
import { LayerQuantConfig, type LayerQuantConfigFields } from "./layer-quant-config.js";
import { intervalRule, metricFields } from "./metric-fields.js";
import { mutateLayerConfig } from "./mutate-layer-config.js";

/** What an evaluation found out about a genome. Everything is per inference at batch 1. */
export interface GenomeMetrics {
  /** 0 to 1; see `accuracyKind` for how it was obtained. */
  readonly accuracy: number;
  readonly accuracyKind: "predicted" | "measured";
  /** Name of the accuracy metric, and the metric in its own unit. */
  readonly accuracyMetric: string;
  readonly accuracyMetricValue: number;
  /** Samples that `accuracy` was measured on; absent when predicted or unknown. */
  readonly accuracySamples?: number | undefined;
  /** Standard error of `accuracy`; absent when unknown. */
  readonly accuracyStandardError?: number | undefined;
  /** 95% confidence interval of `accuracy`; absent when unknown. */
  readonly accuracyInterval?: readonly [number, number] | undefined;
  /**
   * How much worse than the float32 model: the accuracy lost, 0.01 = one point of a hundred; for a
   * metric in a unit of its own the share by which its value is worse, 0.03 = a perplexity 3%
   * higher. Below 0 where it is better; absent when the float32 model's estimate is unknown.
   */
  readonly accuracyDrop?: number | undefined;
  /** Upper end of the 95% interval of `accuracyDrop`, paired by samples where that is possible. */
  readonly accuracyDropUpperBound?: number | undefined;
  /** FP32 bytes of all parameters over `sizeBytes`. */
  readonly compressionRatio: number;
  /**
   * Bit-exact bytes of all parameters: packed codes, scales, zero points, and what stays in
   * float32.
   */
  readonly sizeBytes: number;
  /** Bytes as the target stores them (widths it lacks are widened). */
  readonly storedBytes: number;
  /**
   * Bytes of the file that the evaluator's format makes of it, graph and all: predicted, as a rule
   * to within 1%. Absent where no file is written.
   */
  readonly fileBytes?: number | undefined;
  readonly inferenceLatencyMs: number;
  /** In MB of 10^6 bytes. */
  readonly memoryFootprintMb: number;
  readonly energyPerInferenceMj: number;
  /**
   * How far latency and energy may be off: the median absolute relative error of the cost model on
   * published measurements, 0.2 = half of the checked predictions were off by less than 20%. Absent
   * when nobody has checked it.
   */
  readonly latencyRelativeError?: number | undefined;
  readonly energyRelativeError?: number | undefined;
  /** Whether latency and energy come from a cost model or a measurement. */
  readonly costKind: "predicted" | "measured";
  /**
   * Weighted objectives, larger is better: 0 to 1 when feasible, below 0 when a limit is broken.
   */
  readonly fitnessScore: number;
  /**
   * Limits that the genome breaks: name to relative excess (0.1 = 10% over). Empty when feasible.
   */
  readonly violations: Readonly<Record<string, number>>;
}

/**
 * What a genome is made from. Layer settings may be plain fields; those inherit `globalScheme` for
 * their weights.
 */
export interface QuantizationGenomeFields {
  readonly layerConfigs:
    | ReadonlyMap<string, LayerQuantConfig | Partial<LayerQuantConfigFields>>
    | Readonly<Record<string, LayerQuantConfig | Partial<LayerQuantConfigFields>>>;
  /** Scheme that layers given without a `weightScheme` take. Default symmetric. */
  readonly globalScheme?: QuantizationScheme;
  /** Calibration of every layer that names none of its own. Default mse. */
  readonly calibrationMethod?: CalibrationMethodName;
  /** Parameters of each layer, for {@link QuantizationGenome.averageBits}. */
  readonly parameterCounts?: ReadonlyMap<string, number>;
  readonly metrics?: GenomeMetrics;
  /**
   * Values of genes that are no settings of layers, where they are not the default. Default: none.
   */
  readonly geneValues?: GeneValues;
}

/** How {@link QuantizationGenome.mutate} and {@link QuantizationGenome.crossover} draw. */
export interface VariationOptions {
  /** Where random numbers come from. Default: a generator seeded by `seed`. */
  readonly random?: Random;
  /** Default: derived from the genome itself, so the same call gives the same child. */
  readonly seed?: string | number;
  /** What a layer may become. Default: bits 2 to 8 and every scheme, granularity and method. */
  readonly space?: SearchSpace;
}

const metricsSchema = z
  .strictObject({ ...metricFields, violations: z.record(z.string(), z.number()) })
  .refine(...intervalRule);

/** Name of a gene, its owner and its value. */
const geneValueEntry = z.tuple([
  z.string().min(1),
  z.string(),
  z.union([z.string(), z.number(), z.boolean()]),
]);

const genomeSchema = z.strictObject({
  layerConfigs: z.custom<Record<string, unknown>>(
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
    "layerConfigs must be an object of layer settings by layer name",
  ),
  globalScheme: z.enum(QuantizationScheme).optional(),
  calibrationMethod: valueSchema(LAYER_SETTINGS.calibrationMethod).optional(),
  parameterCounts: z.array(z.tuple([z.string(), z.number().min(0)])).optional(),
  metrics: metricsSchema.optional(),
  geneValues: z.array(geneValueEntry).optional(),
});

const FIELDS = [
  "layerConfigs",
  "globalScheme",
  "calibrationMethod",
  "parameterCounts",
  "metrics",
  "geneValues",
] as const;

/** Plain data of a genome, as {@link QuantizationGenome.toDict} writes it. */
export interface QuantizationGenomeDict {
  readonly layerConfigs: Readonly<Record<string, LayerQuantConfigFields>>;
  readonly globalScheme: QuantizationScheme;
  readonly calibrationMethod: CalibrationMethodName;
  readonly parameterCounts?: readonly (readonly [string, number])[];
  readonly metrics?: GenomeMetrics;
  /** Each a gene's name, its owner and its value. */
  readonly geneValues?: readonly (readonly [gene: string, owner: string, value: GeneValue])[];
}

/**
 * A complete quantization strategy: one {@link LayerQuantConfig} for each layer. Immutable.
 * @example
 * ```ts
 * import { QuantizationGenome } from "quantevo";
 *
 * const genome = new QuantizationGenome({
 *   layerConfigs: { attention: { weightBits: 8 }, ffn: { weightBits: 4 } },
 * });
 * genome.averageBits; // 6
 * ```
 */
export class QuantizationGenome {
  /** In model order. Changing it throws an UnsupportedError. */
  readonly layerConfigs: ReadonlyMap<string, LayerQuantConfig>;
  readonly globalScheme: QuantizationScheme;
  readonly calibrationMethod: CalibrationMethodName;
  readonly parameterCounts: ReadonlyMap<string, number> | undefined;
  /** Everything the evaluation found, frozen; undefined until evaluated. */
  readonly metrics: GenomeMetrics | undefined;
  /**
   * Values of genes that are no settings of layers, by the gene's name and its owner. A gene that
   * is missing has the default of its kind.
   */
  readonly geneValues: GeneValues;
  #key: string | undefined;

  /**
   * @throws InvalidArgumentError when a layer's settings are not valid (the path is
   *   `layerConfigs.NAME.FIELD`), there is none, or a field is unknown
   */
  constructor(fields: QuantizationGenomeFields) {
    checkFields(fields, "fields", FIELDS);
    if (!(fields.layerConfigs instanceof Map || isRecord(fields.layerConfigs)))
      throw new InvalidArgumentError(
        "layerConfigs",
        `layerConfigs is ${describeNonRecord(fields.layerConfigs)}; allowed: a Map or an ` +
          "object of layer settings by layer name",
      );
    this.globalScheme = fields.globalScheme ?? QuantizationScheme.SYMMETRIC;
    this.calibrationMethod = fields.calibrationMethod ?? CalibrationMethod.MSE;
    const given =
      fields.layerConfigs instanceof Map
        ? fields.layerConfigs
        : Object.entries(fields.layerConfigs);
    const configs = new LayerConfigMap();
    for (const [name, config] of given) {
      if (name === "") throw new InvalidArgumentError("layerConfigs", "a layer name is empty");
      LayerConfigMap.put(configs, name, this.#layerConfig(name, config));
    }
    if (configs.size === 0)
      throw new InvalidArgumentError("layerConfigs", "a genome has no layers; give at least one");
    this.layerConfigs = configs;
    this.parameterCounts = fields.parameterCounts;
    // A copy: a result says for ever what was measured.
    this.metrics = fields.metrics && deepFreeze(structuredClone(fields.metrics));
    this.geneValues = fields.geneValues ?? NO_GENE_VALUES;
  }

  #layerConfig(
    name: string,
    given: LayerQuantConfig | Partial<LayerQuantConfigFields>,
  ): LayerQuantConfig {
    if (given instanceof LayerQuantConfig) return given;
    try {
      return LayerQuantConfig.fromDict(
        isRecord(given)
          ? { ...given, weightScheme: given.weightScheme ?? this.globalScheme }
          : given,
      );
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      const path =
        error.path === "" ? `layerConfigs.${name}` : `layerConfigs.${name}.${error.path}`;
      throw new InvalidArgumentError(path, `${path}: ${error.message}`);
    }
  }

  /** 0 to 1, larger is better; undefined until evaluated. */
  get accuracy(): number | undefined {
    return this.metrics?.accuracy;
  }
  /** FP32 bytes over stored bytes, everything counted; undefined until evaluated. */
  get compressionRatio(): number | undefined {
    return this.metrics?.compressionRatio;
  }
  /** Milliseconds per inference at batch 1; undefined until evaluated. */
  get inferenceLatencyMs(): number | undefined {
    return this.metrics?.inferenceLatencyMs;
  }
  /** MB (10^6 bytes) of weights and live activations; undefined until evaluated. */
  get memoryFootprintMb(): number | undefined {
    return this.metrics?.memoryFootprintMb;
  }
  /** Millijoules per inference at batch 1; undefined until evaluated. */
  get energyPerInferenceMj(): number | undefined {
    return this.metrics?.energyPerInferenceMj;
  }
  /**
   * Weighted objectives, larger is better: 0 to 1 when feasible, below 0 when a limit is broken; 0
   * until evaluated.
   */
  get fitnessScore(): number {
    return this.metrics?.fitnessScore ?? 0;
  }

  /** Mean weight bits over layers, weighted by parameters where all counts are known. */
  get averageBits(): number {
    let bits = 0;
    let weight = 0;
    const counts = this.parameterCounts;
    const known =
      counts !== undefined && [...this.layerConfigs.keys()].every((name) => counts.has(name));
    for (const [name, config] of this.layerConfigs) {
      const share = known ? (counts.get(name) as number) : 1;
      bits += config.weightBits * share;
      weight += share;
    }
    return weight === 0 ? 0 : bits / weight;
  }

  /**
   * Canonical text: equal for two genomes exactly when they quantize alike, whatever their metrics.
   */
  get key(): string {
    this.#key ??= genomeKey(this.layerConfigs, this.calibrationMethod, this.geneValues);
    return this.#key;
  }

  /** The calibration method that a layer really uses. */
  calibrationMethodOf(layer: string): CalibrationMethodName {
    return this.layerConfigs.get(layer)?.calibrationMethod ?? this.calibrationMethod;
  }

  /** Plain data, fit for JSON; {@link QuantizationGenome.fromDict} reads it back. */
  toDict(): QuantizationGenomeDict {
    return {
      layerConfigs: Object.fromEntries(
        [...this.layerConfigs].map(([name, config]) => [name, config.toDict()]),
      ),
      globalScheme: this.globalScheme,
      calibrationMethod: this.calibrationMethod,
      ...(this.parameterCounts && { parameterCounts: [...this.parameterCounts] }),
      ...(this.metrics && { metrics: this.metrics }),
      ...(this.geneValues.size > 0 && { geneValues: geneValueList(this.geneValues) }),
    };
  }

  /** Called by JSON.stringify; the same as {@link QuantizationGenome.toDict}. */
  toJSON(): QuantizationGenomeDict {
    return this.toDict();
  }

  /**
   * Reads what {@link QuantizationGenome.toDict} gives. @throws InvalidArgumentError naming the
   * field on anything else.
   */
  static fromDict(data: unknown): QuantizationGenome {
    const parsed = genomeSchema.safeParse(data);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      const path = issue?.path.join(".") ?? "";
      throw new InvalidArgumentError(
        path,
        `genome${path && `.${path}`}: ${issue?.message ?? "is not valid"}`,
      );
    }
    const { layerConfigs, parameterCounts, geneValues, ...rest } = parsed.data;
    return new QuantizationGenome({
      layerConfigs: layerConfigs as Record<string, Partial<LayerQuantConfigFields>>,
      ...(parameterCounts && { parameterCounts: new Map(parameterCounts) }),
      ...(geneValues && { geneValues: geneValuesOf(geneValues) }),
      ...(rest as Omit<QuantizationGenomeFields, "layerConfigs" | "parameterCounts">),
    });
  }

  /**
   * A copy with changed parts. Metrics are kept only when given again: another genome has other
   * metrics.
   */
  with(patch: Partial<QuantizationGenomeFields>): QuantizationGenome {
    return new QuantizationGenome({
      layerConfigs: this.layerConfigs,
      globalScheme: this.globalScheme,
      calibrationMethod: this.calibrationMethod,
      ...(this.parameterCounts && { parameterCounts: this.parameterCounts }),
      geneValues: this.geneValues,
      ...patch,
    });
  }

  /** A deep copy, metrics included. */
  clone(): QuantizationGenome {
    return this.with({
      layerConfigs: new Map(this.layerConfigs),
      ...(this.parameterCounts && { parameterCounts: new Map(this.parameterCounts) }),
      ...(this.metrics && { metrics: structuredClone(this.metrics) }),
    });
  }

  /**
   * A child in which each layer has changed with probability `mutationRate` (0 to 1): one step of
   * bits, or another scheme, granularity, group size or calibration. Unevaluated.
   * @throws InvalidArgumentError when the rate is not in [0, 1]
   */
  mutate(mutationRate: number, options: VariationOptions = {}): QuantizationGenome {
    if (!(mutationRate >= 0 && mutationRate <= 1))
      throw new InvalidArgumentError(
        "mutationRate",
        `mutationRate is ${mutationRate}; allowed: 0 to 1`,
      );
    const random =
      options.random ?? new Random(options.seed ?? `mutate ${mutationRate} ${this.key}`);
    const configs = new Map<string, LayerQuantConfig>();
    for (const [name, config] of this.layerConfigs) {
      const space = options.space?.layers.get(name) ?? defaultLayerSpace;
      configs.set(
        name,
        random.chance(mutationRate) ? mutateLayerConfig(config, space, random) : config,
      );
    }
    return this.with({ layerConfigs: configs });
  }

  /**
   * A child that takes each layer from one parent or the other, evenly (uniform crossover).
   * Unevaluated.
   * @throws InvalidArgumentError when `other` is no genome or the two have different layers
   */
  crossover(other: QuantizationGenome, options: VariationOptions = {}): QuantizationGenome {
    checkGenome(other, "other");
    const random =
      options.random ?? new Random(options.seed ?? `crossover ${this.key} ${other.key}`);
    if (other.layerConfigs.size !== this.layerConfigs.size)
      throw new InvalidArgumentError(
        "other",
        `the other genome has ${other.layerConfigs.size} layers, this one ` +
          `${this.layerConfigs.size}`,
      );
    const configs = new Map<string, LayerQuantConfig>();
    for (const [name, config] of this.layerConfigs) {
      const theirs = other.layerConfigs.get(name);
      if (theirs === undefined)
        throw new InvalidArgumentError(
          "other",
          `the other genome has no layer ${JSON.stringify(name)}`,
        );
      configs.set(name, random.chance(0.5) ? config : theirs);
    }
    return this.with({
      layerConfigs: configs,
      geneValues: crossedValues(this.geneValues, other.geneValues, random),
    });
  }
}

/**
 * @throws InvalidArgumentError (path `path`) unless the value is a genome, of this or another copy
 *   of the library.
 */
export function checkGenome(value: unknown, path: string): void {
  const { layerConfigs, key, with: copy } = (value ?? {}) as Partial<QuantizationGenome>;
  if (!(layerConfigs instanceof Map && typeof key === "string" && typeof copy === "function"))
    throw new InvalidArgumentError(
      path,
      `${path} is ${isRecord(value) ? "another object" : describeNonRecord(value)}; allowed: ` +
        "a QuantizationGenome",
    );
}

/**
 * Settings of each layer. @throws InvalidArgumentError (path `genome`) unless the value is a
 * genome; what else it has costs time to look at
 */
export function layerConfigsOf(genome: QuantizationGenome): QuantizationGenome["layerConfigs"] {
  const layerConfigs: unknown = genome?.layerConfigs;
  if (!(layerConfigs instanceof Map)) checkGenome(genome, "genome");
  return layerConfigs as QuantizationGenome["layerConfigs"];
}
