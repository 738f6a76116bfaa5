import { describe, expect, it } from "vitest";
import { chanceNote } from "../../../src/measure/metrics/chance-note.js";
import { perplexity } from "../../../src/measure/metrics/perplexity.js";
import { topKAccuracy } from "../../../src/measure/metrics/top-k-accuracy.js";
import { topOneAccuracy } from "../../../src/measure/metrics/top-one-accuracy.js";

const result = (score: number, samples: number, chance?: number) => ({
  score,
  value: score,
  samples,
  ...(chance !== undefined && { chance }),
});

/** Logits that are right for sample i when its label is i modulo `classes`. */
function logits(samples: number, classes: number) {
  const data = new Float32Array(samples * classes);
  for (let i = 0; i < samples; i++) data[i * classes + (i % classes)] = 9;
  return { y: { data, dims: [samples, classes] } };
}

describe("chanceNote", () => {
  it("tells a model that guesses, with figures and likely causes", () => {
    const note = chanceNote("top-1", result(0.11, 500, 0.1))!;
    expect(note).toMatch(/top-1 .* 0\.11 on 500 samples .* guessing \(0\.1\)/);
    for (const cause of ["labels", "scaling", "layout"]) expect(note).toContain(cause);
  });

  it("says nothing of a model that does better by more than the error, or of unknown chance", () => {
    expect(chanceNote("top-1", result(0.2, 500, 0.1))).toBeUndefined();
    expect(chanceNote("top-1", result(0.1, 500))).toBeUndefined();
    // Among nearly as many as there are, each is right.
    expect(chanceNote("top-9", result(0.9, 500, 0.9))).toBeUndefined();
    // Ten samples tell little: 3 of 10 right happens to one that guesses.
    expect(chanceNote("top-1", result(0.25, 10, 0.1))).toBeDefined();
  });

  it("follows from metrics of classes and tokens", () => {
    const outputs = logits(200, 10);
    const right = Int32Array.from({ length: 200 }, (_, i) => i % 10);
    const shifted = right.map((label) => (label + 1) % 10);
    for (const metric of [
      topOneAccuracy,
      (of: Int32Array) => topKAccuracy(of, { k: 1 }),
      perplexity,
    ]) {
      const noteOf = (labels: Int32Array) => {
        const { name, evaluate } = metric(labels);
        return chanceNote(name, evaluate(outputs));
      };
      expect(noteOf(right)).toBeUndefined();
      expect(noteOf(shifted)).toMatch(/no better than guessing \(0\.1\)/);
    }
  });
});
