import { InvalidArgumentError } from "../../errors.js";
import type { ExplainedValues, GenomeExplanation, WidthStep } from "./genome-explanation.js";

/** Output formats of {@link explanationToString}. */
export type ExplanationFormat = "text" | "markdown" | "json";

const COLUMNS: readonly {
  name: keyof ExplainedValues;
  title: string;
  show: (value: number) => string;
}[] = [
  { name: "accuracy", title: "accuracy", show: (value) => `${signed(100 * value, 2)} pt` },
  { name: "sizeBytes", title: "size", show: (value) => `${signed(value / 1000, 1)} KB` },
  { name: "latencyMs", title: "latency", show: (value) => `${signed(1000 * value, 2)} us` },
  { name: "energyMj", title: "energy", show: (value) => `${signed(1000 * value, 2)} uJ` },
];

/**
 * Formats an explanation for people, or as JSON: the values of the genome, its limits, and a table
 * of what one width up or down changes in each layer.
 * @param format default `text`
 * @throws InvalidArgumentError for another format
 *
 * @example
 * ```ts
 * const explanation = await engine.explainGenome(layers, engine.getBestGenome());
 * console.log(explanationToString(explanation, "markdown"));
 * ```
 */
export function explanationToString(
  explanation: GenomeExplanation,
  format: ExplanationFormat = "text",
): string {
  if (format === "json") return `${JSON.stringify(explanation, null, 2)}\n`;
  if (format !== "text" && format !== "markdown")
    throw new InvalidArgumentError(
      "format",
      `format is ${JSON.stringify(format)}; allowed: text, markdown, json`,
    );
  const markdown = format === "markdown";
  const lines = [...headLines(explanation), "", ...limitLines(explanation), ""];
  const bullets = lines.map((line) => (markdown && line !== "" ? `- ${line}` : line));
  const title =
    `What one width up or down does (accuracy ${explanation.accuracyKind}, costs ` +
    `${explanation.costKind})`;
  const rows = tableRows(explanation);
  const table = markdown ? [`### ${title}\n`, ...markdownTable(rows)] : [title, ...textTable(rows)];
  return `${[...bullets, ...table].join("\n")}\n`;
}

function headLines({
  values,
  accuracyKind,
  accuracyMetric,
  costKind,
}: GenomeExplanation): string[] {
  return [
    `accuracy ${(100 * values.accuracy).toFixed(2)}% (${accuracyKind}, ${accuracyMetric})`,
    `size ${(values.sizeBytes / 1000).toFixed(1)} KB`,
    `latency ${values.latencyMs.toPrecision(4)} ms, energy ${values.energyMj.toPrecision(4)} ` +
      `mJ, memory ${values.memoryMb.toPrecision(4)} MB (${costKind})`,
  ];
}

function limitLines({ limits }: GenomeExplanation): string[] {
  if (limits.length === 0) return ["no limit is set"];
  return limits.map(({ name, limit, value, slack, state, forbiddenSteps }) => {
    const figures = `${name}: ${value.toPrecision(4)} against ${limit.toPrecision(4)}`;
    if (state === "broken") return `${figures}, BROKEN by ${Math.abs(slack).toPrecision(3)}`;
    const room = `room ${slack.toPrecision(3)}`;
    return state === "binding"
      ? `${figures}, BINDING: ${room}, ${forbiddenSteps} single step(s) would break it`
      : `${figures}, free: ${room}, no single step breaks it`;
  });
}

function tableRows({ layers, genes = [] }: GenomeExplanation): string[][] {
  const head = ["layer", "bits", "step", ...COLUMNS.map(({ title }) => title), "limits"];
  const row = (names: string, now: string, step: Omit<WidthStep, "weightBits">, to: string) => [
    names,
    now,
    `to ${to}`,
    ...COLUMNS.map(({ name, show }) => show(step.change[name])),
    [
      ...step.breaks.map((name) => `breaks ${name}`),
      ...step.mends.map((name) => `mends ${name}`),
    ].join(", "),
  ];
  return [
    head,
    ...layers.flatMap(({ layers: names, weightBits, up, down }) =>
      [up, down].flatMap((step) =>
        step === undefined
          ? []
          : [row(names.join(" + "), String(weightBits), step, String(step.weightBits))],
      ),
    ),
    ...genes.flatMap(({ gene, owner, value, steps }) =>
      steps.map((step) =>
        row(`${gene} of ${owner || "the model"}`, String(value), step, String(step.value)),
      ),
    ),
  ];
}

function textTable(rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, k) => Math.max(...rows.map((row) => row[k]!.length)));
  return rows.map((row) =>
    row
      .map((cell, k) => (k === 0 ? cell.padEnd(widths[k]!) : cell.padStart(widths[k]!)))
      .join("  ")
      .trimEnd(),
  );
}

function markdownTable(rows: readonly string[][]): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(rows[0]!), `|${rows[0]!.map(() => "---|").join("")}`, ...rows.slice(1).map(line)];
}

function signed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return Number(text) > 0 ? `+${text}` : Number(text) === 0 ? text.replace("-", "") : text;
}
