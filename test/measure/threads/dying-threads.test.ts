import { describe, expect, it, vi } from "vitest";
import { inThreads } from "../../../src/measure/threads/thread-pool.js";
import type { LayerSpec } from "../../../src/model/layer-spec.js";

vi.mock("../../../src/measure/workers/worker-file.js", () => ({
  workerFile: () => ({
    path: new URL("./dying-thread.mjs", import.meta.url).pathname,
    execArgv: [],
  }),
}));

describe("a thread that dies", () => {
  it.each(["exit", "crash"])(
    "by %s ends the others' work, and the caller is told",
    async (name) => {
      const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
      const layer: LayerSpec = {
        name: "l",
        kind: "gemm",
        parameterCount: 8,
        macs: 8,
        inputShape: [1],
        outputShape: [1],
        weights: new Float32Array(8),
      };
      const tasks = Array.from({ length: 50 }, (_, task) => ({ layer, task }));
      expect(await inThreads(name, tasks, 2)).toBeUndefined();
      expect(warn.mock.calls.length).toBeLessThanOrEqual(1);
      warn.mockRestore();
    },
  );
});
