import { expect, it } from "vitest";
import {
  type AccuracyEvaluator,
  type LayerSpec,
  QuantizationEvolutionEngine,
  type QuantizationGenome,
} from "../../../src/index.js";
import { Random } from "../../../src/random/random.js";
import { formulaEvaluator, tinyLayer } from "../fakes.js";

const CHANNELS = 64;

/** A layer of known weights: the first output channel is so many times as loud as the others. */
function layerWith(name: string, loudness: number): LayerSpec {
  const layer = { ...tinyLayer(name), inputShape: [1, 16], outputShape: [1, CHANNELS] };
  const random = new Random(name);
  const inner = layer.parameterCount / CHANNELS;
  const weights = Float32Array.from(
    { length: layer.parameterCount },
    (_, i) => random.normal() * (i < inner ? loudness : 1),
  );
  return {
    ...layer,
    weights,
    weightLayout: { shape: [CHANNELS, inner], channelAxis: 0, groupAxis: 1 },
  };
}

const LAYERS = [layerWith("even", 1), layerWith("uneven", 1000), layerWith("another", 1)];
const POPULATION = 24;

/** The genomes of the first population. */
async function firstPopulation(
  kind: "measured" | "predicted",
): Promise<readonly QuantizationGenome[]> {
  const asked: QuantizationGenome[] = [];
  const formula = formulaEvaluator();
  const evaluator: AccuracyEvaluator = {
    kind,
    async evaluate(genome, options) {
      asked.push(genome);
      return { ...(await formula.evaluate(genome, options)), kind };
    },
  };
  const engine = new QuantizationEvolutionEngine(
    {
      populationSize: POPULATION,
      maxGenerations: 1,
      parallelEvaluations: 1,
      surrogate: true,
      allowPerGroup: false,
      useSensitivityAnalysis: false,
      minBits: 2,
      maxBits: 8,
      weightBitChoices: [2, 3, 4, 5, 6, 8],
      activationBitChoices: [8],
      weightSchemes: ["symmetric"],
      calibrationMethods: ["mse"],
      seed: 1,
    },
    { evaluator },
  );
  await engine.runEvolution(LAYERS);
  return asked.slice(0, POPULATION);
}

/** Genomes in which this layer is cut per tensor at 4 bits or more. */
const perTensor = (genomes: readonly QuantizationGenome[], name: string) =>
  genomes.filter((genome) => {
    const { granularity, weightBits } = genome.layerConfigs.get(name)!;
    return granularity === "per-tensor" && weightBits >= 4;
  }).length;

it(
  "what is measured is sought by the noise of whole tensors: quiet channels may drown beside a " +
    "loud one",
  async () => {
    const [measured, predicted] = [
      await firstPopulation("measured"),
      await firstPopulation("predicted"),
    ];
    expect(perTensor(measured, "uneven")).toBeGreaterThanOrEqual(POPULATION / 4);
    // What is predicted keeps its caution; but for random genomes it cuts such a layer per channel.
    expect(perTensor(predicted, "uneven")).toBeLessThanOrEqual(POPULATION / 8);
    expect(perTensor(predicted, "even")).toBeGreaterThanOrEqual(POPULATION / 4);
  },
);
