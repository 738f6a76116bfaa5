import type { QuantizationEvolutionConfig } from "../src/index.js";

/**
 * What the searches on the zoo have in common: 2 to 8 bit weights of every granularity, 8-bit
 * activations.
 */
export const zooSearchConfig = (seed: string): QuantizationEvolutionConfig => ({
  minBits: 2,
  maxBits: 8,
  weightBitChoices: [2, 3, 4, 5, 6, 8],
  activationBitChoices: [8],
  weightSchemes: ["symmetric"],
  activationSchemes: ["asymmetric"],
  calibrationMethods: ["mse"],
  populationSize: 20,
  maxGenerations: 100_000,
  parallelEvaluations: 2,
  accuracyWeight: 0.5,
  compressionWeight: 0.5,
  latencyWeight: 0,
  energyWeight: 0,
  seed,
});
