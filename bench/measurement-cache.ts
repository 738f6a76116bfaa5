import { createHash } from "node:crypto";
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { AccuracyEstimate, AccuracyEvaluator } from "../src/index.js";

/**
 * An evaluator that keeps its answers in a file by its identity, the genome and the number of
 * samples, and reads them in later runs. So experiments with the search measure nothing twice.
 * Deterministic evaluators give the same figures with and without it; times mean nothing with it.
 */
export async function cachedMeasurements<E extends AccuracyEvaluator>(
  evaluator: E,
  folder: string,
): Promise<E> {
  await mkdir(folder, { recursive: true });
  const digest = createHash("sha256")
    .update(evaluator.identity ?? evaluator.kind)
    .digest("hex")
    .slice(0, 16);
  const path = join(folder, `${digest}.jsonl`);
  const known = new Map<string, AccuracyEstimate>();
  for (const line of (await readFile(path, "utf8").catch(() => "")).split("\n")) {
    if (!line.endsWith("}")) continue;
    const { question, estimate } = JSON.parse(line) as { question: string; estimate: Stored };
    known.set(question, { ...estimate, sampleScores: Float32Array.from(estimate.sampleScores) });
  }
  return {
    ...evaluator,
    async evaluate(genome, options) {
      const question = `${options.samples ?? "all"} ${genome.key}`;
      const found = known.get(question);
      if (found !== undefined) return found;
      const estimate = await evaluator.evaluate(genome, options);
      known.set(question, estimate);
      const stored: Stored = { ...estimate, sampleScores: Array.from(estimate.sampleScores ?? []) };
      await appendFile(path, `${JSON.stringify({ question, estimate: stored })}\n`);
      return estimate;
    },
  };
}

type Stored = Omit<AccuracyEstimate, "sampleScores"> & { readonly sampleScores: readonly number[] };
