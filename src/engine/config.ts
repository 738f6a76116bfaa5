import { z } from "zod";
import { CalibrationMethod } from "../calibration/method.js";
import type { CalibrationMethodName } from "../calibration/method-definition.js";
import { isCalibrationMethod } from "../calibration/method-registry.js";
import { describeNonRecord, isRecord } from "../check/check-fields.js";
import { InvalidArgumentError, InvalidConfigError } from "../errors.js";
import { ACCURACY_LIMIT_ON, type AccuracyLimitOn } from "../evaluation/accuracy-limits.js";
import {
  ACTIVATION_BITS,
  type ActivationBits,
  WEIGHT_BITS,
  type WeightBits,
} from "../genes/bits.js";
import { MAX_GROUP_SIZE } from "../genes/precision.js";
import { LayerQuantConfig, type LayerQuantConfigFields } from "../genome/layer-quant-config.js";
import type { HardwareTarget } from "../hardware/contract.js";
import type { HardwareProfile } from "../hardware/profile/profile-schema.js";
import { QuantizationScheme } from "../quantization/scheme.js";
import { configError } from "./config-error.js";
import { SENSITIVITY_NAMES, type SensitivityName } from "./sensitivity/sensitivity-names.js";
import { ascending, impliedRange, weightBitChoices } from "./weight-bit-choices.js";

/** When a run gets no further. */
export interface Stagnation {
  /** Generations to look back, 1 to 1,000,000. */
  readonly generations: number;
  /**
   * Share by which the hypervolume of the front (as long as nothing is feasible: the least
   * violation) may have improved over these generations and still counts as standing still, 0 to 1.
   * Default 0.001.
   */
  readonly tolerance?: number | undefined;
}

