import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError } from "../errors.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import { type ExportContext, exportToString } from "./export-to-string.js";
import type { DocumentFormat } from "./parse-quantization-config.js";

/**
 * Writes a genome's document to a file, whole or not at all (see `writeFileAtomically`).
 * @param path an existing folder and a file name; a file that is there is replaced
 * @param format default: YAML for a path that ends in .yaml or .yml, else JSON
 * @throws FileError when the file cannot be written; InvalidArgumentError as {@link exportToString}
 *   does
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
  const { writeFileAtomically } = await import("../files/write-file-atomically.js");
  await writeFileAtomically(path, text);
}
