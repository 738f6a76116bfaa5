import { describe, expect, it } from "vitest";
import type { Batch } from "../../../src/measure/batches/tensor-data.js";
import {
  batchesOf,
  type ProcessTask,
  partOf,
  serveTasks,
} from "../../../src/measure/processes/process-task.js";

const batch = (samples: number): Batch => ({
  x: { data: Float32Array.from({ length: 2 * samples }, (_, i) => i), dims: [samples, 2] },
});

describe("serveTasks", () => {
  it("starts, asks for the setup, and keeps the latest", async () => {
    const log: string[] = [];
    const serve = serveTasks<string, string, string>({
      start: async () => void log.push("start"),
      prepare: async (setup) => {
        log.push(`prepare ${setup}`);
        return setup;
      },
      run: async (prepared, work, part) => {
        log.push(`run ${prepared} ${work} ${part?.batchCount ?? "all"}`);
        return {};
      },
    });
    const ask = (task: ProcessTask<string, string>) => serve(task);
    expect(await ask({})).toEqual({});
    expect(await ask({ work: "g1" })).toEqual({});
    expect(await ask({ work: "g1", setup: "s" })).toEqual({ outputs: {} });
    expect(await ask({ work: "g2", part: { batchCount: 2, lastSamples: 1 } })).toEqual({
      outputs: {},
    });
    expect(await ask({ work: "g3", setup: "t" })).toEqual({ outputs: {} });
    expect(log).toEqual([
      ...["start", "prepare s", "run s g1 all", "run s g2 2", "prepare t", "run t g3 all"],
    ]);
  });
});

describe("a part of the batches", () => {
  it("goes to a process as two numbers, and is the same there", () => {
    const all = [batch(3), batch(3), batch(2)];
    const cut = [all[0]!, { x: { data: all[1]!.x!.data.subarray(0, 2), dims: [1, 2] } }] as Batch[];
    expect(partOf(cut)).toEqual({ batchCount: 2, lastSamples: 1 });
    expect(batchesOf(all, partOf(cut))).toEqual(cut);
    expect(batchesOf(all, partOf(all))).toEqual(all);
  });
});
