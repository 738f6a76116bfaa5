import { checkFields } from "../check/check-fields.js";
import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError } from "../errors.js";
import { checkGenomes } from "../genome/check-genomes.js";
import {
  checkGenome,
  type GenomeMetrics,
  type QuantizationGenome,
} from "../genome/quantization-genome.js";
import { foldFront } from "./fold-front.js";

/** The metrics that can stand on an axis. */
export type FrontAxis =
  | "accuracy"
  | "compressionRatio"
  | "sizeBytes"
  | "fileBytes"
  | "inferenceLatencyMs"
  | "energyPerInferenceMj"
  | "memoryFootprintMb";

/** A genome to show beside the front, such as uniform INT8. */
export interface FrontMark {
  readonly label: string;
  readonly genome: QuantizationGenome;
}

type DrawnMetrics = GenomeMetrics & { readonly fileBytes: number };

/** How a front is drawn. */
export interface ParetoFrontSvgOptions {
  /** Horizontal axis; default `compressionRatio`. */
  readonly x?: FrontAxis;
  /** Vertical axis; default `accuracy`. */
  readonly y?: FrontAxis;
  readonly title?: string;
  /** Draw the front as {@link foldFront} leaves it. Default true. */
  readonly fold?: boolean;
  /** Labelled points, drawn as squares. */
  readonly marks?: readonly FrontMark[];
  /** Pixels, 200 to 4,000; default 720. */
  readonly width?: number;
  /** Pixels, 150 to 4,000; default 420. */
  readonly height?: number;
}

const AXIS_LABEL: Record<FrontAxis, string> = {
  accuracy: "accuracy",
  compressionRatio: "compression against FP32 (times)",
  sizeBytes: "size (bytes)",
  fileBytes: "file (bytes)",
  inferenceLatencyMs: "latency (ms)",
  energyPerInferenceMj: "energy (mJ)",
  memoryFootprintMb: "memory (MB)",
};
const LARGER_IS_BETTER = new Set<FrontAxis>(["accuracy", "compressionRatio"]);
const MARGIN = { left: 68, right: 24, top: 40, bottom: 52 };

/**
 * Draws evaluated genomes as an SVG picture: one dot a genome, a staircase through those that no
 * other beats on the two axes, squares for the marks. The picture says whether accuracy and costs
 * were predicted or measured. Equal input gives equal text.
 * @throws InvalidArgumentError for what is no genome or known option, when there is nothing to
 *   draw, a genome was not evaluated, or a size is out of range
 * @example
 * ```ts
 * import { writeFile } from "node:fs/promises";
 * import { QuantizationEvolutionEngine } from "quantevo";
 * import { paretoFrontSvg } from "quantevo/export";
 *
 * const engine = new QuantizationEvolutionEngine({ maxGenerations: 2, seed: 1 });
 * const { paretoFront } = await engine.runEvolution(["embedding", "attention", "output"]);
 * await writeFile("front.svg", paretoFrontSvg(paretoFront, { x: "inferenceLatencyMs" }));
 * ```
 */
