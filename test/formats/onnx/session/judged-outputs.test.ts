import { expect, it } from "vitest";
import { InvalidArgumentError } from "../../../../src/errors.js";
import {
  type Batch,
  createOnnxEvaluator,
  loadOnnxModel,
  type Metric,
  outputAgreement,
  outputDivergence,
  topOneAccuracy,
} from "../../../../src/formats/onnx/index.js";
import { judgedOutputs } from "../../../../src/formats/onnx/session/judged-outputs.js";
import { TensorProto_DataType } from "../../../../src/formats/onnx/wire/onnx_pb.js";
import { bytesOf, integers, model, node, value, weights } from "../graph-builder.js";
import { uniform } from "../run-model.js";
import { normals } from "../small-models.js";

const WIDTH = 6;
const { FLOAT, INT64 } = TensorProto_DataType;

/** x [n, t, 6] to logits [n, t, 4], and beside them a scalar and a sum [n, 1, 1] called 7. */
const loaded = await loadOnnxModel(
  bytesOf(
    model({
      inputs: [value("x", ["n", "t", WIDTH])],
      outputs: [value("logits", ["n", "t", 4]), value("mean", []), value("7", ["n", 1, 1])],
      initializers: [
        weights("w", [WIDTH, 4], normals("judged", WIDTH * 4)),
        integers("axes", [1, 2]),
      ],
      nodes: [
        node("MatMul", ["x", "w"], ["logits"], {}, "head"),
        node("ReduceMean", ["x"], ["mean"], { keepdims: 0 }),
        node("ReduceSum", ["x", "axes"], ["7"], { keepdims: 1 }),
      ],
    }),
  ),
);
const batch = (samples: number, time: number): Batch => ({
  x: {
    data: normals(`judged ${samples} ${time}`, samples * time * WIDTH),
    dims: [samples, time, WIDTH],
  },
});
const batches = [batch(2, 3), batch(3, 5), batch(1, 2)];
const options = { calibration: batches, validation: batches, workers: 0 };
/** Notes which outputs it is shown, in which order. */
function spy(outputs?: Metric["outputs"]): { metric: Metric; seen: unknown[] } {
  const seen: unknown[] = [];
  const metric: Metric = {
    name: "spy",
    ...(outputs && { outputs }),
    judgesPart: true,
    evaluate: (found, _, call) => {
      seen.push([Object.keys(found).sort(), call?.outputNames, call?.batchSizes]);
      return { score: 1, value: 1, samples: 1 };
    },
  };
  return { metric, seen };
}

it("fetches only the outputs that the metric reads, and says which it does not judge", async () => {
  const cases: [Metric["outputs"], string[]][] = [
    [undefined, ["logits", "mean", "7"]],
    ["first", ["logits"]],
    [
      ["7", "logits"],
      ["logits", "7"],
    ],
  ];
  for (const [outputs, names] of cases) {
    const { metric, seen } = spy(outputs);
    const evaluator = await createOnnxEvaluator(loaded, { ...options, metric });
    await evaluator.evaluate(uniform(loaded, {}), {});
    expect(seen).toEqual([
      [names.toSorted(), names, [2, 3, 1]],
      [names.toSorted(), names, [2, 3, 1]],
    ]);
    expect(evaluator.notes).toHaveLength(3 - names.length);
    await evaluator.dispose();
  }
  const { notes } = judgedOutputs(loaded, topOneAccuracy([0]));
  expect(notes).toEqual([
    'output "mean" is not judged by metric top-1',
    'output "7" is not judged by metric top-1',
  ]);
});

it("refuses an output that the model does not have before anything runs", async () => {
  for (const metric of [outputDivergence({ output: "y" }), spy([]).metric]) {
    const made = createOnnxEvaluator(loaded, { ...options, metric });
    await expect(made).rejects.toThrow(InvalidArgumentError);
    await expect(made).rejects.toThrow(/"logits", "mean", "7"/);
  }
});

it("leaves out what is no tensor of numbers, with a note", () => {
  const outputs = [
    { name: "label", elementType: TensorProto_DataType.STRING, dims: [-1] },
    { name: "map", elementType: 0, dims: [] },
    { name: "ids", elementType: INT64, dims: [-1] },
    { name: "p", elementType: FLOAT, dims: [-1, 2] },
  ];
  expect(judgedOutputs({ outputs }, outputDivergence())).toEqual({
    outputs: ["ids", "p"],
    notes: [
      'output "label", which is no tensor of numbers, is not judged by metric output-divergence',
      'output "map", which is no tensor of numbers, is not judged by metric output-divergence',
    ],
  });
  expect(() => judgedOutputs({ outputs: outputs.slice(0, 2) }, outputDivergence())).toThrow(
    /no output of numbers/,
  );
});

it("judges sequences of varying length, scalars beside them, and on the first samples", async () => {
  const genome = uniform(loaded, { weightBits: 4 });
  for (const metric of [
    outputDivergence({ output: "logits" }),
    outputDivergence({ outputs: ["logits", "7"] }),
    outputAgreement(),
    topOneAccuracy(new Array<number>(23).fill(1)),
  ]) {
    const evaluator = await createOnnxEvaluator(loaded, { ...options, metric });
    expect(evaluator.sampleCount).toBe(6);
    const whole = await evaluator.evaluate(genome, {});
    expect(whole.sampleScores).toHaveLength(6);
    for (const samples of [1, 2, 4, 6]) {
      const part = await evaluator.evaluate(genome, { samples });
      expect(part.sampleScores).toEqual(whole.sampleScores!.subarray(0, samples));
    }
    await evaluator.dispose();
  }
  // The scalars tell no samples apart.
  const all = await createOnnxEvaluator(loaded, { ...options, metric: outputDivergence() });
  expect(all.baseline.accuracy).toBe(1);
  expect(all.sampleCount).toBeUndefined();
  const found = await all.evaluate(genome, {});
  expect(found.accuracy).toBeLessThan(1);
  expect(found.sampleScores).toHaveLength(6);
  await all.dispose();
});
