import { isRecord } from "../check/check-fields.js";
import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError } from "../errors.js";
import { checkGenome, type QuantizationGenome } from "./quantization-genome.js";

/** @throws InvalidArgumentError unless the value is a list of genomes */
export function checkGenomes(
  value: unknown,
  path: string,
): asserts value is readonly QuantizationGenome[] {
  if (!Array.isArray(value))
    throw new InvalidArgumentError(
      path,
      `${path} is ${describeValue(value)}; allowed: a list of QuantizationGenome`,
    );
  for (const [i, genome] of value.entries()) checkGenome(genome, `${path}.${i}`);
}

/**
 * @throws InvalidArgumentError unless `value` is an archive source: a list of genomes, or an object
 *   with `paretoFront` or `genomes`
 */
export function checkSource(value: unknown): void {
  if (Array.isArray(value)) {
    checkGenomes(value, "source");
    return;
  }
  const { paretoFront, genomes, notes } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const name = genomes === undefined ? "paretoFront" : "genomes";
  const found = genomes ?? paretoFront;
  if (typeof value !== "object" || found === undefined)
    throw new InvalidArgumentError(
      "source",
      "source is " +
        `${isRecord(value) ? "an object without paretoFront" : describeValue(value)}; allowed: ` +
        "a list of QuantizationGenome, or an object with paretoFront",
    );
  checkGenomes(found, name);
  checkNotes(notes);
}

/** @throws InvalidArgumentError unless `value` is a list or undefined */
export function checkNotes(value: unknown): void {
  if (value !== undefined && !Array.isArray(value))
    throw new InvalidArgumentError(
      "notes",
      `notes is ${describeValue(value)}; allowed: a list of texts`,
    );
}
