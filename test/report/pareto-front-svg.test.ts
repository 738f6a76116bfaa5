import { describe, expect, it } from "vitest";
import { type GenomeMetrics, QuantizationGenome } from "../../src/genome/quantization-genome.js";
import { paretoFrontSvg } from "../../src/report/pareto-front-svg.js";

const genome = (accuracy: number, compressionRatio: number, more: Partial<GenomeMetrics> = {}) =>
  new QuantizationGenome({
    layerConfigs: { a: {} },
    metrics: {
      accuracy,
      accuracyKind: "measured",
      accuracyMetric: "top-1",
      accuracyMetricValue: accuracy,
      compressionRatio,
      sizeBytes: 1e6 / compressionRatio,
      storedBytes: 1e6 / compressionRatio,
      inferenceLatencyMs: 20 / compressionRatio,
      memoryFootprintMb: 1,
      energyPerInferenceMj: 1,
      costKind: "predicted",
      fitnessScore: 0.5,
      violations: {},
      ...more,
    },
  });

describe("paretoFrontSvg", () => {
  const front = [genome(0.95, 4), genome(0.9, 6), genome(0.8, 8), genome(0.79, 5)];

  it("draws predicted file sizes, and refuses genomes without", () => {
    const files = [genome(0.95, 4, { fileBytes: 3e5 }), genome(0.9, 6, { fileBytes: 2e5 })];
    expect(paretoFrontSvg(files, { x: "fileBytes" })).toContain("file (bytes), predicted");
    expect(() => paretoFrontSvg(front, { x: "fileBytes" })).toThrow(
      "genomes.0 has no fileBytes, as its evaluator writes no file; allowed: another axis",
    );
  });

  it("draws a dot a genome, a square a mark, and says what was measured", () => {
    const svg = paretoFrontSvg(front, {
      marks: [{ label: "INT8 <uniform>", genome: genome(0.94, 3.9) }],
    });
    expect(svg.match(/<circle/g)).toHaveLength(4);
    expect(svg).toContain("INT8 &#60;uniform&#62;");
    expect(svg).toContain("accuracy (top-1), measured");
    expect(svg).toContain("compression against FP32 (times), counted");
    expect(paretoFrontSvg(front, { x: "inferenceLatencyMs" })).toContain("latency (ms), predicted");
    expect(svg.match(/<rect x=/g)).toHaveLength(1);
  });

  it("leads the staircase through undominated points only", () => {
    const path = /<path d="([^"]+)"/.exec(paretoFrontSvg(front))?.[1] ?? "";
    // Three undominated points and the two corners between them.
    expect(path.match(/[ML]/g)).toHaveLength(5);
  });

  it("puts every point inside the picture, better accuracy higher", () => {
    const svg = paretoFrontSvg(front, { width: 300, height: 200 });
    const dots = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(
      (m) => [Number(m[1]), Number(m[2])] as const,
    );
    for (const [x, y] of dots) {
      expect(x).toBeGreaterThan(60);
      expect(x).toBeLessThan(300);
      expect(y).toBeGreaterThan(30);
      expect(y).toBeLessThan(160);
    }
    expect(dots[0]?.[1]).toBeLessThan(dots[2]?.[1] as number);
    expect(dots[0]?.[0]).toBeLessThan(dots[2]?.[0] as number);
  });

  it("draws a front of one point", () => {
    expect(paretoFrontSvg([genome(1, 4)])).toContain("<circle");
    expect(paretoFrontSvg([genome(0, 0)])).not.toContain("NaN");
  });

  it("is the same text for the same front", () => {
    expect(paretoFrontSvg(front)).toBe(paretoFrontSvg(front.map((g) => g.clone())));
  });

  it("refuses what it cannot draw", () => {
    expect(() => paretoFrontSvg([])).toThrow(/at least one/);
    expect(() => paretoFrontSvg([new QuantizationGenome({ layerConfigs: { a: {} } })])).toThrow(
      /genomes.0 was not evaluated/,
    );
    expect(() => paretoFrontSvg(front, { width: 10 })).toThrow(/width is 10; allowed: 200 to 4000/);
    expect(() => paretoFrontSvg(front, { height: Number.NaN })).toThrow(/height/);
  });
});
