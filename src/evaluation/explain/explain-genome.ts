import { mapConcurrent } from "../../async/map-concurrent.js";
import { EvaluationError, InvalidArgumentError } from "../../errors.js";
import type { WeightBits } from "../../genes/bits.js";
import type { GeneValue } from "../../genes/gene.js";
import { SETTING_NAMES } from "../../genes/precision.js";
import type { GeneSpace } from "../../genome/gene-space.js";
import { geneValueList, geneValuesOf } from "../../genome/gene-values.js";
import type { GenomeMetrics, QuantizationGenome } from "../../genome/quantization-genome.js";
import { limitedAccuracy } from "../accuracy-limits.js";
import { reasonOf } from "../checked-evaluate.js";
import { type EvaluationContext, evaluateGenome } from "../evaluate-genome.js";
import type {
  ExplainedValues,
  GeneExplanation,
  GenomeExplanation,
  WidthStep,
} from "./genome-explanation.js";
import { limitStates } from "./limit-states.js";

/** Options of {@link explainGenome}. */
export interface ExplainOptions {
  /** Widths and values to step through. The layers of a tie step together. */
  readonly space: GeneSpace;
  /** Most evaluations in flight, an integer from 1. Default 1. */
  readonly concurrency?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A neighbour to evaluate. */
interface Neighbour {
  readonly genome: QuantizationGenome;
  /** Path of an error about it. */
  readonly path: string;
  readonly text: string;
}

/**
 * Evaluates a genome and its neighbours. In each neighbour one layer, or one tie, has the next
 * wider or narrower weights of its space, or one other gene has another value. It costs up to two
 * evaluations for each layer: microseconds when predicted, minutes when measured.
 * @throws InvalidArgumentError when the genome lacks a layer of the space; EvaluationError naming
 *   the layer or gene whose neighbour failed; the signal's reason after an abort
 */
export async function explainGenome(
  genome: QuantizationGenome,
  context: EvaluationContext,
  { space, concurrency = 1, signal }: ExplainOptions,
): Promise<GenomeExplanation> {
  const { units } = space;
  for (const { layers } of units)
    for (const name of layers)
      if (!genome.layerConfigs.has(name))
        throw new InvalidArgumentError(
          `layerConfigs.${name}`,
          `the genome has no settings for layer ${JSON.stringify(name)}; allowed: one for each ` +
            "layer of the model",
        );
  const bare = genome.with({});
  const evaluated = (await evaluateGenome(bare, context, { signal })).metrics!;
  const widths = units.flatMap((unit) => {
    const { weightBits: now } = genome.layerConfigs.get(unit.layers[0]!)!;
    const { weightBits } = unit.space;
    return [weightBits.find((bits) => bits > now), weightBits.findLast((bits) => bits < now)].map(
      (bits) => ({ layers: unit.layers, bits }),
    );
  });
  const others = otherGenes(bare, space);
  const asked: readonly (Neighbour | undefined)[] = [
    ...widths.map(({ layers, bits }) => bits && widthNeighbour(bare, layers, bits)),
    ...others.flatMap(({ gene, owner, values }) =>
      values.map((value) => valueNeighbour(bare, gene, owner, value)),
    ),
  ].map((neighbour) => neighbour || undefined);
  const outcomes = await mapConcurrent(
    asked,
    concurrency,
    async (neighbour) =>
      neighbour && (await evaluateGenome(neighbour.genome, context, { signal })).metrics,
    signal,
  );
  signal?.throwIfAborted();
  const found = outcomes.map((outcome, i) => {
    if (outcome.status === "fulfilled") return outcome.value;
    const { path, text } = asked[i]!;
    const cause = outcome.status === "rejected" ? outcome.reason : undefined;
    throw new EvaluationError(path, `${text}: ${reasonOf(cause)}`, { cause });
  });
  const steps = widths.map(
    ({ bits }, i) => found[i] && { weightBits: bits!, ...changeTo(found[i], evaluated) },
  );
  let at = widths.length;
  const genes = others.map(
    ({ gene, owner, value, values }): GeneExplanation => ({
      ...{ gene, owner, value },
      steps: values.map((other) => ({ value: other, ...changeTo(found[at++]!, evaluated) })),
    }),
  );
  const limits = limitStates(
    { ...valuesOf(evaluated), ...limitedAccuracy(evaluated, context.targets.accuracyLimitOn) },
    context.targets,
    evaluated.violations,
    steps,
  );
  return {
    accuracyKind: evaluated.accuracyKind,
    accuracyMetric: evaluated.accuracyMetric,
    costKind: evaluated.costKind,
    values: valuesOf(evaluated),
    limits,
    binding: limits.filter(({ state }) => state === "binding").map(({ name }) => name),
    layers: units.map(({ layers }, i) => {
      const [up, down] = [steps[2 * i], steps[2 * i + 1]];
      const { weightBits } = genome.layerConfigs.get(layers[0]!)!;
      return { layers, weightBits, ...(up && { up }), ...(down && { down }) };
    }),
    ...(genes.length > 0 && { genes }),
  };
}

function widthNeighbour(
  genome: QuantizationGenome,
  layers: readonly string[],
  weightBits: WeightBits,
): Neighbour {
  const layerConfigs = new Map(genome.layerConfigs);
  for (const name of layers) layerConfigs.set(name, layerConfigs.get(name)!.with({ weightBits }));
  return {
    genome: genome.with({ layerConfigs }),
    path: `layers.${layers[0]}`,
    text: `layer ${JSON.stringify(layers[0])} at ${weightBits} bits`,
  };
}

function valueNeighbour(
  genome: QuantizationGenome,
  gene: string,
  owner: string,
  value: GeneValue,
): Neighbour {
  const geneValues = geneValuesOf([...geneValueList(genome.geneValues), [gene, owner, value]]);
  return {
    genome: genome.with({ geneValues }),
    path: `genes.${gene}`,
    text: `${gene} of ${JSON.stringify(owner)} at ${String(value)}`,
  };
}

/** Genes that are no settings of layers, with the value that the genome has and those to try. */
function otherGenes(genome: QuantizationGenome, space: GeneSpace) {
  const vector = space.encode(genome);
  return space.genes.flatMap(({ name: gene, owner, choices, ordered }, place) => {
    if ((SETTING_NAMES as readonly string[]).includes(gene)) return [];
    const at = vector[place]!;
    const values = choices.filter((_, i) => (ordered ? Math.abs(i - at) === 1 : i !== at));
    return [{ gene, owner, value: choices[at]!, values }];
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

function changeTo(to: GenomeMetrics, from: GenomeMetrics): Omit<WidthStep, "weightBits"> {
  const [before, after] = [valuesOf(from), valuesOf(to)];
  const difference = (name: keyof ExplainedValues) => after[name] - before[name];
  return {
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
