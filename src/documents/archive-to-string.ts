import { checkSource } from "../genome/check-genomes.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import { archiveDocumentSchema, SCHEMA_VERSION } from "./document-schema.js";
import { checkWritable } from "./export-to-string.js";
import { GENERATOR } from "./generator.js";
import { genomeToData } from "./genome-data.js";
import type { ArchiveDocument } from "./parse-quantization-config.js";

/**
 * An archive to write: the result of a run, an archive that was read from a document, or a list of
 * genomes.
 */
export type ArchiveSource =
  | readonly QuantizationGenome[]
  | ArchiveDocument
  | {
      readonly paretoFront: readonly QuantizationGenome[];
      readonly target?: string | undefined;
      readonly evaluatorIdentity?: string | undefined;
      readonly seed?: string | number | undefined;
      readonly notes?: readonly string[] | undefined;
    };

/**
 * Writes a whole archive as one JSON document, genomes in the order of their keys. Equal archives
 * give the same bytes, whatever the order in which they were found; `parseArchive` reads it back.
 * @throws InvalidArgumentError for what is no archive or genome, and when a metric is not finite
 * @example
 * ```ts
 * import { archiveToString, parseArchive, QuantizationEvolutionEngine } from "quantevo";
 *
 * const engine = new QuantizationEvolutionEngine({ maxGenerations: 2, seed: 1 });
 * const result = await engine.runEvolution(["embedding", "attention", "output"]);
 * parseArchive(archiveToString(result)).genomes.length === result.paretoFront.length; // true
 * ```
 */
export function archiveToString(source: ArchiveSource): string {
  checkSource(source);
  const archive: Exclude<ArchiveSource, readonly unknown[]> =
    "paretoFront" in source || "genomes" in source ? source : { paretoFront: source };
  const found = "genomes" in archive ? archive.genomes : archive.paretoFront;
  const genomes = [...found].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const data = {
    schemaVersion: SCHEMA_VERSION,
    kind: "quantization-archive",
    generator: GENERATOR,
    ...(archive.target !== undefined && { target: archive.target }),
    ...(archive.evaluatorIdentity !== undefined && {
      evaluatorIdentity: archive.evaluatorIdentity,
    }),
    ...(archive.seed !== undefined && { seed: archive.seed }),
    ...(archive.notes !== undefined && archive.notes.length > 0 && { notes: [...archive.notes] }),
    genomes: genomes.map((genome) => genomeToData(genome)),
  };
  checkWritable(archiveDocumentSchema, data);
  return `${JSON.stringify(data, null, 2)}\n`;
}
