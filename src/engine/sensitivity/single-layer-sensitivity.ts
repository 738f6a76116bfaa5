import type { NoiseTable } from "../../evaluation/noise/noise-table.js";
import { float32Genome } from "../../evaluation/uniform-genome.js";
import type { GeneSpace } from "../../genome/gene-space.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";

import type { ModelSpec } from "../../model/layer-spec.js";
import { anchorConfig } from "../../operators/sampling/anchor-config.js";
import type { MeasuredLoss } from "../budget/measured-loss.js";
import type { MeasuredRecord } from "../budget/measured-record.js";
import type { EvaluationLedger } from "../ledger/evaluation-ledger.js";

/** The name of this sensitivity in a checkpoint's identity. */
export const SINGLE_LAYER = "single-layer";

/** What {@link singleLayerSensitivity} measures with. */
export interface SingleLayerContext {
  readonly model: ModelSpec;
  /** The choices of each layer. */
  readonly space: Pick<GeneSpace, "layers">;
  readonly noiseTable: NoiseTable;
  /** Counts the evaluations, and reports them to `record`. */
  readonly ledger: EvaluationLedger;
  /** Receives from the ledger every measurement. */
  readonly record: MeasuredRecord;
  /** Samples of a low-fidelity evaluation. */
  readonly samples: number;
  /** Samples of a whole evaluation. */
  readonly sampleCount: number;
  /** Most whole evaluations that a second measurement of uncertain layers may cost. */
  readonly remeasureAllowance: number;
  /** Whole evaluations that are left of the run's budget. */
  readonly left: () => number;
}

/** Sensitivity of each layer by name, from measurements of single layers. */
export interface SingleLayerSensitivity {
  /**
   * Loss increase when the layer alone has a low width. Above 0, and at least the standard error of
   * its measurement.
   */
  readonly lossIncreases: ReadonlyMap<string, number>;
  /** The loss increase per relative noise power of the layer's weights. */
  readonly perNoise: ReadonlyMap<string, number>;
  /**
   * Relative uncertainty of `perNoise`, from the standard error of the measurement and the step
   * from one width to others.
   */
  readonly deviations: ReadonlyMap<string, number>;
  /** Whether the budget was too small for a second measurement that was due. */
  readonly cut: boolean;
}

/** Measures the loss of single layers within a ledger's budget. */
export type MeasureSingleLayers = (
  ledger: EvaluationLedger,
) => Promise<SingleLayerSensitivity | undefined>;

/** Weight bits at which a layer alone is measured, or the nearest that its space allows. */
const PROBE_BITS = 3;
/**
 * Least relative noise power that a loss increase is divided by. Below it, the quotient would be
 * measurement error rather than sensitivity.
 */
const LEAST_NOISE = 1e-3;
/** Relative error of the loss at other widths, at equal sensitivity. */
const WIDTH_ERROR = 0.1;
/** Relative error of a measurement from which a second one adds little. */
const PRECISE = 0.2;
/** Largest share of the rest of a budget that second measurements may take. */
const MOST_OF_REST = 1 / 3;
/** Relative errors above this one are treated alike. */
const MOST_ERROR = 10;

/** Standard error over the loss: 1 where the measurement failed, large where no loss shows. */
function relativeError(measured: MeasuredLoss | undefined): number {
  if (measured === undefined) return 1;
  const { loss, variance } = measured;
  return Math.min(MOST_ERROR, Math.sqrt(variance) / Math.max(loss, Number.MIN_VALUE));
}

/**
 * Measures the loss of each layer alone at a low width, with the rest in float32. Every layer gets
 * a low-fidelity evaluation. Layers whose loss does not stand out from its error get a second one
 * on more samples. A layer whose measurement failed counts as the most sensitive one.
 * @returns undefined when no layer showed a loss
 */
export async function singleLayerSensitivity(
  context: SingleLayerContext,
): Promise<SingleLayerSensitivity | undefined> {
  const { model, space, noiseTable, ledger, record, samples } = context;
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
  const measuredSoFar = () => probes.map(({ genome }) => record.measuredLossOf(genome));
  if (positiveLosses(measuredSoFar()).length === 0) return undefined;
  const cut = await measureAgain(probes, context);
  const measured = measuredSoFar();
  // On few samples, right-or-wrong scores often show no loss of a layer. Its loss is then below the
  // least that shows.
  const shown = positiveLosses(measured);
  const least = (shown.length === 0 ? 1 / context.sampleCount : Math.min(...shown)) / 2;
  const lossIncreaseOf = ({ loss, variance }: MeasuredLoss) =>
    Math.max(loss, Math.sqrt(variance), least);
  const most = Math.max(...measured.map((one) => (one ? lossIncreaseOf(one) : 0)));
  const rows = probes.map(({ name, noise }, i) => {
    const one = measured[i];
    return {
      name,
      noise,
      lossIncrease: one ? lossIncreaseOf(one) : most,
      deviation: Math.hypot(Math.min(1, relativeError(one)), WIDTH_ERROR),
    };
  });
  return {
    cut,
    lossIncreases: new Map(rows.map(({ name, lossIncrease }) => [name, lossIncrease])),
    deviations: new Map(rows.map(({ name, deviation }) => [name, deviation])),
    perNoise: new Map(
      rows.map(({ name, lossIncrease, noise }) => [
        name,
        lossIncrease / Math.max(noise, LEAST_NOISE),
      ]),
    ),
  };
}

/** Losses above 0. */
function positiveLosses(measured: readonly (MeasuredLoss | undefined)[]): readonly number[] {
  return measured.flatMap((one) => (one && one.loss > 0 ? [one.loss] : []));
}

/** A genome with one layer quantized. */
interface Probe {
  readonly name: string;
  readonly genome: QuantizationGenome;
  /** Relative noise power of the layer's weights. */
  readonly noise: number;
}

/**
 * Measures layers on more samples if their loss does not stand out from its error.
 * @returns whether the budget was too small for it
 */
async function measureAgain(
  probes: readonly Probe[],
  { ledger, record, samples, sampleCount, remeasureAllowance, left }: SingleLayerContext,
): Promise<boolean> {
  const errors = new Map<QuantizationGenome, number>();
  for (const { genome } of probes) {
    const measured = record.measuredLossOf(genome);
    if (measured !== undefined && relativeError(measured) > PRECISE)
      errors.set(genome, relativeError(measured));
  }
  const wanted = samples * (Math.max(0, ...errors.values()) / PRECISE) ** 2;
  const allowed = (remeasureAllowance * sampleCount) / Math.max(1, errors.size);
  const more = Math.floor(Math.min(wanted, allowed, sampleCount));
  if (more < 2 * samples) return false;
  if ((errors.size * more) / sampleCount > MOST_OF_REST * left()) return true;
  await ledger.evaluate([...errors.keys()], more);
  return false;
}
