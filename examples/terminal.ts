import type { EvolutionEvent, EvolutionResult, QuantizationGenome } from "quantevo";
import { foldFront } from "quantevo/export";

/** A cell's text, or nothing where a metric is unknown. */
const show = (value: number | undefined, digits: number): string =>
  value === undefined ? "-" : value.toFixed(digits);

/** How far a prediction may be off, from published measurements of the target. */
export const offBy = (error: number | undefined): string =>
  error === undefined ? "" : ` +-${Math.round(error * 100)}%`;

/**
 * Prints genomes as a table; the heading says what was measured and what was predicted. Those that
 * only an uncertain prediction keeps on the front are left out.
 */
export function printFront(front: readonly QuantizationGenome[], most = 12): void {
  const genomes = foldFront(front);
  const first = genomes[0]?.metrics;
  if (first === undefined) {
    console.log("  (no genome)");
    return;
  }
  const head = [
    "  #",
    `accuracy (${first.accuracyKind})`,
    "bits",
    "compression",
    first.fileBytes === undefined ? "size KB" : "file KB",
    `ms (${first.costKind}${offBy(first.latencyRelativeError)})`,
    `mJ (${first.costKind}${offBy(first.energyRelativeError)})`,
  ];
  const rows = spread(genomes, most).map((genome) => [
    String(genomes.indexOf(genome) + 1).padStart(3),
    `${show((genome.accuracy ?? 0) * 100, 2)}%${interval(genome)}`,
    show(genome.averageBits, 2),
    `${show(genome.compressionRatio, 2)}x`,
    show((genome.metrics?.fileBytes ?? genome.metrics?.sizeBytes ?? 0) / 1000, 1),
    show(genome.inferenceLatencyMs, 4),
    show(genome.energyPerInferenceMj, 4),
  ]);
  const widths = head.map((cell, i) =>
    Math.max(cell.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  for (const row of [head, ...rows])
    console.log(row.map((cell, i) => cell.padStart(widths[i] ?? 0)).join("  "));
  if (genomes.length < front.length)
    console.log(`  (${front.length - genomes.length} more within the error of predictions)`);
  if (rows.length < genomes.length)
    console.log(`  (${rows.length} of ${genomes.length} genomes, evenly spread along the front)`);
}

/** The 95% interval of a measured accuracy, in percent. */
function interval({ metrics }: QuantizationGenome): string {
  const known = metrics?.accuracyInterval;
  return known === undefined
    ? ""
    : ` (${known.map((bound) => (bound * 100).toFixed(1)).join("-")})`;
}

/** At most `most` items, the ends included, evenly spread. */
function spread<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from(
    { length: most },
    (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))] as T,
  );
}

/**
 * A progress line: a bar that redraws itself in a terminal, a plain line now and then elsewhere.
 */
export function progressLine(total: number): (done: number, text: string) => void {
  return (done, text) => {
    const filled = Math.round((24 * done) / Math.max(1, total));
    const line = `[${"#".repeat(filled)}${"-".repeat(24 - filled)}] ${done}/${total} ${text}`;
    if (process.stdout.isTTY) process.stdout.write(`\r\x1b[2K${line}${done >= total ? "\n" : ""}`);
    else if (done === total || done % Math.ceil(total / 5) === 0) console.log(line);
  };
}

/**
 * Follows the events of a run: a bar or lines for its generations, a line of its own for whatever
 * goes wrong.
 */
export async function followRun(
  events: AsyncIterable<EvolutionEvent>,
  generations: number,
): Promise<EvolutionResult> {
  const progress = progressLine(generations);
  const note = (text: string) => console.log(`${process.stdout.isTTY ? "\r\x1b[2K" : ""}${text}`);
  for await (const event of events) {
    if (event.type === "generation") progress(event.generation, describe(event));
    else if (event.type === "resumed")
      note(
        `goes on after ${event.answers} evaluations of an earlier run, which are not made again`,
      );
    else if (event.type === "evaluation-failed")
      note(`an evaluation failed: ${event.failure.reason}`);
    else if (event.type === "worker-replaced") note(`a worker was replaced: ${event.reason}`);
    else if (event.type === "checkpoint-failed")
      note(`the checkpoint was not written: ${event.reason}`);
    else if (event.type === "stopped") {
      if (event.reason !== "max-generations") note(`stopped: ${event.reason}`);
      return event.result;
    }
  }
  throw new Error("the run ended without a result");
}

function describe(event: Extract<EvolutionEvent, { type: "generation" }>): string {
  const { constraints, estimatedMsLeft: left } = event;
  const [worst] = constraints.violatedLimits;
  const rest = left === undefined ? "" : `, about ${Math.round(left / 1000)} s left`;
  const limits = worst && `, ${worst.limit} still missed by ${(worst.excess * 100).toFixed(1)}%`;
  return (
    `best fitness ${event.best.fitnessScore.toFixed(4)}, front ${event.frontSize}, ` +
    `hypervolume ${event.hypervolume.toFixed(4)}, ` +
    `${event.evaluations} evaluations${limits ?? ""}${rest}`
  );
}