/** Settings of a search. Every field may be left out; the defaults are written beside them. */
export interface QuantizationEvolutionConfig {
  /** Genomes in a generation, 1 to 10,000. Default 20. */
  readonly populationSize?: number | undefined;
  /** Generations after the first population, 0 to 1,000,000. Default 50. */
  readonly maxGenerations?: number | undefined;
  /**
   * Most evaluations of genomes, failed ones included, 1 to 1,000,000,000; never exceeded. One on a
   * part of the samples counts that part. Default: no limit.
   */
  readonly maxEvaluations?: number | undefined;
  /**
   * Milliseconds from its call after which the run stops, above 0 to 2,147,483,647, also in the
   * middle of an evaluation. What a checkpoint saves does not count: of a resumed run time counts
   * from there. Default: no limit.
   */
  readonly timeLimitMs?: number | undefined;
  /** The run stops when it gets no further, see {@link Stagnation}. Default: it does not. */
  readonly stagnation?: Stagnation | undefined;
  /**
   * Milliseconds after which one evaluation counts as failed, above 0 to 2,147,483,647. Default: no
   * limit.
   */
  readonly evaluationTimeoutMs?: number | undefined;
  /** Probability that a layer of a child changes, 0 to 1. Default 0.2. */
  readonly mutationRate?: number | undefined;
  /** Probability that a child has two parents, 0 to 1. Default 0.7. */
  readonly crossoverRate?: number | undefined;
  /**
   * Share of the population kept for its weighted fitness alone, 0 to 1; 0 is plain NSGA-II.
   * Default 0.1.
   */
  readonly elitismRatio?: number | undefined;
  /** Narrowest weight, 1 to 32 bits. Default 4. */
  readonly minBits?: number | undefined;
  /** Widest weight, 1 to 32 bits. Default 8. */
  readonly maxBits?: number | undefined;
  /** Layers may differ in weight bits and activation bits. Default true. */
  readonly allowMixedPrecision?: boolean | undefined;
  /** Weights may have one scale per channel. Default true. */
  readonly allowPerChannel?: boolean | undefined;
  /** Weights may have one scale per block of `groupSizes`. Default true. */
  readonly allowPerGroup?: boolean | undefined;
  /**
   * A built-in target's name or a profile of your own. Not read when the engine is given a cost
   * model. Default arm-neon.
   */
  readonly hardwareTarget?: HardwareTarget | HardwareProfile | undefined;
  /** Most milliseconds per inference, above 0. Default: no limit. */
  readonly targetLatencyMs?: number | undefined;
  /** Most MB (10^6 bytes) of weights and live activations, above 0. Default: no limit. */
  readonly targetMemoryMb?: number | undefined;
  /** Most millijoules per inference, above 0. Default: no limit. */
  readonly targetEnergyMj?: number | undefined;
  /** Least accuracy, 0 to 1. Default: no limit. */
  readonly minAccuracy?: number | undefined;
  /**
   * Largest drop of accuracy from the float32 model, from 0: points of accuracy (0.01 = one of a
   * hundred), or for a metric in a unit of its own the share by which its value may be worse (0.03
   * = a perplexity 3% higher). Default: no limit.
   */
  readonly maxAccuracyDrop?: number | undefined;
  /**
   * What `minAccuracy` and `maxAccuracyDrop` are compared with: the estimate, or the unfavourable
   * end of its 95% interval. Default estimate.
   */
  readonly accuracyLimitOn?: AccuracyLimitOn | undefined;
  /**
   * Weight of accuracy in the fitness, 0 to 1,000,000; only ratios of the four weights matter.
   * Default 0.4.
   */
  readonly accuracyWeight?: number | undefined;
  /** Weight of compression. Default 0.3. */
  readonly compressionWeight?: number | undefined;
  /** Weight of latency. Default 0.2. */
  readonly latencyWeight?: number | undefined;
  /** Weight of energy. Default 0.1. */
  readonly energyWeight?: number | undefined;
  /**
   * Layers are ordered by sensitivity (else by size) where that guides the search. A name says by
   * which: `predicted` from noise and what is known of kinds of layers, `weight-noise` from noise
   * alone, `accuracy-drop` by the evaluator, which costs one evaluation a layer before the search.
   * Default true: single-layer sensitivities, measured on few samples where the search evaluates at
   * low fidelity first and that costs no more than a third of a population and of `maxEvaluations`,
   * else `predicted`.
   */
  readonly useSensitivityAnalysis?: boolean | SensitivityName | undefined;
  /**
   * The first population has mixed-precision genomes with more bits for sensitive layers. Default
   * true.
   */
  readonly adaptiveBitAllocation?: boolean | undefined;
  /** No genome is evaluated twice. Default true. */
  readonly enableCaching?: boolean | undefined;
  /**
   * Children are screened by a surrogate fitted on what was measured: many are made, the promising
   * ones measured. Default: yes with an evaluator that measures and can judge on a part of its
   * samples.
   */
  readonly surrogate?: boolean | undefined;
  /**
   * Genomes are judged on few samples first, and on all if they have not lost by then. Default: as
   * `surrogate`.
   */
  readonly multiFidelity?: boolean | undefined;
  /**
   * Genomes remembered by `enableCaching`, 1 to 10,000,000; the one not met for longest goes first.
   * Default 200,000.
   */
  readonly cacheLimit?: number | undefined;
  /** Most genomes in the archive, 1 to 1,000,000; the most crowded leave. Default: no limit. */
  readonly archiveLimit?: number | undefined;
  /** Most evaluations in flight, 1 to 1,024. The result does not depend on it. Default 4. */
  readonly parallelEvaluations?: number | undefined;
  /** Equal seeds give equal runs. A text or a finite number; default 0. */
  readonly seed?: string | number | undefined;
  /** Weight widths to choose from. Default: every width that exists from `minBits` to `maxBits`. */
  readonly weightBitChoices?: readonly WeightBits[] | undefined;
  /**
   * Activation widths to choose from, which `minBits` and `maxBits` do not bound. Default 8 and 16.
   */
  readonly activationBitChoices?: readonly ActivationBits[] | undefined;
  /** Default: all. */
  readonly weightSchemes?: readonly QuantizationScheme[] | undefined;
  /** Default: all. */
  readonly activationSchemes?: readonly QuantizationScheme[] | undefined;
  /** Default: all. */
  readonly calibrationMethods?: readonly CalibrationMethodName[] | undefined;
  /**
   * Block lengths of per-group weights, 1 to 65,536; those not shorter than a layer's axis are left
   * out there. Default 16, 32, 64, 128.
   */
  readonly groupSizes?: readonly number[] | undefined;
  /** Settings that are fixed, by layer name; they need not be among the choices. Default: none. */
  readonly layerOverrides?:
    | ReadonlyMap<string, Partial<LayerQuantConfigFields>>
    | Readonly<Record<string, Partial<LayerQuantConfigFields>>>
    | undefined;
  /** Groups of layer names that must have equal settings. Default: none. */
  readonly tiedLayers?: readonly (readonly string[])[] | undefined;
}

type Optional =
  | "targetLatencyMs"
  | "targetMemoryMb"
  | "targetEnergyMj"
  | "minAccuracy"
  | "maxAccuracyDrop"
  | "surrogate"
  | "multiFidelity"
  | "maxEvaluations"
  | "timeLimitMs"
  | "stagnation"
  | "evaluationTimeoutMs"
  | "archiveLimit";
type Defaulted = Exclude<keyof QuantizationEvolutionConfig, Optional | "layerOverrides">;

/**
 * A checked configuration with every default filled in. Number lists are ascending and without
 * repetition.
 */
