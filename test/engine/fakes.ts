import type {
  AccuracyEvaluator,
  LayerSpec,
  QuantizationEvolutionConfig,
  QuantizationGenome,
} from "../../src/index.js";

/** A fully connected layer of 16 x 64 weights, for runs that take milliseconds. */
export function tinyLayer(name: string): LayerSpec {
  return {
    name,
    kind: "gemm",
    parameterCount: 1024,
    macs: 1024,
    inputShape: [1, 64],
    outputShape: [1, 16],
  };
}

/** A network whose runs take milliseconds. */
export const TINY_LAYERS = ["embedding", "attention", "ffn", "output"].map(tinyLayer);

/** A run of six generations with eight genomes each. */
export const SMALL_RUN: QuantizationEvolutionConfig = {
  populationSize: 8,
  maxGenerations: 5,
  seed: 3,
};

/** Leaves nothing but the widths of weights to choose. */
export const WIDTHS_ONLY: QuantizationEvolutionConfig = {
  activationBitChoices: [8],
  weightSchemes: ["symmetric"],
  activationSchemes: ["asymmetric"],
  calibrationMethods: ["mse"],
  allowPerChannel: false,
  allowPerGroup: false,
};

/**
 * An evaluator by formula: accuracy falls with the bits taken away, more in layers that weigh more.
 */
export function formulaEvaluator(
  weights: Readonly<Record<string, number>> = {},
  hooks: {
    before?: (genome: QuantizationGenome, signal?: AbortSignal) => Promise<void> | void;
  } = {},
): AccuracyEvaluator & { calls: string[]; inFlight: number; mostInFlight: number } {
  const evaluator = {
    kind: "measured" as const,
    calls: [] as string[],
    inFlight: 0,
    mostInFlight: 0,
    async evaluate(
      genome: QuantizationGenome,
      { signal }: { readonly signal?: AbortSignal | undefined },
    ) {
      evaluator.calls.push(genome.key);
      evaluator.inFlight++;
      evaluator.mostInFlight = Math.max(evaluator.mostInFlight, evaluator.inFlight);
      try {
        await hooks.before?.(genome, signal);
      } finally {
        evaluator.inFlight--;
      }
      let loss = 0;
      for (const [name, config] of genome.layerConfigs)
        loss += (weights[name] ?? 0.02) * 2 ** (2 - config.weightBits / 2);
      const accuracy = Math.max(0, 1 - loss);
      return {
        kind: "measured" as const,
        accuracy,
        metric: "formula",
        metricValue: accuracy,
        source: "test",
      };
    },
  };
  return evaluator;
}
