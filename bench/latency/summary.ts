import { rankCorrelation } from "../../src/numeric/rank-correlation.js";
import {
  differs,
  isDecided,
  isRight,
  type MeasuredRow,
  median,
  noiseOf,
  speedOf,
  TIE,
} from "./rows.js";

const percent = (share: number) => `${(100 * share).toFixed(0)}%`;

/** One line: milliseconds of float32, then the speed of each other genome. */
export function rowCells(rows: readonly MeasuredRow[], markdown: boolean): string {
  const [float] = rows as [MeasuredRow];
  const ms = `${float.measuredMs.toPrecision(3)} / ${float.predictedMs.toPrecision(3)}`;
  const cells = rows.slice(1).map((row) => {
    const speeds = `${speedOf(row).toFixed(2)} / ${row.predictedSpeed.toFixed(2)}`;
    const mark = !differs(row) || isRight(row) ? "" : isDecided(row) ? " !" : " ?";
    if (markdown) return `${speeds}${mark}`;
    return `${row.genome} ${speeds} (${percent(noiseOf(row))})${mark}`;
  });
  const name = float.isSized ? float.model : `${float.model} *`;
  if (markdown) return `| ${[name, ms, ...cells].join(" | ")} |`;
  return [name.padEnd(20), ms.padEnd(16), ...cells].join("  ");
}

/** What all files say, those of known sizes, and each half of these. */
export function summaries(rows: readonly MeasuredRow[]): string[] {
  const names = [...new Set(rows.map(({ model }) => model))];
  const sized = rows.filter(({ isSized }) => isSized);
  const half = (rest: number) => sized.filter(({ model }) => names.indexOf(model) % 2 === rest);
  return [
    summary("all", rows),
    summary("sizes known", sized),
    summary("of these, models 1, 3, 5, ...", half(0)),
    summary("of these, models 2, 4, 6, ...", half(1)),
  ];
}

function summary(label: string, rows: readonly MeasuredRow[]): string {
  if (rows.length < 2) return `${label}: too few files`;
  const others = rows.filter(({ genome }) => genome !== "float32");
  const errors = rows.map((row) => Math.abs(row.predictedMs / row.measuredMs - 1));
  const speedErrors = others.map((row) => Math.abs(row.predictedSpeed / speedOf(row) - 1));
  const rank = (a: (row: MeasuredRow) => number, b: (row: MeasuredRow) => number) =>
    rankCorrelation(rows.map(a), rows.map(b)).toFixed(3);
  const score = (some: readonly MeasuredRow[]) => {
    const right = some.filter(isRight).length;
    return `${right} of ${some.length} (${percent(right / some.length)})`;
  };
  const different = others.filter(differs);
  const models = new Set(rows.map(({ model }) => model)).size;
  return (
    `${label}: ${rows.length} files of ${models} models; Spearman of milliseconds ` +
    `${rank(
      (row) => row.measuredMs,
      (row) => row.predictedMs,
    )}, of speeds ${rank(speedOf, (row) => row.predictedSpeed)}; median error of milliseconds ` +
    `${percent(median(errors))}, of speeds ${percent(median(speedErrors))}; faster or slower ` +
    `than float32 by over ${percent(TIE)}: right in ${score(different)}; by more than the ` +
    `repeat noise too: ${score(different.filter(isDecided))}`
  );
}
