import { describe, expect, it } from "vitest";
import {
  type FileFigures,
  type ModelFigures,
  median,
  OutputNoise,
  peerOf,
  summary,
} from "../../bench/int8/figures.js";

/** A file that ran in `ms` where float32 took 10. */
const file = (ms: number, sqnrDb: number | null = 30, bytes = 100): FileFigures => ({
  bytes,
  ms: { 1: ms },
  speed: { 1: 10 / ms },
  sqnrDb,
});
const model = (
  name: string,
  own: FileFigures | undefined,
  int8: FileFigures | { error: string },
): ModelFigures => ({
  name,
  float: file(10, 120, 400),
  peers: own === undefined ? {} : { own },
  ours: { int8 },
  predicted: { float: { 1: 10 }, int8: { 1: 5 } },
});

describe("OutputNoise", () => {
  it("is the ratio of energies over all runs, of the worst output", () => {
    const noise = new OutputNoise();
    noise.add("good", [10, 0], [10, 0]);
    noise.add("bad", [10, 0], [10, 0]);
    noise.add("bad", [0, 10], [0, 8]);
    expect(noise.worstDb()).toBeCloseTo(10 * Math.log10(200 / 4), 12);
  });

  it("is at most 120 dB, and null without an output that has a signal", () => {
    const noise = new OutputNoise();
    expect(noise.worstDb()).toBeNull();
    noise.add("zero", [0, 0], [0, 1]);
    expect(noise.worstDb()).toBeNull();
    noise.add("same", [1, 2], [1, 2]);
    expect(noise.worstDb()).toBeCloseTo(120, 9);
  });

  it("refuses what is not finite or has another shape, instead of leaving it out", () => {
    const noise = new OutputNoise();
    expect(() => noise.add("y", [1, 2], [1, Number.NaN])).toThrow("output y has NaN");
    expect(() => noise.add("y", [1, 2], [1])).toThrow("output y has 1 values; float32 has 2");
    noise.add("y", [Number.NEGATIVE_INFINITY, 2], [Number.NEGATIVE_INFINITY, 2]);
    expect(noise.worstDb()).toBeCloseTo(120, 9);
  });
});

describe("peerOf", () => {
  const of = (own: FileFigures, own2: FileFigures) =>
    peerOf({ name: "m", peers: { own, own2 } }, 1)?.peer;

  it("is the faster file, unless it is more than 3 dB worse", () => {
    expect(of(file(5, 30), file(4, 28))).toBe("own2");
    expect(of(file(5, 30), file(4, 26))).toBe("own");
    expect(of(file(4, 26), file(5, 30))).toBe("own2");
  });

  it("leaves out files that failed", () => {
    expect(peerOf({ name: "m", peers: { own: { error: "x" }, own2: file(20) } }, 1)?.peer).toBe(
      "own2",
    );
    expect(peerOf({ name: "m", error: "x" }, 1)).toBeUndefined();
  });
});

describe("summary", () => {
  it("counts a model against us where ours failed, and none that has no peer beside it", () => {
    const lines = summary(
      [
        model("fast", file(5), file(5)),
        model("near", file(5), file(5.2, 31, 90)),
        model("slow", file(10), file(11, 20, 101)),
        model("both slow", file(20), file(15)),
        model("no peer", undefined, file(5)),
        model("failed", file(5), { error: "x" }),
        { name: "crashed", error: "the process ended by SIGSEGV" },
      ],
      [1],
    );
    expect(lines[0]).toBe(
      "INT8, 1 thread(s): at least 0.95x the runtime's own in 3 of 6 (50%); not slower than " +
        "float32 in 3 of 7 (43%), or its own is slower too: 4 of 7 (57%).",
    );
    expect(lines[1]).toBe(
      "SQNR at least that of its own: 3 of 6 (50%). File not larger: 3 of 6 (50%).",
    );
    expect(lines[2]).toBe("No INT8 file of ours ran: failed, crashed.");
  });

  it("compares predicted with measured milliseconds and speeds", () => {
    const predictions = summary(
      [
        model("a", undefined, file(5)),
        model("b", undefined, file(20)),
        model("c", file(1), file(4)),
      ],
      [1],
    ).at(-1);
    // Speed: 2 predicted for each; 2, 0.5 and 2.5 measured: off by 0, 300% and 20%.
    expect(predictions).toContain("milliseconds of 6 files");
    expect(predictions).toContain("median error 20%, faster or slower right in 2 of 3 (67%)");
  });

  it("needs no figures at all", () => {
    expect(summary([], [1, 2]).at(-1)).toBe("Predictions, 2 thread(s): too few files.");
    expect(median([])).toBeNaN();
  });
});