export function paretoFrontSvg(
  genomes: readonly QuantizationGenome[],
  options: ParetoFrontSvgOptions = {},
): string {
  checkFields(options, "options", ["x", "y", "title", "marks", "width", "height", "fold"]);
  const {
    x = "compressionRatio",
    y = "accuracy",
    title = "Pareto front",
    marks = [],
    width = 720,
    height = 420,
    fold = true,
  } = options;
  checkGenomes(genomes, "genomes");
  if (typeof fold !== "boolean")
    throw new InvalidArgumentError("fold", `fold is ${describeValue(fold)}; allowed: true, false`);
  checkAxis("x", x);
  checkAxis("y", y);
  if (typeof title !== "string")
    throw new InvalidArgumentError("title", `title is ${describeValue(title)}; allowed: text`);
  checkMarks(marks);
  checkRange("width", width, 200, 4000);
  checkRange("height", height, 150, 4000);
  const metricsOf = (genome: QuantizationGenome, path: string): DrawnMetrics => {
    const { metrics } = genome;
    if (metrics === undefined)
      throw new InvalidArgumentError(
        path,
        `${path} was not evaluated, so it has no place on the axes`,
      );
    const { fileBytes } = metrics;
    if (fileBytes === undefined && [x, y].includes("fileBytes"))
      throw new InvalidArgumentError(
        path,
        `${path} has no fileBytes, as its evaluator writes no file; allowed: another axis`,
      );
    return { ...metrics, fileBytes: fileBytes ?? 0 };
  };
  const evaluated = genomes.map((genome, i) => metricsOf(genome, `genomes.${i}`));
  const drawn = new Set(fold ? foldFront(genomes) : genomes);
  const points = evaluated.filter((_, i) => drawn.has(genomes[i]!));
  const marked = marks.map((mark, i) => metricsOf(mark.genome, `marks.${i}.genome`));
  const first = points[0];
  if (first === undefined)
    throw new InvalidArgumentError(
      "genomes",
      "genomes is empty; give at least one evaluated genome",
    );

  const all = [...points, ...marked];
  const toX = axisScale(
    all.map((m) => m[x]),
    MARGIN.left,
    width - MARGIN.right,
  );
  const toY = axisScale(
    all.map((m) => m[y]),
    height - MARGIN.bottom,
    MARGIN.top,
  );
  const relativeError = (axis: FrontAxis): number | undefined => {
    if (axis === "inferenceLatencyMs") return first.latencyRelativeError;
    return axis === "energyPerInferenceMj" ? first.energyRelativeError : undefined;
  };
  const kind = (axis: FrontAxis): string =>
    axis === "accuracy"
      ? first.accuracyKind
      : axis === "compressionRatio" || axis === "sizeBytes"
        ? "counted"
        : axis === "fileBytes"
          ? "predicted"
          : first.costKind + offBy(relativeError(axis));

  const axisLabel = (axis: FrontAxis): string =>
    axis === "accuracy" ? escapeXml(accuracyLabel(first)) : AXIS_LABEL[axis];
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 ` +
      `0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${MARGIN.left}" y="24" font-size="15" fill="#1f2933">${escapeXml(title)}</text>`,
  ];
  for (const tick of toX.ticks)
    parts.push(
      `<line x1="${toX.at(tick)}" y1="${MARGIN.top}" x2="${toX.at(tick)}" ` +
        `y2="${height - MARGIN.bottom}" stroke="#e4e7eb"/>`,
      `<text x="${toX.at(tick)}" y="${height - MARGIN.bottom + 18}" text-anchor="middle" ` +
        `fill="#52606d">${label(tick)}</text>`,
    );
  for (const tick of toY.ticks)
    parts.push(
      `<line x1="${MARGIN.left}" y1="${toY.at(tick)}" x2="${width - MARGIN.right}" ` +
        `y2="${toY.at(tick)}" stroke="#e4e7eb"/>`,
      `<text x="${MARGIN.left - 8}" y="${toY.at(tick)}" dy="4" text-anchor="end" ` +
        `fill="#52606d">${label(tick)}</text>`,
    );
  parts.push(
    `<text x="${(MARGIN.left + width - MARGIN.right) / 2}" y="${height - 12}" ` +
      `text-anchor="middle" fill="#323f4b">${axisLabel(x)}, ${kind(x)}</text>`,
    `<text transform="translate(18 ${(MARGIN.top + height - MARGIN.bottom) / 2}) ` +
      `rotate(-90)" text-anchor="middle" fill="#323f4b">${axisLabel(y)}, ${kind(y)}</text>`,
  );

  const steps = staircase(
    points.map((m) => [m[x], m[y]] as const),
    LARGER_IS_BETTER.has(x),
    LARGER_IS_BETTER.has(y),
  );
  const path = steps
    .map(([px, py], i) => `${i === 0 ? "M" : "L"}${toX.at(px)} ${toY.at(py)}`)
    .join("");
  parts.push(`<path d="${path}" fill="none" stroke="#2680c2" stroke-width="1.5"/>`);
  for (const m of points)
    parts.push(
      `<circle cx="${toX.at(m[x])}" cy="${toY.at(m[y])}" r="4" fill="#2680c2" ` +
        `fill-opacity="0.65"/>`,
    );
  marked.forEach((m, i) => {
    const [cx, cy] = [toX.at(m[x]), toY.at(m[y])];
    const leftward = cx > width - 120;
    parts.push(
      `<rect x="${cx - 4}" y="${cy - 4}" width="8" height="8" fill="#de911d"/>`,
      `<text x="${leftward ? cx - 8 : cx + 8}" ` +
        `y="${cy + 4}"${leftward ? ' text-anchor="end"' : ""} ` +
        `fill="#8d5b0c">${escapeXml(marks[i]?.label ?? "")}</text>`,
    );
  });
  parts.push("</svg>");
  return `${parts.join("\n")}\n`;
}

