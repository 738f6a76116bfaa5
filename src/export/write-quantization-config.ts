import { FileError, InvalidArgumentError } from "../errors.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import { describeValue } from "./describe-issue.js";
import { type ExportContext, exportToString } from "./export-to-string.js";
import type { DocumentFormat } from "./parse-quantization-config.js";

/**
 * Writes a genome's document to a file; the only place of the core that touches the file system. The text goes
 * to a new file beside it first and takes its place by renaming, so a reader never sees half a document.
 * @param path an existing folder and a file name; a file that is there is replaced
 * @param format default: YAML for a path that ends in .yaml or .yml, else JSON
 * @throws FileError when the file cannot be written; InvalidArgumentError as {@link exportToString} does
 */
export async function writeQuantizationConfig(
  genome: QuantizationGenome,
  path: string,
  format: DocumentFormat = /\.ya?ml$/i.test(path) ? "yaml" : "json",
  context: ExportContext = {},
): Promise<void> {
  if (typeof path !== "string" || path === "")
    throw new InvalidArgumentError(
      "outputPath",
      `outputPath is ${path === "" ? "empty" : describeValue(path)}; allowed: the path of a file`,
    );
  const text = exportToString(genome, format, context);
  const { open, rename, rm } = await import("node:fs/promises");
  const { randomUUID } = await import("node:crypto");
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(text, "utf8");
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new FileError(path, `${path} cannot be written: ${(error as Error).message}`, { cause: error });
  }
}
