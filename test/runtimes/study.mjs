// What one program computes with quantevo, to be compared between runtimes. It uses nothing but
// the language: it also runs in a browser. Other files give it the packages and the model.

/** 64 bits of FNV-1a as text: enough to tell files apart. */
function hash(bytes) {
  let value = 0xcbf29ce484222325n;
  for (const byte of bytes) value = BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x100000001b3n);
  return value.toString(16);
}

function dataOf(model, samples) {
  const [{ name, dims }] = model.inputs;
  const shape = [samples, ...dims.slice(1)];
  const length = shape.reduce((product, extent) => product * extent, 1);
  // Whole steps of 1/64, without Math.sin: the same bits everywhere.
  const data = Float32Array.from({ length }, (_, i) => (((i * 37) % 129) - 64) / 64);
  return { [name]: { data, dims: shape } };
}

/**
 * @param core the entry point `quantevo`, @param onnx the entry point `quantevo/onnx`
 * @param bytes of examples/model/model.onnx, @param options of the evaluator: `session`, `workers`
 * @returns `archive`: of a search without a runtime, as text; `files`: hashes of written models of
 *   weights alone; `values`: metrics that were measured; `seconds`
 */
export async function study(core, onnx, bytes, options) {
  const start = performance.now();
  const engine = new core.QuantizationEvolutionEngine({ maxGenerations: 3, seed: 7 });
  await engine.runEvolution(["embedding", "attention", "ffn", "output"]);
  const archive = engine.paretoFront
    .map((genome) => core.exportToString(genome, "json"))
    .join("\n");

  const model = await onnx.loadOnnxModel(bytes);
  const batches = onnx.splitBatches(dataOf(model, 8), 4);
  const genomeOf = (fields) =>
    new core.QuantizationGenome({
      layerConfigs: new Map(model.layers.map(({ name }) => [name, fields])),
    });
  const files = {};
  for (const weightBits of [2, 4, 8])
    for (const granularity of ["per-tensor", "per-channel"]) {
      const genome = genomeOf({ weightBits, activationBits: 32, granularity });
      files[`${weightBits} ${granularity}`] = hash(await onnx.quantizeOnnx(model, genome));
    }

  const evaluator = await onnx.createOnnxEvaluator(model, {
    ...{ calibration: batches, validation: batches, metric: onnx.outputDivergence() },
    ...options,
  });
  // Asked for at once, as a search asks.
  const settings = [2, 4, 8].flatMap((weightBits) =>
    [8, 32].map((activationBits) => ({ weightBits, activationBits })),
  );
  const estimates = await Promise.all(
    settings.map((fields) => evaluator.evaluate(genomeOf(fields), {})),
  );
  const values = estimates.map(({ metricValue }) => metricValue);
  await evaluator.dispose();
  return { archive, files, values, seconds: (performance.now() - start) / 1000 };
}
