/**
 * Prints the validation table of the hardware profiles: published latencies against predictions, by
 * target. `--write` puts it into docs/hardware-targets.md between its markers, and says what
 * changed and what error each target should state; `--check` fails when that is out of date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { HardwareTarget } from "../src/hardware/contract.js";
import { type TargetValidation, validateTarget } from "./validation-points.js";

const DOCUMENT = new URL("../docs/hardware-targets.md", import.meta.url);
const START = "<!-- validation: start (npm run validate:hardware -- --write) -->";
const END = "<!-- validation: end -->";

const share = (right: number, all: number) =>
  all === 0 ? "no pairs" : `${right} of ${all} (${((100 * right) / all).toFixed(1)}%)`;
const percent = (share: number) => `${share >= 0 ? "+" : ""}${(share * 100).toFixed(0)}%`;
const milliseconds = (value: number) => String(Number(value.toPrecision(3)));

/** The whole table as Markdown. */
export function validationMarkdown(results: readonly TargetValidation[]): string {
  const lines = [
    "| target | split | points | median error | pairs in the right order | of those 5% apart |",
    "| --- | --- | ---: | ---: | ---: | ---: |",
    ...results.flatMap((result) =>
      (["fitted", "unseen", "fresh"] as const).map((split) => {
        const { count, medianError, ordered, pairs, distinctOrdered, distinctPairs } =
          result[split];
        return count === 0
          ? `| ${result.target} | ${split} | 0 | | | |`
          : `| ${result.target} | ${split} | ${count} | ${(medianError * 100).toFixed(1)}% | ` +
              `${share(ordered, pairs)} | ${share(distinctOrdered, distinctPairs)} |`;
      }),
    ),
  ];
  for (const { target, points } of results) {
    lines.push(
      "",
      `### ${target}`,
      "",
      "| point | split | published ms | predicted ms | error |",
      "| --- | --- | ---: | ---: | ---: |",
    );
    for (const { point, predictedMs, error } of points)
      lines.push(
        `| ${point.id} | ${point.split} | ${milliseconds(point.latencyMs)} | ` +
          `${milliseconds(predictedMs)} | ${percent(error)} |`,
      );
  }
  return lines.join("\n");
}

/** The document with its table replaced. */
function withTable(document: string, table: string): string {
  const start = document.indexOf(START);
  const end = document.indexOf(END);
  if (start < 0 || end < start)
    throw new Error("docs/hardware-targets.md has lost its validation markers");
  return `${document.slice(0, start + START.length)}\n\n${table}\n\n${document.slice(end)}`;
}

if (process.argv[1]?.endsWith("validate-hardware.ts") === true) {
  const results = Object.values(HardwareTarget).map(validateTarget);
  const table = validationMarkdown(results);
  console.log(table);
  const document = () => readFileSync(DOCUMENT, "utf8");
  if (process.argv.includes("--write")) {
    const [before, after] = [document(), withTable(document(), table)];
    writeFileSync(DOCUMENT, after);
    const points = results.reduce((sum, result) => sum + result.points.length, 0);
    const what = `${points} points of ${results.length} targets`;
    console.error(
      `docs/hardware-targets.md: ${before === after ? "unchanged" : "tables written"}, ${what}`,
    );
    for (const { target, notFitted } of results)
      console.error(
        `${target}: median error ${notFitted.medianError.toFixed(4)} of ${notFitted.count} ` +
          "unseen and fresh points",
      );
  }
  if (process.argv.includes("--check") && withTable(document(), table) !== document()) {
    console.error("docs/hardware-targets.md is out of date: npm run validate:hardware -- --write");
    process.exitCode = 1;
  }
}
