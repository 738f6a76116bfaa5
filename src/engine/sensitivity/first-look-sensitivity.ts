import type { NoiseTable } from "../../evaluation/noise/noise-table.js";
import { float32Genome } from "../../evaluation/uniform-genome.js";
import type { GeneSpace } from "../../genome/gene-space.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import type { ModelSpec } from "../../model/layer-spec.js";
import { anchorConfig } from "../../operators/sampling/anchor-config.js";
import type { MeasuredLoss } from "../budget/measured-loss.js";
import type { MeasuredRecord } from "../budget/measured-record.js";
import type { EvaluationLedger } from "../ledger/evaluation-ledger.js";

/** Name of this way to tell sensitivities, in a checkpoint's identity. */
export const FIRST_LOOK = "first-look";

/** What {@link firstLookSensitivity} measures with. */
export interface FirstLookParts {
  readonly model: ModelSpec;
  readonly space: GeneSpace;
  readonly noiseTable: NoiseTable;
  readonly ledger: EvaluationLedger;
  /** Told by the ledger what it measured. */
  readonly record: MeasuredRecord;
  /** Samples of a look, and of a whole evaluation. */
  readonly samples: number;
  readonly sampleCount: number;
  /** Whole evaluations that a second look at layers may cost, and that are left in all. */
  readonly secondLook: number;
  readonly left: () => number;
}

/** How much each layer minds being quantized, by name. */
export interface FirstLookSensitivity {
  /** Loss of the layer alone at a low width; not below the error of measuring it, and above 0. */
  readonly harms: ReadonlyMap<string, number>;
  /** The same for each relative noise power of its weights. */
  readonly perNoise: ReadonlyMap<string, number>;
  /**
   * How far off that may be, as a share: the error of measuring it, and what one width does not
   * tell of others.
   */
  readonly deviations: ReadonlyMap<string, number>;
  /** The budget left no room for a second look. */
  readonly cut: boolean;
}

/** Width at which a layer alone is measured, or the nearest that it may have. */
const PROBE_BITS = 3;
/**
 * Least relative noise power that a harm is divided by: the error of measuring it is not to become
 * a sensitivity.
 */
const LEAST_NOISE = 1e-3;
/** How far off the loss of other widths is at equal sensitivity, as a share. */
const WIDTH_ERROR = 0.1;
/** Relative error of a look from which on another one tells little more. */
const SURE = 0.2;

/** Error of a look as a share of what it shows; 1 where it failed, and more where nothing shows. */
function relativeError(look: MeasuredLoss | undefined): number {
  if (look === undefined) return 1;
  return Math.min(MOST_ERROR, Math.sqrt(look.variance) / Math.max(look.loss, Number.MIN_VALUE));
}

/** Most of the rest of a budget that a second look may take. */
const MOST_OF_REST = 1 / 3;

/** Errors beyond are all alike. */
const MOST_ERROR = 10;

/**
 * Measures each layer alone at a low width, all else in float32, on few samples, and those whose
 * loss does not stand out from its error on more. Out of the budget of the ledger, and known to the
 * record as any other measurement. A layer whose look failed counts as the one that minds most.
 * @returns undefined when no layer lost anything that shows
 */
export async function firstLookSensitivity(
  parts: FirstLookParts,
): Promise<FirstLookSensitivity | undefined> {
  const { model, space, noiseTable, ledger, record, samples } = parts;
  const floats = float32Genome(model);
  const probes = model.layers.map(({ name }): Probe => {
    const config = anchorConfig(space.layers.get(name)!, PROBE_BITS);
    const genome = floats.with({ layerConfigs: new Map(floats.layerConfigs).set(name, config) });
    const noise = noiseTable.weightNoise(name, config, config.calibrationMethod ?? "mse");
    return { name, genome, noise };
  });
  await ledger.evaluate(
    probes.map(({ genome }) => genome),
    samples,
  );
  const looksSoFar = () => probes.map(({ genome }) => record.measuredLossOf(genome));
  if (losses(looksSoFar()).length === 0) return undefined;
  const cut = await lookAgain(probes, parts);
  const looks = looksSoFar();
  // Scores that are right or wrong often show nothing of a layer on few samples: it loses less than
  // the least that shows.
  const shown = losses(looks);
  const least = (shown.length === 0 ? 1 / parts.sampleCount : Math.min(...shown)) / 2;
  const harmOf = ({ loss, variance }: MeasuredLoss) => Math.max(loss, Math.sqrt(variance), least);
  const most = Math.max(...looks.map((look) => (look ? harmOf(look) : 0)));
  const told = probes.map(({ name, noise }, i) => {
    const look = looks[i];
    const harm = look ? harmOf(look) : most;
    return {
      name,
      noise,
      harm,
      deviation: Math.hypot(Math.min(1, relativeError(look)), WIDTH_ERROR),
    };
  });
  return {
    cut,
    harms: new Map(told.map(({ name, harm }) => [name, harm])),
    deviations: new Map(told.map(({ name, deviation }) => [name, deviation])),
    perNoise: new Map(
      told.map(({ name, harm, noise }) => [name, harm / Math.max(noise, LEAST_NOISE)]),
    ),
  };
}

/** Losses that show. */
function losses(looks: readonly (MeasuredLoss | undefined)[]): readonly number[] {
  return looks.flatMap((look) => (look && look.loss > 0 ? [look.loss] : []));
}

/** A layer alone, quantized. */
interface Probe {
  readonly name: string;
  readonly genome: QuantizationGenome;
  /** Relative noise power of its weights. */
  readonly noise: number;
}

/**
 * Looks again, on more samples, at layers whose loss does not stand out from its error.
 * @returns whether the budget left no room for it
 */
async function lookAgain(
  probes: readonly Probe[],
  { ledger, record, samples, sampleCount, secondLook, left }: FirstLookParts,
): Promise<boolean> {
  const errors = new Map<QuantizationGenome, number>();
  for (const { genome } of probes) {
    const look = record.measuredLossOf(genome);
    if (look !== undefined && relativeError(look) > SURE) errors.set(genome, relativeError(look));
  }
  const wanted = samples * (Math.max(0, ...errors.values()) / SURE) ** 2;
  const allowed = (secondLook * sampleCount) / Math.max(1, errors.size);
  const more = Math.floor(Math.min(wanted, allowed, sampleCount));
  if (more < 2 * samples) return false;
  if ((errors.size * more) / sampleCount > MOST_OF_REST * left()) return true;
  await ledger.evaluate([...errors.keys()], more);
  return false;
}