export type ResolvedConfig = {
  readonly [K in Defaulted]-?: Exclude<QuantizationEvolutionConfig[K], undefined>;
} & Pick<QuantizationEvolutionConfig, Optional> & {
    readonly layerOverrides: ReadonlyMap<string, Partial<LayerQuantConfigFields>>;
  };

/** The longest that a timer can wait. */
const MOST_MS = 2_147_483_647;

const allowed: Record<string, string> = {};

function field<S extends z.ZodType>(name: string, range: string, schema: S): S {
  allowed[name] = range;
  return schema;
}
const rate = (name: string, value: number) =>
  field(name, "0 to 1", z.number().min(0).max(1).default(value));
const flag = (name: string, value: boolean) =>
  field(name, "true, false", z.boolean().default(value));
const weight = (name: string, value: number) =>
  field(name, "a number from 0 to 1000000", z.number().min(0).max(1e6).default(value));
const limit = (name: string) => field(name, "a finite number above 0", z.number().gt(0).optional());
const whole = (name: string, least: number, most: number, value: number) =>
  field(name, `an integer from ${least} to ${most}`, z.int().min(least).max(most).default(value));
const wholeOrNone = (name: string, most: number) =>
  field(name, `an integer from 1 to ${most}`, z.int().min(1).max(most).optional());
const milliseconds = (name: string) =>
  field(name, `above 0 to ${MOST_MS}`, z.number().gt(0).max(MOST_MS).optional());
const width = (name: string, value: number) =>
  field(name, "a number from 1 to 32", z.number().min(1).max(32).default(value));
const someOf = <const T extends string>(name: string, values: Readonly<Record<string, T>>) =>
  field(
    name,
    `a list of at least one of ${Object.values(values).join(", ")}`,
    z.array(z.enum(values)).min(1).default(Object.values(values)),
  );

const schema = z.strictObject({
  populationSize: whole("populationSize", 1, 10_000, 20),
  maxGenerations: whole("maxGenerations", 0, 1_000_000, 50),
  maxEvaluations: wholeOrNone("maxEvaluations", 1_000_000_000),
  timeLimitMs: milliseconds("timeLimitMs"),
  stagnation: field(
    "stagnation",
    "an object with generations (an integer from 1 to 1000000) and tolerance (0 to 1)",
    z
      .strictObject({
        generations: z.int().min(1).max(1_000_000),
        tolerance: z.number().min(0).max(1).optional(),
      })
      .optional(),
  ),
  evaluationTimeoutMs: milliseconds("evaluationTimeoutMs"),
  mutationRate: rate("mutationRate", 0.2),
  crossoverRate: rate("crossoverRate", 0.7),
  elitismRatio: rate("elitismRatio", 0.1),
  minBits: width("minBits", 4),
  maxBits: width("maxBits", 8),
  allowMixedPrecision: flag("allowMixedPrecision", true),
  allowPerChannel: flag("allowPerChannel", true),
  allowPerGroup: flag("allowPerGroup", true),
  hardwareTarget: field(
    "hardwareTarget",
    "the name of a target, or a hardware profile",
    z
      .union([
        z.string().min(1),
        z.custom<HardwareProfile>((v) => typeof v === "object" && v !== null),
      ])
      .default("arm-neon"),
  ),
  targetLatencyMs: limit("targetLatencyMs"),
  targetMemoryMb: limit("targetMemoryMb"),
  targetEnergyMj: limit("targetEnergyMj"),
  minAccuracy: field("minAccuracy", "0 to 1", z.number().min(0).max(1).optional()),
  maxAccuracyDrop: field(
    "maxAccuracyDrop",
    "a finite number of at least 0",
    z.number().min(0).optional(),
  ),
  accuracyLimitOn: field(
    "accuracyLimitOn",
    ACCURACY_LIMIT_ON.join(", "),
    z.enum(ACCURACY_LIMIT_ON).default("estimate"),
  ),
  accuracyWeight: weight("accuracyWeight", 0.4),
  compressionWeight: weight("compressionWeight", 0.3),
  latencyWeight: weight("latencyWeight", 0.2),
  energyWeight: weight("energyWeight", 0.1),
  useSensitivityAnalysis: field(
    "useSensitivityAnalysis",
    `true, false, ${SENSITIVITY_NAMES.join(", ")}`,
    z.union([z.boolean(), z.enum(SENSITIVITY_NAMES)]).default(true),
  ),
  adaptiveBitAllocation: flag("adaptiveBitAllocation", true),
  enableCaching: flag("enableCaching", true),
  surrogate: field("surrogate", "true, false", z.boolean().optional()),
  multiFidelity: field("multiFidelity", "true, false", z.boolean().optional()),
  cacheLimit: whole("cacheLimit", 1, 10_000_000, 200_000),
  archiveLimit: wholeOrNone("archiveLimit", 1_000_000),
  parallelEvaluations: whole("parallelEvaluations", 1, 1024, 4),
  seed: field("seed", "a text or a finite number", z.union([z.string(), z.number()]).default(0)),
  weightBitChoices: field(
    "weightBitChoices",
    `a list of at least one of ${WEIGHT_BITS.join(", ")}`,
    z.array(z.literal(WEIGHT_BITS)).min(1).optional(),
  ),
  activationBitChoices: field(
    "activationBitChoices",
    `a list of at least one of ${ACTIVATION_BITS.join(", ")}`,
    z.array(z.literal(ACTIVATION_BITS)).min(1).default([8, 16]),
  ),
  weightSchemes: someOf("weightSchemes", QuantizationScheme),
  activationSchemes: someOf("activationSchemes", QuantizationScheme),
  calibrationMethods: field(
    "calibrationMethods",
    `a list of at least one of ${Object.values(CalibrationMethod).join(", ")}, or methods added`,
    z
      .array(z.custom<CalibrationMethodName>(isCalibrationMethod))
      .min(1)
      .default(Object.values(CalibrationMethod)),
  ),
  groupSizes: field(
    "groupSizes",
    `a list of at least one integer from 1 to ${MAX_GROUP_SIZE}`,
    z.array(z.int().min(1).max(MAX_GROUP_SIZE)).min(1).default([16, 32, 64, 128]),
  ),
  layerOverrides: field(
    "layerOverrides",
    "an object or Map of layer settings by layer name",
    z
      .custom<NonNullable<QuantizationEvolutionConfig["layerOverrides"]>>(
        (v) => typeof v === "object" && v !== null && !Array.isArray(v),
      )
      .optional(),
  ),
  tiedLayers: field(
    "tiedLayers",
    "a list of lists of layer names",
    z.array(z.array(z.string().min(1)).min(1)).default([]),
  ),
});

