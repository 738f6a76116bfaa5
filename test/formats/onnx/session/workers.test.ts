import { afterAll, describe, expect, it } from "vitest";
import { QuantizationEvolutionEngine } from "../../../../src/engine/engine.js";
import { EvaluationError, InvalidArgumentError, UnsupportedError } from "../../../../src/errors.js";
import {
  createOnnxEvaluator,
  loadOnnxModel,
  type Metric,
  type OnnxEvaluator,
  type OnnxEvaluatorOptions,
  splitBatches,
} from "../../../../src/formats/onnx/index.js";
import { bytesOf, model, node, value, weights } from "../graph-builder.js";
import { uniform } from "../run-model.js";
import { convNet, normals } from "../small-models.js";
import { until, workerProcesses } from "./worker-processes.js";

const SAMPLES = 60;
const data = { x: { data: normals("workers", SAMPLES * 108), dims: [SAMPLES, 3, 6, 6] } };
const loaded = await loadOnnxModel(bytesOf(convNet().proto));
/**
 * A function of the caller's, applied on this thread; tells outputs apart by their last bit, nearly
 * always.
 */
const sumOfOutputs: Metric = {
  name: "sum",
  judgesPart: true,
  evaluate: ({ y }) => {
    const values = y!.data as Float32Array;
    return {
      score: 0.5,
      value: values.reduce((sum, score) => sum + score, 0),
      samples: y!.dims[0]!,
    };
  },
};
const options = {
  calibration: splitBatches(data, 20).slice(0, 2),
  validation: splitBatches(data, 25),
  metric: sumOfOutputs,
};
const fields = [
  {},
  { weightBits: 3, activationBits: 8 },
  { weightBits: 2, activationBits: 16, granularity: "per-group", groupSize: 4 },
  { weightBits: 1.58, activationBits: 32, granularity: "per-tensor" },
  { weightBits: 32, activationBits: 4 },
] as const;
const genomes = fields.map((some) => uniform(loaded, some));

const made: OnnxEvaluator[] = [];
async function evaluatorWith(changes: Partial<OnnxEvaluatorOptions>): Promise<OnnxEvaluator> {
  const evaluator = await createOnnxEvaluator(loaded, { ...options, ...changes });
  made.push(evaluator);
  return evaluator;
}
afterAll(async () => {
  for (const evaluator of made) await evaluator.dispose();
});

