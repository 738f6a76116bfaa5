import { stringify } from "yaml";
import type { z } from "zod";
import { checkFields } from "../check/check-fields.js";
import { describeIssue } from "../check/describe-issue.js";
import { describeValue } from "../check/describe-value.js";
import { DOCUMENT_LIMITS } from "../check/document-limits.js";
import { InvalidArgumentError } from "../errors.js";
import { checkNotes } from "../genome/check-genomes.js";
import { checkGenome, type QuantizationGenome } from "../genome/quantization-genome.js";
import { quantizationDocumentSchema, SCHEMA_VERSION } from "./document-schema.js";
import { GENERATOR } from "./generator.js";
import { genomeToData, type LayerCalibration } from "./genome-data.js";
import type { DocumentFormat } from "./parse-quantization-config.js";

/** What a document says beside the genome. */
export interface ExportContext {
  /** Name of the hardware target that the metrics hold for. */
  readonly target?: string | undefined;
  /** Name of the model that the layers belong to. */
  readonly model?: string | undefined;
  /** Calibrated parameters by layer name; layers that the genome does not have are left out. */
  readonly calibrated?: ReadonlyMap<string, LayerCalibration> | undefined;
  /** For people: what was widened, emulated or estimated. */
  readonly notes?: readonly string[] | undefined;
}

/**
 * Writes a genome as a document of schema version 1. It has the target, the metrics with their
 * predicted or measured label, and the settings of every layer, with calibrated scales and zero
 * points where the context has them. Equal input gives equal text: there is no clock in it.
 * `parseQuantizationConfig` reads it back without loss. In YAML every text is in double quotes, so
 * that readers of YAML 1.1 do not take `yes` for a boolean.
 * @throws InvalidArgumentError for what is no genome or known context, when a metric or scale is
 *   not finite, or the text would be longer than can be read back
 * @example
 * ```ts
 * import { exportToString, parseQuantizationConfig, QuantizationGenome } from "quantevo";
 *
 * const genome = new QuantizationGenome({ layerConfigs: { ffn: { weightBits: 4 } } });
 * const text = exportToString(genome, "yaml");
 * parseQuantizationConfig(text).key === genome.key; // true
 * ```
 */
export function exportToString(
  genome: QuantizationGenome,
  format: DocumentFormat = "json",
  context: ExportContext = {},
): string {
  checkGenome(genome, "genome");
  // What parseQuantizationDocument returns serves as a context too; its genome is not read.
  checkFields(context, "context", ["target", "model", "calibrated", "notes", "genome"]);
  const { calibrated, notes } = context;
  if (calibrated !== undefined && !(calibrated instanceof Map))
    throw new InvalidArgumentError(
      "calibrated",
      `calibrated is ${describeValue(calibrated)}; allowed: a Map of parameters by layer name`,
    );
  checkNotes(notes);
  if (format !== "json" && format !== "yaml")
    throw new InvalidArgumentError(
      "format",
      `format is ${describeValue(format)}; allowed: json, yaml`,
    );
  const data = {
    schemaVersion: SCHEMA_VERSION,
    kind: "quantization-config",
    generator: GENERATOR,
    ...(context.target !== undefined && { target: context.target }),
    ...(context.model !== undefined && { model: context.model }),
    ...genomeToData(genome, context.calibrated),
    ...(context.notes !== undefined && context.notes.length > 0 && { notes: [...context.notes] }),
  };
  checkWritable(quantizationDocumentSchema, data);
  const text = format === "json" ? `${JSON.stringify(data, null, 2)}\n` : toYaml(data);
  const lines = format === "yaml" ? text.split("\n").length : 0;
  if (lines > DOCUMENT_LIMITS.yamlLines)
    throw new InvalidArgumentError(
      "format",
      `the document would have ${lines} lines; allowed: at most ${DOCUMENT_LIMITS.yamlLines} ` +
        "in yaml, any number in json",
    );
  const limit = format === "json" ? DOCUMENT_LIMITS.jsonCharacters : DOCUMENT_LIMITS.yamlCharacters;
  if (text.length > limit)
    throw new InvalidArgumentError(
      "format",
      `the document would have ${text.length} characters; allowed: at most ${limit} in ${format}`,
    );
  return text;
}

/** @throws InvalidArgumentError when what was to be written could not be read back */
export function checkWritable(schema: z.ZodType, data: unknown): void {
  const result = schema.safeParse(data);
  if (result.success) return;
  const { path, message } = describeIssue(result.error, data);
  throw new InvalidArgumentError(path, message);
}

function toYaml(data: unknown): string {
  return stringify(data, {
    version: "1.2",
    schema: "core",
    lineWidth: 0,
    defaultStringType: "QUOTE_DOUBLE",
    defaultKeyType: "PLAIN",
    doubleQuotedAsJSON: true,
    aliasDuplicateObjects: false,
  });
}
