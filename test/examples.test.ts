import { describe, expect, it, vi } from "vitest";

// Each numbered script runs as it stands; what it prints is what a person would see. The last
// writes to out/.
const runExample = async (load: () => Promise<unknown>): Promise<string> => {
  const printed: string[] = [];
  const log = vi
    .spyOn(console, "log")
    .mockImplementation((...parts) => void printed.push(parts.join(" ")));
  try {
    await load();
  } finally {
    log.mockRestore();
  }
  return printed.join("\n");
};

describe("the numbered examples", () => {
  it("01 prints compression and predicted accuracy", async () => {
    const text = await runExample(() => import("../examples/01-simple.js"));
    expect(text).toMatch(/Compression: [4-9]\.\dx/);
    expect(text).toMatch(/Accuracy: \d+\.\d\d% of float32 \(predicted\)/);
  });

  it("02 stays within the latency target", async () => {
    const text = await runExample(() => import("../examples/02-hardware-optimized.js"));
    expect(Number(/Latency: ([\d.]+)ms predicted/.exec(text)?.[1])).toBeLessThanOrEqual(50);
    expect(text.match(/-bit weights/g)).toHaveLength(4);
  });

  it("03 prints a front and three choices from it", async () => {
    const text = await runExample(() => import("../examples/03-pareto-analysis.js"));
    expect(Number(/Pareto front size: (\d+)/.exec(text)?.[1])).toBeGreaterThan(5);
    expect(text).toMatch(/mobile: [\d.]+ ms\niot: {4}[\d.]+ mJ\nserver: [\d.]+%/);
  });

  it("04 compresses eight times or more", async () => {
    const text = await runExample(() => import("../examples/04-extreme-compression.js"));
    expect(Number(/Extreme compression: ([\d.]+)x/.exec(text)?.[1])).toBeGreaterThanOrEqual(7.5);
  });

  it("05 has a line for each deployment", async () => {
    const text = await runExample(() => import("../examples/05-hardware-specific-deployment.js"));
    for (const name of ["mobile", "iot", "server"])
      expect(text).toMatch(new RegExp(`^${name} .* ms, .* mJ, .* MB \\(predicted\\)$`, "m"));
  });

  it("06 ranks the layers and allocates by rank", async () => {
    const text = await runExample(() => import("../examples/06-sensitivity-first.js"));
    expect(text).toMatch(/attention: 1\.00 HIGH sensitivity, use 8-bit/);
    expect(text).toMatch(/Average bits: \d/);
    expect(text).toMatch(/minAccuracy: .*(BINDING|free|BROKEN)/);
    expect(text).toMatch(/attention +8 +to 6 +-/);
  });

  it("07 reports every generation and stops when told", async () => {
    const text = await runExample(() => import("../examples/07-progress-callback.js"));
    expect(text.match(/^Gen \d+: Best=0\.\d{4}, Avg=/gm)).toHaveLength(13);
    expect(text).toMatch(/Stopped: aborted; \d+ genomes kept/);
    expect(text).toMatch(/\[-+\] 0\/50 best fitness .*, hypervolume 0\.\d{4}/);
    expect(text).toMatch(/Stopped: stop-condition after generation \d+/);
  });

  it("08 writes a strategy and reads the same one back", async () => {
    const text = await runExample(() => import("../examples/08-export.js"));
    expect(text).toContain("holds the same strategy: true");
  });
});