describe("an evaluator with workers", () => {
  it("gives the same estimates as this thread for processors whose sums saturate", async () => {
    const measure = async (workers: number, avoidSaturation: boolean) => {
      const evaluator = await evaluatorWith({ workers, avoidSaturation });
      const found = await evaluator.evaluate(genomes[0]!, {});
      await evaluator.dispose();
      return found;
    };
    const here = await measure(0, true);
    expect(await measure(1, true)).toEqual(here);
    expect(await measure(1, false)).not.toEqual(here);
  });

  it(
    "gives the same estimates, whole and in part, and the engine the same archive, as this " +
      "thread",
    async () => {
      const measure = async (workers: number, parallelEvaluations: number) => {
        const evaluator = await evaluatorWith({ workers });
        const whole = await Promise.all(genomes.map((genome) => evaluator.evaluate(genome, {})));
        const part = await Promise.all(
          [30, 25, 7].map((samples) => evaluator.evaluate(genomes[1]!, { samples })),
        );
        const config = {
          populationSize: 6,
          maxGenerations: 2,
          seed: 3,
          minBits: 2,
          parallelEvaluations,
        };
        const engine = new QuantizationEvolutionEngine(config, { evaluator });
        await engine.runEvolution(loaded.spec);
        await evaluator.dispose();
        const archive = JSON.stringify(engine.paretoFront);
        return { whole, part, archive, baseline: evaluator.baseline, identity: evaluator.identity };
      };
      const here = await measure(0, 1);
      expect(await measure(2, 4)).toEqual(here);
      expect(new Set(here.whole.map(({ metricValue }) => metricValue)).size).toBe(genomes.length);
      expect(here.part.map(({ samples }) => samples)).toEqual([30, 25, 7]);
    },
  );

  it("calibrates and runs the float model in a process too: its death is a typed error", async () => {
    let killed = 0;
    const killer = setInterval(() => {
      for (const id of workerProcesses()) {
        process.kill(id, "SIGKILL");
        killed++;
      }
    }, 20);
    try {
      await expect(evaluatorWith({ workers: 1 })).rejects.toMatchObject({
        code: "EVALUATION_FAILED",
        path: "worker",
        message: expect.stringContaining("the float model could not be run in a worker process"),
      });
    } finally {
      clearInterval(killer);
    }
    expect(killed).toBeGreaterThan(0);
    await until(() => workerProcesses().length === 0);
    const here = await evaluatorWith({ workers: 0 });
    const there = await evaluatorWith({ workers: 1 });
    expect(there.baseline).toEqual(here.baseline);
    const { tensors } = here.activationRanges;
    expect([...there.activationRanges.tensors.keys()]).toEqual([...tensors.keys()]);
    await there.dispose();
    await until(() => workerProcesses().length === 0);
  });

  it("throws the worker's errors as they are", async () => {
    const broken = await loadOnnxModel(
      bytesOf(
        model({
          inputs: [value("x", ["n", 2])],
          outputs: [value("y", ["n", 2])],
          initializers: [weights("w", [2, 2], Float32Array.of(1, 0, 0, 1))],
          nodes: [node("MatMul", ["x", "w"], ["h"], {}, "m"), node("Reciprocal", ["h"], ["y"])],
        }),
      ),
    );
    // 0.01 is 0 in the one 4 bit format for both columns, and 1 / 0 is infinite.
    const batches = [{ x: { data: Float32Array.of(100, 0.01), dims: [1, 2] } }];
    const metric: Metric = { name: "none", evaluate: () => ({ score: 1, value: 1, samples: 1 }) };
    const evaluator = await createOnnxEvaluator(broken, {
      calibration: batches,
      validation: batches,
      metric,
      workers: 1,
    });
    const failing = evaluator.evaluate(uniform(broken, { activationBits: 4 }), {});
    await expect(failing).rejects.toThrow(EvaluationError);
    await expect(failing).rejects.toThrow(/^output "y" holds 1 NaN or infinite/);
    await expect(failing).rejects.toHaveProperty("path", "y");
    await expect(evaluator.evaluate(genomes[0]!, {})).rejects.toThrow(InvalidArgumentError);
    await evaluator.dispose();
  });

  it("checks its options", async () => {
    const cases: [Partial<OnnxEvaluatorOptions>, RegExp][] = [
      [{ workers: -1 }, /workers is -1; allowed: an integer from 0 to 256/],
      [{ workers: 1.5 }, /workers is 1.5/],
      [{ evaluationTimeoutMs: 0 }, /evaluationTimeoutMs is 0; allowed: an integer from 1/],
      [{ workers: 0, evaluationTimeoutMs: 9 }, /allowed: 1 worker or more/],
      [
        { workers: 1, session: { importRuntime: () => import("onnxruntime-node") } },
        /importRuntime is a func/,
      ],
    ];
    for (const [changes, message] of cases) {
      await expect(evaluatorWith(changes)).rejects.toThrow(InvalidArgumentError);
      await expect(evaluatorWith(changes)).rejects.toThrow(message);
    }
  });
});

