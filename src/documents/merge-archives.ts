import { checkFields, isRecord } from "../check/check-fields.js";
import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError } from "../errors.js";
import { totalViolation, violationVector } from "../evaluation/constraints.js";
import { objectiveVector } from "../evaluation/objectives.js";
import { checkGenomes } from "../genome/check-genomes.js";
import type { GenomeMetrics, QuantizationGenome } from "../genome/quantization-genome.js";
import { ParetoArchive } from "../pareto/pareto-archive.js";
import type { ArchiveSource } from "./archive-to-string.js";
import { genomeToData } from "./genome-data.js";

/** An archive to merge. */
export type MergeSource = ArchiveSource;

/** One front of several archives, fit for `archiveToString`. */
export interface MergedArchive {
  /**
   * As in a result: what no other genome of any archive dominates, most accurate first; see
   * `EvolutionResult`.
   */
  readonly paretoFront: readonly QuantizationGenome[];
  /** The front keeps to every limit that the runs had. */
  readonly feasible: boolean;
  /** What the archives say of their target; undefined when none does. */
  readonly target: string | undefined;
  /** What they say of their evaluator; undefined when none does. */
  readonly evaluatorIdentity: string | undefined;
}

/**
 * Merges the archives of several runs (other seeds, machines, parts of the space) into one front.
 * The order of the archives does not matter. Of genomes with equal objectives one is kept.
 * @param options.archiveLimit most genomes of the front, from 1; of more the most crowded leave.
 *   Default: no limit
 * @throws InvalidArgumentError (path `archives.N...`, or the option) for a bad option, what is no
 *   archive, a genome without metrics, and archives that cannot be compared. Those have other
 *   layers, another target, evaluator or metric, or predicted beside measured figures.
 * @example
 * ```ts
 * import { QuantizationEvolutionEngine } from "quantevo";
 * import { mergeArchives } from "quantevo/export";
 *
 * const run = (seed: number) =>
 *   new QuantizationEvolutionEngine({ maxGenerations: 2, seed }).runEvolution(["ffn", "output"]);
 * const { paretoFront } = mergeArchives([await run(1), await run(2)]);
 * console.log(paretoFront.length);
 * ```
 */
export function mergeArchives(
  archives: readonly MergeSource[],
  options: { readonly archiveLimit?: number | undefined } = {},
): MergedArchive {
  if (!Array.isArray(archives) || archives.length === 0)
    throw new InvalidArgumentError(
      "archives",
      `archives is ${describeValue(archives)}; allowed: a list of at least one archive`,
    );
  checkFields(options, "options", ["archiveLimit"]);
  const { archiveLimit: limit } = options;
  if (
    limit !== undefined &&
    !(limit === Number.POSITIVE_INFINITY || (Number.isInteger(limit) && limit >= 1))
  )
    throw new InvalidArgumentError(
      "archiveLimit",
      `archiveLimit is ${describeValue(limit)}; allowed: an integer from 1`,
    );
  const feasible = new ParetoArchive<QuantizationGenome>({ key: textOf });
  const infeasible = new ParetoArchive<QuantizationGenome>({ key: textOf });
  const common = new CommonGround();
  for (const [i, archive] of archives.entries()) {
    const { genomes, path } = genomesOf(archive, `archives.${i}`);
    if (!isList(archive)) common.checkSource(archive, `archives.${i}`);
    for (const [k, genome] of genomes.entries()) {
      const metrics = common.check(genome, `${path}.${k}`);
      if (totalViolation(metrics.violations) === 0)
        feasible.insert(genome, objectiveVector(metrics));
      else infeasible.insert(genome, violationVector(metrics.violations));
    }
  }
  const whole = feasible.size > 0 ? feasible : infeasible;
  // Thinned when all are in, in their own order: the archives' order then plays no part in who
  // leaves.
  const kept = new ParetoArchive<QuantizationGenome>({ key: textOf, capacity: limit });
  for (const { item, objectives } of whole.entries) kept.insert(item, objectives);
  return {
    paretoFront: kept.items,
    feasible: feasible.size > 0,
    target: common.value("target"),
    evaluatorIdentity: common.value("evaluatorIdentity"),
  };
}

/**
 * All that a genome says, its key first: of equals with other metrics (a fitness with other
 * weights) always the same one stays.
 */
const textOf = (genome: QuantizationGenome): string =>
  genome.key + JSON.stringify(genomeToData(genome));

const isList = (archive: MergeSource): archive is readonly QuantizationGenome[] =>
  Array.isArray(archive);

/** The genomes of an archive, and where in the arguments they are. */
function genomesOf(
  archive: MergeSource,
  path: string,
): { readonly genomes: readonly QuantizationGenome[]; readonly path: string } {
  if (!isList(archive) && !isRecord(archive))
    throw new InvalidArgumentError(
      path,
      `${path} is ${describeValue(archive)}; allowed: a result, an archive document or a ` +
        "list of genomes",
    );
  const [genomes, at] = isList(archive)
    ? [archive, path]
    : "genomes" in archive
      ? [archive.genomes, `${path}.genomes`]
      : [archive.paretoFront, `${path}.paretoFront`];
  checkGenomes(genomes, at);
  return { genomes, path: at };
}

/** What all archives must have in common, as the first that says it says it. */
class CommonGround {
  readonly #values = new Map<string, string>();

  value(name: "target" | "evaluatorIdentity"): string | undefined {
    return this.#values.get(name);
  }

  checkSource(archive: Exclude<MergeSource, readonly QuantizationGenome[]>, path: string): void {
    this.#same("target", archive.target, `${path}.target`);
    if ("evaluatorIdentity" in archive)
      this.#same("evaluatorIdentity", archive.evaluatorIdentity, `${path}.evaluatorIdentity`);
  }

  check({ metrics, layerConfigs }: QuantizationGenome, path: string): GenomeMetrics {
    if (metrics === undefined)
      throw new InvalidArgumentError(
        `${path}.metrics`,
        `${path} has no metrics; allowed: an evaluated genome`,
      );
    this.#same("layers", JSON.stringify([...layerConfigs.keys()].sort()), `${path}.layerConfigs`);
    this.#same("accuracyKind", metrics.accuracyKind, `${path}.metrics.accuracyKind`);
    this.#same("accuracyMetric", metrics.accuracyMetric, `${path}.metrics.accuracyMetric`);
    this.#same("costKind", metrics.costKind, `${path}.metrics.costKind`);
    return metrics;
  }

  #same(name: string, value: string | undefined, path: string): void {
    if (value === undefined) return;
    const first = this.#values.get(name);
    if (first === undefined) this.#values.set(name, value);
    else if (first !== value)
      throw new InvalidArgumentError(
        path,
        `${path} is ${value.slice(0, 120)}, an archive before it has ${first.slice(0, 120)}; ` +
          `allowed: archives that agree in ${name}`,
      );
  }
}