/**
 * Checks a configuration and fills in the defaults. `weightBitChoices` alone implies `minBits` and
 * `maxBits`.
 * @param storedWeightBits widths that `weightBitChoices` are taken from by default; default all
 * @throws InvalidConfigError naming the field, its value and the allowed range: an unknown field, a
 *   value out of range, or a contradiction between fields
 */
export function resolveConfig(
  config: QuantizationEvolutionConfig = {},
  storedWeightBits?: readonly WeightBits[],
): ResolvedConfig {
  if (!isRecord(config))
    throw new InvalidConfigError(
      "",
      `the configuration is ${describeNonRecord(config)}; allowed: an object`,
    );
  const parsed = schema.safeParse({ ...impliedRange(config.weightBitChoices), ...config });
  if (!parsed.success) throw configError(parsed.error.issues[0], config, allowed);
  const data = parsed.data;
  if (data.minBits > data.maxBits)
    throw new InvalidConfigError(
      "minBits",
      `minBits is ${data.minBits}, above maxBits ${data.maxBits}; allowed: 1 to maxBits`,
    );
  if (data.accuracyWeight + data.compressionWeight + data.latencyWeight + data.energyWeight === 0)
    throw new InvalidConfigError(
      "accuracyWeight",
      "accuracyWeight, compressionWeight, latencyWeight and energyWeight are all 0; allowed: " +
        "at least one above 0",
    );
  return {
    ...data,
    hardwareTarget: data.hardwareTarget as HardwareTarget | HardwareProfile,
    weightBitChoices: weightBitChoices(data, storedWeightBits),
    activationBitChoices: ascending(data.activationBitChoices) as ActivationBits[],
    weightSchemes: [...new Set(data.weightSchemes)],
    activationSchemes: [...new Set(data.activationSchemes)],
    calibrationMethods: [...new Set(data.calibrationMethods)],
    groupSizes: ascending(data.groupSizes),
    layerOverrides: checkOverrides(data.layerOverrides ?? {}),
  };
}

function checkOverrides(
  given: NonNullable<QuantizationEvolutionConfig["layerOverrides"]>,
): ReadonlyMap<string, Partial<LayerQuantConfigFields>> {
  const overrides = new Map<string, Partial<LayerQuantConfigFields>>();
  for (const [name, fields] of given instanceof Map ? given : Object.entries(given)) {
    const path = `layerOverrides.${name}`;
    try {
      const full = LayerQuantConfig.fromDict(fields).toDict();
      const keys = Object.keys(fields as object).filter(
        (key) => full[key as keyof typeof full] !== undefined,
      );
      overrides.set(
        name,
        Object.fromEntries(
          keys.map((key) => [key, full[key as keyof typeof full]]),
        ) as Partial<LayerQuantConfigFields>,
      );
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      throw new InvalidConfigError(
        error.path === "" ? path : `${path}.${error.path}`,
        `${path}: ${error.message}`,
      );
    }
  }
  return overrides;
}