describe.runIf(process.platform === "linux")("worker processes", () => {
  it("that are killed or hang cost one evaluation each and are replaced; an abort and dispose " +
    "end them", {
    timeout: 180_000,
  }, async () => {
    const evaluator = await evaluatorWith({ workers: 1, evaluationTimeoutMs: 30_000 });
    const reference = await evaluator.evaluate(genomes[0]!, {});
    const [first] = workerProcesses();
    expect(workerProcesses()).toHaveLength(1);

    // Stopped, so that the evaluation is certainly under way when the process is killed.
    process.kill(first!, "SIGSTOP");
    const killed = evaluator.evaluate(genomes[0]!, {});
    const next = evaluator.evaluate(genomes[0]!, {});
    setTimeout(() => process.kill(first!, "SIGKILL"), 50);
    await expect(killed).rejects.toThrow(EvaluationError);
    await expect(killed).rejects.toThrow(
      /worker process failed and is replaced: Worker exited unexpectedly/,
    );
    expect(await next).toEqual(reference);
    const [second] = workerProcesses();
    expect(second).not.toBe(first);

    // An idle one that is killed costs nothing.
    process.kill(second!, "SIGKILL");
    await until(() => !workerProcesses().includes(second!));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await evaluator.evaluate(genomes[0]!, {})).toEqual(reference);

    process.kill(workerProcesses()[0]!, "SIGSTOP");
    const stop = new AbortController();
    const aborted = evaluator.evaluate(genomes[0]!, { signal: stop.signal });
    setTimeout(() => stop.abort(new Error("enough")), 50);
    await expect(aborted).rejects.toThrow("enough");
    await until(() => workerProcesses().length === 0);

    await evaluator.evaluate(genomes[0]!, {});
    process.kill(workerProcesses()[0]!, "SIGSTOP");
    const running = evaluator.evaluate(genomes[0]!, {});
    const waiting = evaluator.evaluate(genomes[0]!, {});
    setTimeout(() => void evaluator.dispose(), 50);
    await expect(running).rejects.toThrow(EvaluationError);
    await expect(waiting).rejects.toThrow(/dispose/);
    await until(() => workerProcesses().length === 0);
    await expect(evaluator.evaluate(genomes[0]!, {})).rejects.toThrow(UnsupportedError);
  });

  it("that hang past the time limit are reported by the engine, and the run goes on", async () => {
    const evaluator = await evaluatorWith({ workers: 2, evaluationTimeoutMs: 3000 });
    await Promise.all(genomes.slice(0, 2).map((genome) => evaluator.evaluate(genome, {})));
    expect(workerProcesses()).toHaveLength(2);
    process.kill(workerProcesses()[0]!, "SIGSTOP");
    const config = { populationSize: 6, maxGenerations: 1, seed: 3, parallelEvaluations: 2 };
    const engine = new QuantizationEvolutionEngine(config, { evaluator });
    const { failures } = await engine.runEvolution(loaded.spec);
    // On a busy machine the start of the process that replaces it may pass the limit too.
    expect(failures.length).toBeGreaterThan(0);
    for (const { reason } of failures)
      expect(reason).toMatch(/took longer than evaluationTimeoutMs, 3000 ms/);
    expect(engine.paretoFront.length).toBeGreaterThan(0);
    await evaluator.dispose();
    await until(() => workerProcesses().length === 0);
  });

  it("that are killed while the engine searches cost no genome, are reported and replaced", async () => {
    const evaluator = await evaluatorWith({ workers: 2, evaluationTimeoutMs: 60_000 });
    await Promise.all(genomes.slice(0, 2).map((genome) => evaluator.evaluate(genome, {})));
    const config = { populationSize: 6, maxGenerations: 2, seed: 3, parallelEvaluations: 2 };
    const engine = new QuantizationEvolutionEngine(config, { evaluator });
    const events: string[] = [];
    for await (const event of engine.stream(loaded.spec)) {
      events.push(event.type);
      if (event.type === "generation" && event.generation === 0) {
        const [victim] = workerProcesses();
        // Stopped, so that it is certainly at an evaluation when it is killed.
        process.kill(victim!, "SIGSTOP");
        setTimeout(() => process.kill(victim!, "SIGKILL"), 200);
      }
      if (event.type !== "stopped") continue;
      expect(event.result).toMatchObject({ stopReason: "max-generations", generations: 2 });
      // Its genome was evaluated again: that a process was ended is not the genome's fault.
      expect(event.result.failures).toEqual([]);
    }
    expect(events.filter((type) => type === "worker-replaced")).toHaveLength(1);
    await until(() => workerProcesses().length === 2);
    await evaluator.dispose();
    await until(() => workerProcesses().length === 0);
  });
});
