import { mapConcurrent } from "../../async/map-concurrent.js";
import { EvaluationError, InvalidArgumentError } from "../../errors.js";
import type { WeightBits } from "../../genes/bits.js";
import type { GenomeMetrics, QuantizationGenome } from "../../genome/quantization-genome.js";
import type { SearchSpace } from "../../genes/search-space.js";
import { reasonOf } from "../checked-evaluate.js";
import { type EvaluationContext, evaluateGenome } from "../evaluate-genome.js";
import type { ExplainedValues, GenomeExplanation, WidthStep } from "./genome-explanation.js";
import { limitStates } from "./limit-states.js";

/** How {@link explainGenome} looks. */
export interface ExplainOptions {
  /** Widths to step through, and ties. A layer of a tie steps with all others of it. */
  readonly space: SearchSpace;
  /** Most evaluations in flight. Default 1. */
  readonly concurrency?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Evaluates a genome and all its neighbours, in which one layer has the next wider or narrower
 * weights of its space. Costs up to two evaluations a layer: microseconds when they are predicted,
 * minutes when they are measured.
 * @throws InvalidArgumentError when the genome lacks a layer of the space; EvaluationError naming
 *   the layer whose neighbour failed; the signal's reason after an abort
 */
export async function explainGenome(
  genome: QuantizationGenome,
  context: EvaluationContext,
  { space, concurrency = 1, signal }: ExplainOptions,
): Promise<GenomeExplanation> {
  const units = unitsOf(space);
  for (const [name] of units)
    if (!genome.layerConfigs.has(name!))
      throw new InvalidArgumentError(
        `layerConfigs.${name}`,
        `the genome has no settings for layer ${JSON.stringify(name)}; allowed: one for each ` +
          "layer of the model",
      );
  const bare = genome.with({});
  const evaluated = (await evaluateGenome(bare, context, { signal })).metrics!;
  const asked = units.flatMap((unit) => {
    const widths = space.layers.get(unit[0]!)!.weightBits;
    const { weightBits } = genome.layerConfigs.get(unit[0]!)!;
    return [
      widths.find((bits) => bits > weightBits),
      widths.findLast((bits) => bits < weightBits),
    ].map((bits) => ({ unit, bits }));
  });
  const outcomes = await mapConcurrent(
    asked,
    concurrency,
    async ({ unit, bits }) => {
      if (bits === undefined) return undefined;
      const configs = new Map(bare.layerConfigs);
      for (const name of unit) configs.set(name, configs.get(name)!.with({ weightBits: bits }));
      return (await evaluateGenome(bare.with({ layerConfigs: configs }), context, { signal }))
        .metrics;
    },
    signal,
  );
  signal?.throwIfAborted();
  const steps = outcomes.map((outcome, i) => {
    const { unit, bits } = asked[i]!;
    if (outcome.status === "fulfilled")
      return outcome.value && toStep(bits!, evaluated, outcome.value);
    const cause = outcome.status === "rejected" ? outcome.reason : undefined;
    throw new EvaluationError(
      `layers.${unit[0]}`,
      `layer ${JSON.stringify(unit[0])} at ${bits} bits: ${reasonOf(cause)}`,
      { cause },
    );
  });
  const limits = limitStates(valuesOf(evaluated), context.targets, evaluated.violations, steps);
  return {
    accuracyKind: evaluated.accuracyKind,
    accuracyMetric: evaluated.accuracyMetric,
    costKind: evaluated.costKind,
    values: valuesOf(evaluated),
    limits,
    binding: limits.filter(({ state }) => state === "binding").map(({ name }) => name),
    layers: units.map((unit, i) => {
      const [up, down] = [steps[2 * i], steps[2 * i + 1]];
      const { weightBits } = genome.layerConfigs.get(unit[0]!)!;
      return { layers: unit, weightBits, ...(up && { up }), ...(down && { down }) };
    }),
  };
}

/**
 * Layers that step together: ties, at the place of their first layer, and every other layer alone.
 */
function unitsOf({ layers, ties }: SearchSpace): readonly (readonly string[])[] {
  const placed = new Set<string>();
  return [...layers.keys()].flatMap((name) => {
    if (placed.has(name)) return [];
    const tie = ties.find((names) => names.includes(name)) ?? [name];
    const unit = [...layers.keys()].filter((other) => tie.includes(other));
    for (const other of unit) placed.add(other);
    return [unit];
  });
}

function valuesOf(metrics: GenomeMetrics): ExplainedValues {
  return {
    accuracy: metrics.accuracy,
    sizeBytes: metrics.sizeBytes,
    latencyMs: metrics.inferenceLatencyMs,
    energyMj: metrics.energyPerInferenceMj,
    memoryMb: metrics.memoryFootprintMb,
  };
}

function toStep(bits: WeightBits, from: GenomeMetrics, to: GenomeMetrics): WidthStep {
  const [before, after] = [valuesOf(from), valuesOf(to)];
  const difference = (name: keyof ExplainedValues) => after[name] - before[name];
  return {
    weightBits: bits,
    change: {
      accuracy: difference("accuracy"),
      sizeBytes: difference("sizeBytes"),
      latencyMs: difference("latencyMs"),
      energyMj: difference("energyMj"),
      memoryMb: difference("memoryMb"),
    },
    breaks: Object.keys(to.violations).filter((name) => !Object.hasOwn(from.violations, name)),
    mends: Object.keys(from.violations).filter((name) => !Object.hasOwn(to.violations, name)),
  };
}
