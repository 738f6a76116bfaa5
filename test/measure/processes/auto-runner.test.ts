import { afterEach, describe, expect, it, vi } from "vitest";
import type { QuantizationGenome } from "../../../src/genome/quantization-genome.js";
import { autoRunner } from "../../../src/measure/processes/auto-runner.js";
import type { GenomeRunner } from "../../../src/measure/runner.js";

const genome = {} as QuantizationGenome;
let now = 0;
const log: string[] = [];
/** Takes `ms` of the clock a run. */
function runner(name: string, ms: number): GenomeRunner {
  return {
    run: async () => {
      await Promise.resolve();
      now += ms;
      log.push(name);
      return {};
    },
    dispose: async () => void log.push(`${name} ends`),
  };
}
const pair = (auto: GenomeRunner) => Promise.all([auto.run(genome), auto.run(genome)]);

afterEach(() => {
  vi.restoreAllMocks();
  log.length = 0;
});

describe("autoRunner", () => {
  it("starts workers when evaluations that came together have taken two seconds", async () => {
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const auto = autoRunner(runner("here", 600), async () => runner("worker", 1));
    for (let i = 0; i < 6; i++) await auto.run(genome);
    expect(log).toEqual(Array(6).fill("here"));
    await pair(auto);
    // The first of the pair was alone when it began.
    expect(log.slice(6).sort()).toEqual(["here", "worker"]);
    await auto.run(genome);
    expect(log.at(-1)).toBe("worker");
    await auto.dispose();
    expect(log.slice(-2)).toEqual(["here ends", "worker ends"]);
  });

  it("keeps short work here, and stays when no worker starts", async () => {
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const open = vi.fn(async () => undefined);
    const short = autoRunner(runner("here", 1), open);
    for (let i = 0; i < 10; i++) await pair(short);
    expect(open).not.toHaveBeenCalled();
    const long = autoRunner(runner("here", 3000), open);
    for (let i = 0; i < 3; i++) await pair(long);
    expect(open).toHaveBeenCalledTimes(1);
    expect(log).toEqual(Array(26).fill("here"));
    await long.dispose();
  });
});
