// Tables for docs/search.md from what bench:zoo wrote: npx tsx bench/zoo-table.ts FILE.json ...
import { readFileSync } from "node:fs";
import type { Verdict } from "./front-comparison.js";

interface Line {
  readonly seed: string;
  readonly name: string;
  readonly hypervolume: number;
  readonly points: readonly { readonly stop: number; readonly loss: number }[];
  readonly chosen?: { readonly compression: number; readonly loss: number };
  readonly against?: {
    readonly searched: Record<Verdict, number>;
    readonly tested: readonly { readonly stop: number; readonly verdict: Verdict }[];
  };
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const percent = (value: number) => (100 * value).toFixed(2);
const NAMES = ["evolution", "greedy", "uniform", "random", "exact"];
const VERDICTS = ["above", "tied", "below"] as const;

const standing: string[] = [];
const lost: string[] = [];
const reached: string[] = [];
for (const path of process.argv.slice(2)) {
  const { budget, results } = JSON.parse(readFileSync(path, "utf8")) as {
    budget: number;
    results: Record<string, readonly Line[]>;
  };
  for (const [model, lines] of Object.entries(results)) {
    const chosen = lines.filter(({ name }) => name === "evolution").map((line) => line.chosen!);
    const pairs = chosen.map(
      ({ compression, loss }) => `${compression.toFixed(2)}x ${percent(loss)}`,
    );
    reached.push(`| ${model} | ${budget} | ${pairs.join(", ")} |`);
    const stops = [...new Set(lines.flatMap(({ points }) => points.map(({ stop }) => stop)))].sort(
      (a, b) => a - b,
    );
    for (const name of NAMES) {
      const own = lines.filter((line) => line.name === name);
      if (own.length === 0) continue;
      const volume = median(own.map(({ hypervolume }) => hypervolume)).toFixed(4);
      const searched = VERDICTS.map((verdict) =>
        own.reduce((sum, { against }) => sum + (against?.searched[verdict] ?? 0), 0),
      );
      const tested = VERDICTS.map((verdict) =>
        own.reduce(
          (sum, { against }) =>
            sum + (against?.tested.filter((one) => one.verdict === verdict).length ?? 0),
          0,
        ),
      );
      const counts = (list: readonly number[]) => (name === "evolution" ? "" : list.join(" / "));
      standing.push(
        `| ${model}, ${budget} | ${name} | ${volume} | ${counts(searched)} | ${counts(tested)} |`,
      );
      const cells = stops.map((stop) => {
        const losses = own.flatMap(({ points }) =>
          points.filter((one) => one.stop === stop).map(({ loss }) => loss),
        );
        const loss = losses.length === own.length ? percent(median(losses)) : "-";
        return `${stop.toFixed(1)}x ${loss}`;
      });
      lost.push(`| ${model}, ${budget} | ${name} | ${cells.join(" | ")} |`);
    }
  }
}
console.log(
  [
    "Reached:",
    ...reached,
    "",
    "Standing:",
    ...standing,
    "",
    "Lost on test, median of seeds:",
    ...lost,
  ].join("\n"),
);
