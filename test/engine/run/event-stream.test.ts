import { describe, expect, it } from "vitest";
import {
  archiveToString,
  EvaluationError,
  type EvolutionEvent,
  type QuantizationEvolutionConfig,
  QuantizationEvolutionEngine,
} from "../../../src/index.js";
import { memoryStore } from "../checkpoint/stores.js";
import { formulaEvaluator, TINY_LAYERS as LAYERS, SMALL_RUN as SMALL } from "../fakes.js";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const engineOf = (config: QuantizationEvolutionConfig = {}, evaluator = formulaEvaluator()) =>
  new QuantizationEvolutionEngine({ ...SMALL, ...config }, { evaluator });

async function all(events: AsyncIterable<EvolutionEvent>): Promise<EvolutionEvent[]> {
  const seen: EvolutionEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

describe("engine.stream", () => {
  it("tells of every generation, and last of the end, with the result that runEvolution gives", async () => {
    const events = await all(engineOf().stream(LAYERS));
    const generations = events.filter((event) => event.type === "generation");
    expect(generations.map(({ generation }) => generation)).toEqual([0, 1, 2, 3, 4, 5]);
    const last = events.at(-1);
    if (last?.type !== "stopped") throw new Error("no end");
    const expected = await engineOf().runEvolution(LAYERS);
    expect(archiveToString(last.result)).toBe(archiveToString(expected));
    expect(last.reason).toBe("max-generations");
    for (const [i, event] of generations.entries()) {
      expect(event.stats).toEqual(expected.history[i]);
      expect(event).toMatchObject({
        evaluations: event.stats.evaluations,
        frontSize: event.stats.frontSize,
        constraints: {
          feasibleShare: event.stats.feasibleShare,
          leastViolation: 0,
          violatedLimits: [],
        },
      });
      expect(event.best.fitnessScore).toBe(event.stats.bestFitness);
      expect(event.hypervolume).toBeGreaterThan(0);
      expect(event.hypervolume).toBeLessThan(1);
      if (i > 0) expect(event.hypervolume).toBeGreaterThanOrEqual(generations[i - 1]!.hypervolume);
      expect(event.estimatedMsLeft).toBeGreaterThanOrEqual(0);
    }
    expect(generations.at(-1)!.estimatedMsLeft).toBe(0);
  });

  it("tells which limits are broken, which evaluations fail, and what becomes of the checkpoint", async () => {
    const evaluator = formulaEvaluator(
      {},
      {
        before: (genome) => {
          if (genome.key.length % 5 === 0) throw new Error("no luck");
        },
      },
    );
    const store = memoryStore();
    const config = { targetLatencyMs: 1e-9 };
    const events = await all(
      engineOf(config, evaluator).stream(LAYERS, { checkpoint: { store }, maxGenerations: 2 }),
    );
    const failed = events.filter((event) => event.type === "evaluation-failed");
    const end = events.at(-1);
    if (end?.type !== "stopped") throw new Error("no end");
    expect(failed.map(({ failure }) => failure.key)).toEqual(
      end.result.failures.map(({ key }) => key),
    );
    const first = events.find((event) => event.type === "generation");
    expect(first?.constraints.violatedLimits[0]).toMatchObject({
      limit: "targetLatencyMs",
      allowed: 1e-9,
    });
    expect(first?.constraints.leastViolation).toBeGreaterThan(0);
    expect(first?.hypervolume).toBe(0);
    expect(events.filter((event) => event.type === "checkpoint-written")).toHaveLength(
      end.result.checkpoint!.writes,
    );
    const again = await all(
      engineOf(config, evaluator).stream(LAYERS, { checkpoint: { store }, maxGenerations: 3 }),
    );
    expect(again[0]).toEqual({ type: "resumed", generations: 3, answers: end.result.evaluations });
    expect(
      again.filter((event) => event.type === "generation").map(({ generation }) => generation),
    ).toEqual([3]);
  });

  it("tells of a worker that its evaluator had to replace", async () => {
    const evaluator = formulaEvaluator(
      {},
      {
        before: (genome) => {
          if (genome.key.length % 5 === 0)
            throw new EvaluationError("worker", "the worker process failed and is replaced");
        },
      },
    );
    const events = await all(engineOf({}, evaluator).stream(LAYERS));
    const failed = events.filter(({ type }) => type === "evaluation-failed").length;
    expect(failed).toBeGreaterThan(0);
    expect(events.filter(({ type }) => type === "worker-replaced")).toHaveLength(3 * failed);
  });

  it("is stopped by leaving the loop, and the engine is free again", async () => {
    const evaluator = formulaEvaluator({}, { before: () => wait(1) as Promise<void> });
    const engine = engineOf({ maxGenerations: 10_000 }, evaluator);
    for await (const event of engine.stream(LAYERS))
      if (event.type === "generation" && event.generation === 2) break;
    const calls = evaluator.calls.length;
    expect(calls).toBeLessThan(8 * 6);
    await wait(20);
    expect(evaluator.calls.length).toBe(calls);
    expect(engine.paretoFront.length).toBeGreaterThan(0);
    expect((await engine.runEvolution(LAYERS, { maxGenerations: 0 })).generations).toBe(0);
  });

  it("ends after an abort of the caller's own signal, with what was found", async () => {
    const abort = new AbortController();
    const seen: EvolutionEvent[] = [];
    for await (const event of engineOf({ maxGenerations: 1000 }).stream(LAYERS, {
      signal: abort.signal,
    })) {
      seen.push(event);
      if (event.type === "generation" && event.generation === 1) abort.abort();
    }
    expect(seen.at(-1)).toMatchObject({ type: "stopped", reason: "aborted" });
  });

  it("does nothing before the first event is asked for, and throws what the run throws", async () => {
    const evaluator = formulaEvaluator();
    const engine = engineOf({}, evaluator);
    const events = engine.stream(LAYERS);
    await wait(5);
    expect(evaluator.calls).toEqual([]);
    await events.next();
    await expect(engine.runEvolution(LAYERS)).rejects.toMatchObject({ code: "UNSUPPORTED" });
    await events.return();
    await expect(all(engine.stream([]))).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(all(engine.stream(LAYERS, { maxGenerations: -1 }))).rejects.toMatchObject({
      path: "maxGenerations",
    });
    const failing = formulaEvaluator({}, { before: () => Promise.reject(new Error("never")) });
    await expect(all(engineOf({}, failing).stream(LAYERS))).rejects.toMatchObject({
      code: "EVALUATION_FAILED",
    });
  });

  it("makes the run wait for a consumer that is slower", async () => {
    const evaluator = formulaEvaluator();
    const engine = engineOf({ populationSize: 2, maxGenerations: 3000 }, evaluator);
    const events = engine.stream(LAYERS);
    await events.next();
    // The run has all the time it needs to fill the queue; three thousand generations would take it
    // longer.
    let calls = -1;
    while (calls !== evaluator.calls.length) {
      calls = evaluator.calls.length;
      await wait(150);
    }
    expect(calls).toBeGreaterThan(30);
    expect(calls).toBeLessThan(300);
    const seen: number[] = [];
    for await (const event of events) {
      if (event.type === "generation") seen.push(event.generation);
      if (seen.length > 200) break;
    }
    // Nothing was lost.
    expect(seen).toEqual(seen.map((_, i) => seen[0]! + i));
  });
});
