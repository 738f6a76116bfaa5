import type { z } from "zod";
import { describeIssue } from "../check/describe-issue.js";
import { describeValue } from "../check/describe-value.js";
import { readJson } from "../check/read-json.js";
import { InvalidDocumentError } from "../errors.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import {
  archiveDocumentSchema,
  quantizationDocumentSchema,
  SCHEMA_VERSION,
} from "./document-schema.js";
import { genomeFromData, type LayerCalibration } from "./genome-data.js";
import { readYaml } from "./read-yaml.js";

/** The two notations of a document. */
export type DocumentFormat = "json" | "yaml";

/** Everything a document of one genome says. */
export interface QuantizationDocument {
  readonly genome: QuantizationGenome;
  /** Name of the hardware target, when the document names one. */
  readonly target: string | undefined;
  /** Name of the model, when the document names one. */
  readonly model: string | undefined;
  /** By layer name; layers without calibrated parameters are absent. */
  readonly calibrated: ReadonlyMap<string, LayerCalibration>;
  readonly notes: readonly string[];
}

/** Everything a document of an archive says. */
export interface ArchiveDocument {
  readonly genomes: readonly QuantizationGenome[];
  readonly target: string | undefined;
  /** What tells the evaluator of the run from others, when the document says it. */
  readonly evaluatorIdentity: string | undefined;
  readonly seed: string | number | undefined;
  readonly notes: readonly string[];
}

/**
 * Reads the genome from a document that `exportToString` wrote, metrics included.
 * @param format default: JSON when the first character is a brace, else YAML
 * @throws InvalidDocumentError on anything else; the path is the field (`layers.3.weightBits`) or,
 *   where the text itself is at fault, `line N`
 * @example
 * ```ts
 * import { InvalidDocumentError, parseQuantizationConfig } from "quantevo";
 *
 * try {
 *   parseQuantizationConfig('{ "schemaVersion": 1 }');
 * } catch (error) {
 *   if (error instanceof InvalidDocumentError) console.log(error.path, error.message);
 * }
 * ```
 */
export function parseQuantizationConfig(text: string, format?: DocumentFormat): QuantizationGenome {
  return parseQuantizationDocument(text, format).genome;
}

/**
 * Like {@link parseQuantizationConfig}, with target, calibrated parameters and notes. @throws
 * InvalidDocumentError
 */
export function parseQuantizationDocument(
  text: string,
  format?: DocumentFormat,
): QuantizationDocument {
  const data = check(quantizationDocumentSchema, readText(text, format), "quantization-config");
  return {
    ...genomeFromData(data),
    target: data.target,
    model: data.model,
    notes: data.notes ?? [],
  };
}

/**
 * Reads a document that `archiveToString` wrote. @throws InvalidDocumentError as
 * {@link parseQuantizationConfig} does
 */
export function parseArchive(text: string): ArchiveDocument {
  const data = check(archiveDocumentSchema, readText(text, "json"), "quantization-archive");
  return {
    genomes: data.genomes.map((genome, i) => genomeFromData(genome, `genomes.${i}.`).genome),
    target: data.target,
    evaluatorIdentity: data.evaluatorIdentity,
    seed: data.seed,
    notes: data.notes ?? [],
  };
}

function readText(text: string, format: DocumentFormat | undefined): unknown {
  if (typeof text !== "string")
    throw new InvalidDocumentError("", `the document is ${describeValue(text)}; allowed: text`);
  if (format !== undefined && format !== "json" && format !== "yaml")
    throw new InvalidDocumentError(
      "format",
      `format is ${describeValue(format)}; allowed: json, yaml`,
    );
  return (format ?? (/^\s*\{/.test(text) ? "json" : "yaml")) === "json"
    ? readJson(text)
    : readYaml(text);
}

function check<S extends z.ZodType>(schema: S, data: unknown, kind: string): z.infer<S> {
  if (typeof data !== "object" || data === null || Array.isArray(data))
    throw new InvalidDocumentError("", "the document is not an object; allowed: an object");
  const { schemaVersion, kind: given } = data as Record<string, unknown>;
  if (schemaVersion !== SCHEMA_VERSION)
    throw new InvalidDocumentError(
      "schemaVersion",
      `schemaVersion is ${found(schemaVersion)}; allowed: ${SCHEMA_VERSION}`,
    );
  if (given !== kind)
    throw new InvalidDocumentError("kind", `kind is ${found(given)}; allowed: ${kind}`);
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const { path, message } = describeIssue(parsed.error, data);
  throw new InvalidDocumentError(path, message);
}

/** What is there in a document, where a field may be left out. */
const found = (value: unknown): string => (value === undefined ? "missing" : describeValue(value));
