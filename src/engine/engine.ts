import { checkSignal } from "../async/check-signal.js";
import { checkFields } from "../check/check-fields.js";
import { describeValue } from "../check/describe-value.js";
import type { DocumentFormat } from "../documents/parse-quantization-config.js";
import {
  EvaluationError,
  InvalidArgumentError,
  InvalidConfigError,
  InvalidDocumentError,
  NotRunError,
  UnsupportedError,
} from "../errors.js";
import type { AccuracyEvaluator } from "../evaluation/evaluator.js";
import type { GenomeExplanation } from "../evaluation/explain/genome-explanation.js";
import type { SensitivityMetric } from "../evaluation/sensitivity/contract.js";
import { currentMetric, type HarmsMetric } from "../evaluation/sensitivity/deprecated-harms.js";
import { WEIGHT_BITS } from "../genes/bits.js";
import { checkGeneKinds } from "../genes/check-gene-kinds.js";
import type { GeneKind } from "../genes/gene-kind.js";
import { GENE_KINDS } from "../genes/gene-kinds.js";
import { checkGenome, type QuantizationGenome } from "../genome/quantization-genome.js";
import type { HardwareCostModel } from "../hardware/contract.js";
import { costModelFor } from "../hardware/core-registry.js";
import type { LayerSpec, ModelSpec } from "../model/layer-spec.js";
import { modelFromLayers } from "../model/model-from-layers.js";
import { type QuantizationEvolutionConfig, type ResolvedConfig, resolveConfig } from "./config.js";
import type { ExplainGenomeOptions } from "./explain.js";
import { fittest } from "./ledger/fittest.js";
import { type CustomOperators, checkOperators } from "./run/custom-operators.js";
import { eventStream } from "./run/event-stream.js";
import type { EvolutionEvent } from "./run/evolution-event.js";
import type { EvolutionOptions } from "./run/evolution-options.js";
import type { EvolutionResult } from "./run/evolution-result.js";
import type { EvolutionRun } from "./run/evolution-run.js";
import type { RunOptions } from "./run/run-context.js";
import type { SensitivityName } from "./sensitivity/sensitivity-names.js";
import { Stopwatch } from "./stop/stopwatch.js";

// The search itself (operators, exact allocation, evaluation) is loaded when it is first asked for:
// an application that only reads documents or asks what a genome costs does not load it.
const loadSearch = () => import("./search.js");

/**
 * The model of a run: a model, or layers, of which a name alone stands for a layer of the reference
 * workload.
 */
export type EvolutionLayers = ModelSpec | readonly (string | LayerSpec)[];

/** What may be plugged into an engine. */
export interface EngineParts {
  /** Says how accurate a genome is. Default: predicted from quantization noise on the weights. */
  readonly evaluator?: AccuracyEvaluator | undefined;
  /**
   * Says what a genome costs. Default: what the evaluator says of the files that it measures, where
   * it does (ONNX on `intel-vnni`), else the roofline model of `hardwareTarget`.
   */
  readonly costModel?: HardwareCostModel | undefined;
  /**
   * Says how sensitive layers are, unless `useSensitivityAnalysis` is false, which is all that is
   * read of it then. A checkpoint knows it by its name.
   */
  readonly sensitivity?: SensitivityMetric | HarmsMetric | undefined;
  /** Operators of your own, beside the built-in ones. A checkpoint knows them by their names. */
  readonly operators?: CustomOperators | undefined;
  /** Genes of your own, beside the settings of layers. */
  readonly genes?: readonly GeneKind[] | undefined;
}