interface AxisScale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

/** A linear scale over the values with a little air, and about six round ticks. */
function axisScale(values: readonly number[], from: number, to: number): AxisScale {
  let low = Math.min(...values);
  let high = Math.max(...values);
  const air = high > low ? (high - low) * 0.06 : Math.max(Math.abs(high) * 0.05, 1e-9);
  low -= air;
  high += air;
  const raw = (high - low) / 6;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5].find((m) => m * power >= raw) ?? 10) * power;
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step); i * step <= high; i++)
    ticks.push(Number((i * step).toPrecision(12)));
  return {
    ticks,
    at: (value) => Math.round((from + ((value - low) / (high - low)) * (to - from)) * 10) / 10,
  };
}

/** Corner points through the values that no other beats on both axes, from left to right. */
function staircase(
  values: readonly (readonly [number, number])[],
  largerX: boolean,
  largerY: boolean,
): (readonly [number, number])[] {
  const bestXFirst = [...values].sort(
    (a, b) => (largerX ? b[0] - a[0] : a[0] - b[0]) || (largerY ? b[1] - a[1] : a[1] - b[1]),
  );
  const corners: (readonly [number, number])[] = [];
  let last: readonly [number, number] | undefined;
  for (const point of bestXFirst) {
    if (last !== undefined && !(largerY ? point[1] > last[1] : point[1] < last[1])) continue;
    if (last !== undefined) corners.push([point[0], last[1]]);
    corners.push(point);
    last = point;
  }
  return corners;
}

/** How far a predicted axis may be off. */
const offBy = (error: number | undefined): string =>
  error === undefined ? "" : ` ±${Math.round(error * 100)}%`;

const label = (value: number): string =>
  Math.abs(value) >= 10_000 ? value.toExponential(1) : String(value);

const escapeXml = (text: string): string =>
  text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`).replace(/[^\t\n\r\x20-\uFFFD]/g, "");

function checkRange(name: string, value: number, low: number, high: number): void {
  if (!(value >= low && value <= high))
    throw new InvalidArgumentError(
      name,
      `${name} is ${describeValue(value)}; allowed: ${low} to ${high}`,
    );
}

function checkAxis(name: string, axis: FrontAxis): void {
  if (!Object.hasOwn(AXIS_LABEL, axis))
    throw new InvalidArgumentError(
      name,
      `${name} is ${describeValue(axis)}; allowed: ${Object.keys(AXIS_LABEL).join(", ")}`,
    );
}

function checkMarks(marks: readonly FrontMark[]): void {
  const known =
    Array.isArray(marks) &&
    marks.every((mark) => typeof (mark as Partial<FrontMark> | null)?.label === "string");
  if (!known)
    throw new InvalidArgumentError(
      "marks",
      `marks is ${describeValue(marks)}; allowed: a list of { label, genome }, the labels ` +
        "being texts",
    );
  for (const [i, { genome }] of marks.entries()) checkGenome(genome, `marks.${i}.genome`);
}

/** The metric says what accuracy means. */
function accuracyLabel({ accuracyMetric }: GenomeMetrics): string {
  return accuracyMetric === "" ? AXIS_LABEL.accuracy : `${AXIS_LABEL.accuracy} (${accuracyMetric})`;
}
