import { InvalidArgumentError } from "../errors.js";
import { checkGenomes } from "../genome/check-genomes.js";
import type { GenomeMetrics, QuantizationGenome } from "../genome/quantization-genome.js";

/**
 * A front for people: without the genomes that another one beats within the known error of
 * predicted latency and energy. Such a genome is on the front only for milliseconds or millijoules
 * that a cost model cannot tell apart. One that is kept is at least as accurate and as small as
 * those that it stands for, better in one of both, and not slower or hungrier by more than the
 * error. Where costs are measured, or nobody has checked the cost model, nothing is folded.
 * @param genomes evaluated, as `result.paretoFront` is
 * @returns some of them, in the order given
 * @throws InvalidArgumentError for what is no genome, or was not evaluated
 * @example
 * ```ts fragment
 * import { foldFront } from "quantevo/export";
 *
 * for (const genome of foldFront(engine.paretoFront)) console.log(genome.accuracy);
 * ```
 */
export function foldFront(genomes: readonly QuantizationGenome[]): QuantizationGenome[] {
  checkGenomes(genomes, "genomes");
  const metrics = genomes.map(({ metrics: found }, i) => {
    if (found !== undefined) return found;
    const path = `genomes.${i}`;
    throw new InvalidArgumentError(path, `${path} was not evaluated; allowed: evaluated genomes`);
  });
  // What may stand for others comes before them.
  const order = [...metrics.keys()].sort(
    (a, b) =>
      metrics[b]!.accuracy - metrics[a]!.accuracy || bytesOf(metrics[a]!) - bytesOf(metrics[b]!),
  );
  const kept: number[] = [];
  for (const at of order)
    if (!kept.some((other) => standsFor(metrics[other]!, metrics[at]!))) kept.push(at);
  return kept.sort((a, b) => a - b).map((at) => genomes[at]!);
}

function bytesOf({ fileBytes, sizeBytes }: GenomeMetrics): number {
  return fileBytes ?? sizeBytes;
}

function standsFor(one: GenomeMetrics, other: GenomeMetrics): boolean {
  if (one.costKind !== "predicted") return false;
  const { latencyRelativeError: latency, energyRelativeError: energy } = one;
  if (latency === undefined || energy === undefined) return false;
  const [size, otherSize] = [bytesOf(one), bytesOf(other)];
  return (
    one.accuracy >= other.accuracy &&
    size <= otherSize &&
    (one.accuracy > other.accuracy || size < otherSize) &&
    one.inferenceLatencyMs <= other.inferenceLatencyMs * (1 + latency) &&
    one.energyPerInferenceMj <= other.energyPerInferenceMj * (1 + energy)
  );
}
