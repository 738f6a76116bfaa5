import { readFileSync } from "node:fs";
import {
  type AllocationProblem,
  checkAllocationProblem,
} from "../src/allocation/allocation-problem.js";
import { FileError, InvalidDocumentError } from "../src/errors.js";

/** An allocation problem from a file, and what is asked of it. */
export interface AllocationInstance {
  readonly name: string;
  readonly problem: AllocationProblem;
  /** Every number of a choice but `bits`; all minimised. */
  readonly metrics: readonly string[];
  /** The metric that is minimised under budgets: `omega`, or `error` where that is its name. */
  readonly minimized: string;
  /** Budgets as shares of the way from the least sum of a metric to the greatest. */
  readonly budgets: readonly number[];
}

/**
 * Reads an instance: `{ layers: [{ name, choices: [{ bits, omega, ... }] }], ties, budgets }` as
 * HAWQ-V3's anchor has it, or layers with a list for each metric as mixed-precision-50 has it.
 * @throws FileError, InvalidDocumentError or InvalidArgumentError that name the field
 */
export function readInstance(path: string): AllocationInstance {
  const document = parsed(path);
  if (
    typeof document !== "object" ||
    document === null ||
    !Array.isArray((document as Instance).layers)
  )
    throw new InvalidDocumentError(
      "layers",
      "the instance has no list layers; allowed: { layers: [...] }",
    );
  const { name = path, layers, ties, budgets = [0.25, 0.5, 0.75] } = document as Instance;
  if (
    !Array.isArray(budgets) ||
    !budgets.every((part) => typeof part === "number" && Number.isFinite(part))
  )
    throw new InvalidDocumentError(
      "budgets",
      "budgets is no list of numbers; allowed: shares such as 0.5",
    );
  const problem = { layers: layers.map(withChoices), ties } as unknown as AllocationProblem;
  // The first choice tells which kind the metrics are. The second check finds a missing one
  // elsewhere.
  checkAllocationProblem(problem, []);
  const metrics = Object.keys(problem.layers[0]!.choices[0]!).filter((metric) => metric !== "bits");
  checkAllocationProblem(problem, metrics);
  checkSums(problem, metrics);
  const minimized = ["omega", "error"].find((metric) => metrics.includes(metric));
  if (minimized === undefined || metrics.length < 2)
    throw new InvalidDocumentError(
      "layers.0.choices.0",
      `layers.0.choices.0 has the metrics [${metrics}]; allowed: omega (or error) and at ` +
        "least one cost",
    );
  return { name: String(name), problem, metrics, minimized, budgets };
}

/** Fronts and hypervolumes are sums and differences of sums, so both must be finite. */
function checkSums({ layers }: AllocationProblem, metrics: readonly string[]): void {
  for (const metric of metrics) {
    let most = 0;
    for (const [i, { choices }] of layers.entries()) {
      const sizes = choices.map((choice) => Math.abs(choice[metric]!));
      const largest = sizes.indexOf(Math.max(...sizes));
      most += sizes[largest]!;
      if (most > Number.MAX_VALUE / 2) {
        const path = `layers.${i}.choices.${largest}.${metric}`;
        throw new InvalidDocumentError(
          path,
          `${path} is ${choices[largest]![metric]}; allowed: numbers whose sum over the ` +
            "layers stays below 8e307",
        );
      }
    }
  }
}

interface Instance {
  readonly name?: unknown;
  readonly layers: readonly unknown[];
  readonly ties?: unknown;
  readonly budgets?: unknown;
}

function parsed(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new FileError(path, `${path} cannot be read: ${(cause as NodeJS.ErrnoException).code}`, {
      cause,
    });
  }
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw new InvalidDocumentError("", `${path} is no JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** A layer whose metrics are lists, as one with choices. */
function withChoices(layer: unknown): unknown {
  if (typeof layer !== "object" || layer === null || "choices" in layer) return layer;
  const lists = Object.entries(layer).filter(([, value]) => Array.isArray(value)) as [
    string,
    unknown[],
  ][];
  if (lists.length === 0) return layer;
  const choices = lists[0]![1].map((_, i) =>
    Object.fromEntries(lists.map(([name, list]) => [name, list[i]])),
  );
  return { name: (layer as { name?: unknown }).name, choices };
}
