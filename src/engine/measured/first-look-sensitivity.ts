import type { NoiseTable } from "../../evaluation/noise-table.js";
import { float32Genome } from "../../evaluation/uniform-genome.js";
import type { ModelSpec } from "../../model/layer-spec.js";
import type { SearchRules } from "../../operators/contract.js";
import { anchorConfig } from "../../operators/sampling/anchor-config.js";
import type { EvaluationLedger } from "../evaluation-ledger.js";
import type { MeasuredLoss } from "./measured-loss.js";
import type { MeasuredRecord } from "./measured-record.js";

/** Name of this way to tell sensitivities, in a checkpoint's identity. */
export const FIRST_LOOK = "first-look";

/** What {@link firstLookSensitivity} measures with. */
export interface FirstLookParts {
  readonly model: ModelSpec;
  readonly rules: SearchRules;
  readonly noiseTable: NoiseTable;
  readonly ledger: EvaluationLedger;
  /** Told by the ledger what it measured. */
  readonly record: MeasuredRecord;
  /** Samples of a look. */
  readonly samples: number;
}

/** How much each layer minds being quantized, by name. */
export interface FirstLookSensitivity {
  /** Loss of the layer alone at a low width; not below the error of measuring it, and above 0. */
  readonly harms: ReadonlyMap<string, number>;
  /** The same for each relative noise power of its weights. */
  readonly perNoise: ReadonlyMap<string, number>;
}

/** Width at which a layer alone is measured, or the nearest that it may have. */
const PROBE_BITS = 3;
/** Least relative noise power that a harm is divided by: the error of measuring it is not to become a sensitivity. */
const LEAST_NOISE = 1e-3;

/**
 * Measures each layer alone at a low width, all else in float32, on few samples. Out of the budget of the ledger, and
 * known to the record as any other measurement. A layer whose look failed counts as the one that minds most.
 * @returns undefined when no layer lost anything that shows
 */
export async function firstLookSensitivity({
  model,
  rules,
  noiseTable,
  ledger,
  record,
  samples,
}: FirstLookParts): Promise<FirstLookSensitivity | undefined> {
  const floats = float32Genome(model);
  const probes = model.layers.map(({ name }) => {
    const config = anchorConfig(rules.layers.get(name)!, PROBE_BITS);
    const genome = floats.with({ layerConfigs: new Map(floats.layerConfigs).set(name, config) });
    const noise = noiseTable.weightNoise(name, config, config.calibrationMethod ?? "mse");
    return { name, genome, noise };
  });
  await ledger.evaluate(
    probes.map(({ genome }) => genome),
    samples,
  );
  const looks = probes.map(({ genome }) => record.measuredLossOf(genome));
  // Scores that are right or wrong often show nothing of a layer on few samples: it loses less than the least that shows.
  const shown = looks.flatMap((look) => (look && look.loss > 0 ? [look.loss] : []));
  if (shown.length === 0) return undefined;
  const least = Math.min(...shown) / 2;
  const harmOf = ({ loss, variance }: MeasuredLoss) => Math.max(loss, Math.sqrt(variance), least);
  const most = Math.max(...looks.map((look) => (look ? harmOf(look) : 0)));
  const told = probes.map(({ name, noise }, i) => {
    const look = looks[i];
    return { name, noise, harm: look ? harmOf(look) : most };
  });
  return {
    harms: new Map(told.map(({ name, harm }) => [name, harm])),
    perNoise: new Map(told.map(({ name, harm, noise }) => [name, harm / Math.max(noise, LEAST_NOISE)])),
  };
}
