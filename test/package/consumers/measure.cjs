// Worker processes and threads find their modules in the package and work as this thread does.
// Argument of the program: the path of an ONNX model.
module.exports = async ({ LayerQuantConfig, QuantizationGenome }, onnx) => {
  const model = await onnx.loadOnnxModel(process.argv[2]);
  const dims = [2, ...model.inputs[0].dims.slice(1)];
  const length = dims.reduce((product, dim) => product * dim, 1);
  const data = Float32Array.from({ length }, (_, i) => (i % 7) / 7);
  const batches = [{ [model.inputs[0].name]: { data, dims } }];
  const seen = [];
  const metric = {
    name: "outputs",
    evaluate: (outputs) => {
      seen.push(String(Object.values(outputs)[0].data));
      return { score: 1, value: 1, samples: 1 };
    },
  };
  const four = { weightBits: 4 };
  const layerConfigs = Object.fromEntries(model.layers.map(({ name }) => [name, four]));
  const options = { calibration: batches, validation: batches, metric };
  for (const workers of [0, 1]) {
    const evaluator = await onnx.createOnnxEvaluator(model, { ...options, workers });
    await evaluator.evaluate(new QuantizationGenome({ layerConfigs }), {});
  }
  // Each evaluator measures float32 first, then the genome: the second and fourth are the genome's.
  if (seen.length !== 4 || seen[1] !== seen[3] || seen[0] === seen[1])
    throw new Error(seen.join(" "));

  // Threads would warn when they did not start.
  process.on("warning", (warning) => {
    if (warning.code === "QUANTEVO_NO_WORKERS") throw warning;
  });
  const config = new LayerQuantConfig(four);
  const settings = [{ config, method: "mse" }];
  const [one, two] = await Promise.all(
    [1, 2].map((threads) => onnx.computeNoiseTable(model.spec, settings, { threads })),
  );
  for (const { name } of model.layers)
    if (one.weightNoise(name, config, "mse") !== two.weightNoise(name, config, "mse"))
      throw new Error(`two threads and one differ in ${name}`);
  console.log("workers ok");
};
