// A short search with a given copy of the core.
module.exports = async ({ QuantizationEvolutionEngine }) => {
  const engine = new QuantizationEvolutionEngine({
    populationSize: 4,
    maxGenerations: 1,
    seed: 1,
  });
  await engine.runEvolution(["embedding", "attention", "output"]);
  if (!(engine.getBestGenome().compressionRatio > 3)) throw new Error("no compression");
};