/** How sensitivity is analyzed. */
export interface SensitivityOptions {
  readonly metric?: SensitivityName | SensitivityMetric | HarmsMetric | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Searches for the quantization of each layer of a model that trades accuracy, size, latency and
 * energy best: NSGA-II over genomes, which keeps every genome that no other beats on all four.
 * @example
 * ```ts
 * import { QuantizationEvolutionEngine } from "quantevo";
 *
 * const engine = new QuantizationEvolutionEngine({ maxGenerations: 5, seed: 1 });
 * await engine.runEvolution(["embedding", "attention", "ffn", "output"]);
 * for (const genome of engine.paretoFront) console.log(genome.accuracy, genome.compressionRatio);
 * ```
 */
export class QuantizationEvolutionEngine {
  /** The configuration, checked, with its defaults. */
  readonly config: ResolvedConfig;
  readonly #costModel: HardwareCostModel;
  readonly #evaluator: AccuracyEvaluator | undefined;
  readonly #sensitivity: SensitivityMetric | undefined;
  readonly #operators: CustomOperators | undefined;
  readonly #genes: readonly GeneKind[];
  #run: EvolutionRun | undefined;
  #running = false;

  /**
   * @throws InvalidConfigError naming the field, its value and the allowed range;
   *   InvalidArgumentError for other parts
   */
  constructor(config: QuantizationEvolutionConfig = {}, parts: EngineParts = {}) {
    checkFields(parts, "parts", ["evaluator", "costModel", "sensitivity", "operators", "genes"]);
    this.#evaluator = checkedPart(parts.evaluator, "evaluator", "evaluate");
    checkKind(this.#evaluator);
    this.config = resolveConfig(config, this.#evaluator?.storedWeightBits);
    this.#costModel =
      checkedPart(parts.costModel, "costModel", "estimate") ??
      costsOf(this.#evaluator, this.config) ??
      builtInCosts(this.config);
    this.#sensitivity = checkedMetric(parts.sensitivity, "sensitivity");
    if (parts.operators !== undefined) checkOperators(parts.operators);
    if (parts.genes !== undefined) checkGeneKinds(parts.genes);
    this.#operators = parts.operators;
    this.#genes = [...GENE_KINDS, ...(parts.genes ?? [])];
  }

  /**
   * Runs a search from the start; the result of an earlier one is forgotten. Equal seeds,
   * configuration and model give equal results, whatever `parallelEvaluations` is, as long as the
   * evaluator answers the same.
   * @throws InvalidArgumentError or InvalidDataError when the layers are not valid;
   *   InvalidConfigError when the configuration does not fit them; EvaluationError when every
   *   genome of the first population failed; UnsupportedError while another run of this engine is
   *   going on; CheckpointMismatchError when the checkpoint is of another run, InvalidDocumentError
   *   when it is none, FileError when it cannot be read or another run has it; what the callback
   *   throws
   */
  async runEvolution(
    layers: EvolutionLayers,
    options: EvolutionOptions = {},
  ): Promise<EvolutionResult> {
    return this.#evolve(layers, options);
  }

  /**
   * Runs a search as {@link QuantizationEvolutionEngine.runEvolution} does, and tells what happens:
   * `for await (const event of engine.stream(layers))`. The run begins with the first event that is
   * asked for, and waits after a generation while the consumer has not taken what was told before.
   * Leaving the loop stops the run. The last event has the result; what `runEvolution` throws, the
   * loop throws.
   */
  stream(
    layers: EvolutionLayers,
    options: EvolutionOptions = {},
  ): AsyncGenerator<EvolutionEvent, void, void> {
    return eventStream((listener, signal) => this.#evolve(layers, options, { listener, signal }));
  }

  async #evolve(
    layers: EvolutionLayers,
    options: EvolutionOptions,
    watch: { listener?: RunOptions["listener"]; signal?: AbortSignal } = {},
  ): Promise<EvolutionResult> {
    if (this.#running)
      throw new UnsupportedError(
        "runEvolution",
        "a run of this engine is going on; await it, or make another engine",
      );
    this.#running = true;
    const stopwatch = new Stopwatch();
    try {
      const { EvolutionRun, resolveRunOptions } = await loadSearch();
      const runOptions = resolveRunOptions(options, this.config);
      const model = modelFromLayers(layers);
      this.#run = undefined;
      const run = await EvolutionRun.prepare(
        {
          config: this.config,
          model,
          costModel: this.#costModel,
          evaluator: this.#evaluator,
          sensitivity: this.#sensitivity,
          operators: this.#operators,
          genes: this.#genes,
        },
        {
          ...runOptions,
          stopwatch,
          listener: watch.listener,
          signals: [options.signal, watch.signal],
        },
      );
      this.#run = run;
      return await run.toEnd();
    } finally {
      this.#running = false;
    }
  }

  /**
   * The archive of the latest run, also while it goes on, most accurate first; empty before any.
   */
  get paretoFront(): readonly QuantizationGenome[] {
    return this.#run?.ledger.front ?? [];
  }

  /**
   * The genome of the archive with the highest weighted fitness.
   * @throws NotRunError before a run, and when a run was stopped before it evaluated anything
   */
  getBestGenome(): QuantizationGenome {
    const best = fittest(this.paretoFront);
    if (best === undefined)
      throw new NotRunError(
        this.#run === undefined
          ? "there is no evaluated genome yet; call runEvolution first and await it"
          : "there is no evaluated genome: the run has ended, or not got, before its first " +
              "evaluation did; its stopReason says why",
      );
    return best;
  }

  /**
   * Sensitivity of each layer to quantization, 0 to 1, 1 = the most sensitive: by the metric given,
   * else by the engine's own, else measured with the engine's evaluator (one layer at a time at 3
   * bits) when it has one, else predicted from the noise on the weights. {@link sensitivityReport}
   * compares several metrics.
   * @throws InvalidArgumentError or InvalidDataError when an argument is not valid; EvaluationError
   *   when the evaluator or the metric fails; the signal's reason after an abort
   */
  async analyzeSensitivity(
    layers: EvolutionLayers,
    options: SensitivityOptions = {},
  ): Promise<ReadonlyMap<string, number>> {
    checkFields(options, "options", ["metric", "signal"]);
    const { signal, metric } = options;
    checkSignal(signal);
    const model = modelFromLayers(layers);
    const { chosenSensitivity } = await loadSearch();
    const request = { concurrency: this.config.parallelEvaluations, signal };
    const asked = typeof metric === "string" ? metric : checkedMetric(metric, "metric");
    return chosenSensitivity(asked ?? this.#sensitivity, this.#evaluator, model, request);
  }

  /**
   * Evaluates genomes of your own in the same way as a run does. They enter no archive.
   * @returns the same genomes with metrics, in order
   * @throws InvalidArgumentError or InvalidDataError when an argument is not valid; EvaluationError
   *   when a genome fails; the signal's reason after an abort
   */
  async evaluateGenomes(
    layers: EvolutionLayers,
    genomes: readonly QuantizationGenome[],
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<readonly QuantizationGenome[]> {
    checkFields(options, "options", ["signal"]);
    checkSignal(options.signal);
    if (!Array.isArray(genomes))
      throw new InvalidArgumentError(
        "genomes",
        "genomes is no array; allowed: an array of genomes",
      );
    for (const [index, genome] of genomes.entries()) checkGenome(genome, `genomes.${index}`);
    const { createRunContext, EvaluationLedger } = await loadSearch();
    const context = createRunContext({
      config: this.config,
      model: modelFromLayers(layers),
      costModel: this.#costModel,
      evaluator: this.#evaluator,
      genes: this.#genes,
    });
    const ledger = new EvaluationLedger(context, {
      concurrency: this.config.parallelEvaluations,
      caching: true,
      signal: options.signal,
    });
    const evaluated = await ledger.evaluate(genomes);
    const [failed] = ledger.failures;
    if (failed !== undefined)
      throw new EvaluationError("genomes", `a genome failed: ${failed.reason}`, {
        cause: failed.error,
      });
    options.signal?.throwIfAborted();
    const metrics = new Map(evaluated.map(({ genome }) => [genome.key, genome.metrics]));
    return genomes.map((genome) => {
      const found = metrics.get(genome.key);
      return found === undefined ? genome : genome.with({ metrics: found });
    });
  }

  /**
   * Why a genome is as it is: how it stands to every limit, and for each layer what the next wider
   * or narrower weights would do to accuracy, size, latency and energy. Asks the evaluator up to
   * twice a layer, at once as a run does. `explanationToString` of `quantevo/evaluation` writes it
   * for people.
   * @throws InvalidArgumentError, InvalidDataError or InvalidConfigError when an argument is not
   *   valid; EvaluationError naming the layer whose neighbour failed; the signal's reason after an
   *   abort
   */
  async explainGenome(
    layers: EvolutionLayers,
    genome: QuantizationGenome,
    options: ExplainGenomeOptions = {},
  ): Promise<GenomeExplanation> {
    checkFields(options, "options", ["predict", "signal"]);
    checkSignal(options.signal);
    checkGenome(genome, "genome");
    const parts = {
      config: this.config,
      model: modelFromLayers(layers),
      costModel: this.#costModel,
      evaluator: this.#evaluator,
      genes: this.#genes,
    };
    const { explainWith } = await loadSearch();
    return explainWith(parts, genome, options);
  }

  /**
   * Writes a genome to a file, with the name of the target and what the target does not run
   * natively.
   * @param format default: YAML for a path that ends in .yaml or .yml, else JSON
   * @throws FileError when the file cannot be written; InvalidArgumentError for another format or
   *   what is no genome
   */
  async exportQuantizationConfig(
    genome: QuantizationGenome,
    outputPath: string,
    format?: DocumentFormat,
  ): Promise<void> {
    checkGenome(genome, "genome");
    const { writeQuantizationConfig } = await loadSearch();
    await writeQuantizationConfig(genome, outputPath, format, {
      target: this.#costModel.target,
      notes: this.#notesOn(genome),
    });
  }

  #notesOn(genome: QuantizationGenome): readonly string[] {
    const model = this.#run?.context.model;
    if (model === undefined || !model.layers.every((layer) => genome.layerConfigs.has(layer.name)))
      return [];
    return this.#costModel.estimate(model, genome).notes;
  }
}

function costsOf(
  evaluator: AccuracyEvaluator | undefined,
  { hardwareTarget }: ResolvedConfig,
): HardwareCostModel | undefined {
  // A profile is a device that the user chose.
  if (evaluator?.costModel === undefined || typeof hardwareTarget !== "string") return undefined;
  const offer: unknown = evaluator.costModel;
  if (typeof offer !== "function")
    throw new InvalidArgumentError(
      "evaluator.costModel",
      `evaluator.costModel is ${String(offer)}; allowed: a function`,
    );
  return evaluator.costModel(hardwareTarget);
}

function builtInCosts(config: ResolvedConfig): HardwareCostModel {
  try {
    return costModelFor(config.hardwareTarget);
  } catch (error) {
    if (error instanceof InvalidArgumentError)
      throw new InvalidConfigError(error.path, error.message, { cause: error });
    if (error instanceof InvalidDocumentError)
      throw new InvalidConfigError(`hardwareTarget.${error.path}`, error.message, { cause: error });
    throw error;
  }
}

function checkedMetric(
  metric: SensitivityMetric | HarmsMetric | undefined,
  name: string,
): SensitivityMetric | undefined {
  return checkedPart(metric && currentMetric(metric), name, "lossIncreases");
}

function checkedPart<T extends object>(
  part: T | undefined,
  name: string,
  method: keyof T,
): T | undefined {
  if (part === undefined) return undefined;
  if (typeof part !== "object" || part === null || typeof part[method] !== "function")
    throw new InvalidArgumentError(
      name,
      `${name} has no method ${String(method)}; allowed: an object that has one`,
    );
  return part;
}

const isWeightBits = (bits: unknown): boolean => (WEIGHT_BITS as readonly unknown[]).includes(bits);

function checkKind(evaluator: AccuracyEvaluator | undefined): void {
  const stored: unknown = evaluator?.storedWeightBits;
  if (stored !== undefined && !(Array.isArray(stored) && stored.every(isWeightBits)))
    throw new InvalidArgumentError(
      "evaluator.storedWeightBits",
      `evaluator.storedWeightBits is ${describeValue(stored)}; allowed: a list of ` +
        WEIGHT_BITS.join(", "),
    );
  if (evaluator === undefined || evaluator.kind === "predicted" || evaluator.kind === "measured")
    return;
  throw new InvalidArgumentError(
    "evaluator.kind",
    `evaluator.kind is ${String(evaluator.kind)}; allowed: predicted, measured`,
  );
}
