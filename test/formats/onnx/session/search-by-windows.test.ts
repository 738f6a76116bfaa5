import { expect, it } from "vitest";
import { QuantizationEvolutionEngine } from "../../../../src/engine/engine.js";
import {
  createOnnxEvaluator,
  loadOnnxModel,
  outputDivergence,
  perplexity,
  splitBatches,
} from "../../../../src/formats/onnx/index.js";
import { bytesOf, model, node, value, weights } from "../graph-builder.js";
import { normals } from "../small-models.js";

const [WINDOWS, TOKENS, WIDTH, CLASSES] = [40, 4, 6, 5];
const loaded = await loadOnnxModel(
  bytesOf(
    model({
      inputs: [value("x", ["n", TOKENS, WIDTH])],
      outputs: [value("y", ["n", TOKENS, CLASSES])],
      initializers: [
        weights("a", [WIDTH, WIDTH], normals("a", WIDTH * WIDTH)),
        weights("b", [WIDTH, CLASSES], normals("b", WIDTH * CLASSES)),
      ],
      nodes: [
        node("MatMul", ["x", "a"], ["h"], {}, "first"),
        node("Relu", ["h"], ["r"]),
        node("MatMul", ["r", "b"], ["y"], {}, "second"),
      ],
    }),
  ),
);
const batches = splitBatches(
  { x: { data: normals("windows", WINDOWS * TOKENS * WIDTH), dims: [WINDOWS, TOKENS, WIDTH] } },
  16,
);
// The last window has nothing to judge.
const targets = Array.from({ length: WINDOWS * TOKENS }, (_, i) =>
  i < (WINDOWS - 1) * TOKENS ? (i * 7) % CLASSES : -1,
);

it.each([
  ["perplexity, where a score stands for a window of tokens", perplexity(targets)],
  ["divergence", outputDivergence()],
])("a search by %s evaluates without failures", async (_, metric) => {
  const evaluator = await createOnnxEvaluator(loaded, {
    calibration: batches.slice(0, 1),
    validation: batches,
    metric,
    workers: 0,
  });
  expect(evaluator.sampleCount).toBe(WINDOWS);
  const config = { minBits: 2, populationSize: 8, maxEvaluations: 16, maxGenerations: 3, seed: 1 };
  const result = await new QuantizationEvolutionEngine(config, { evaluator }).runEvolution(
    loaded.spec,
  );
  await evaluator.dispose();
  expect(result.failures).toEqual([]);
  expect(result.evaluations).toBeGreaterThan(result.wholeEvaluations);
  expect(result.paretoFront.length).toBeGreaterThan(1);
});
