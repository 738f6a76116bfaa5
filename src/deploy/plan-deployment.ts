import { InvalidArgumentError } from "../errors.js";
import { configOf } from "../evaluation/genome-size.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import type { ModelSpec } from "../model/layer-spec.js";
import { type ActivationFormats, formatKey } from "./activation-formats.js";
import { checkGenomeLayers } from "./check-genome-layers.js";
import type {
  DeploymentPlan,
  PlannedActivation,
  PlannedFloat,
  PlannedReader,
  PlannedWeight,
} from "./deployment-plan.js";
import type { PlacedActivation, Placement } from "./placement.js";
import type { LayerQuantizer, QuantizedWeights } from "./quantize-layer.js";

/** Where a plan gets codes and ranges from. */
export interface PlanOptions {
  /** Quantizes weights, and remembers them. */
  readonly quantizer: LayerQuantizer;
  /** Needed when the genome quantizes activations. */
  readonly ranges?: ActivationFormats | undefined;
  /** Weights by layer that are quantized already, as the genome says. */
  readonly ready?: ReadonlyMap<string, QuantizedWeights> | undefined;
}

/** True when the genome quantizes some activation, so that ranges are needed. */
export function needsRanges({ activations }: Placement, genome: QuantizationGenome): boolean {
  return activations.some(({ layer }) => genome.layerConfigs.get(layer)?.activationBits !== 32);
}

/**
 * What a genome makes of a model: quantizes the weights of all layers, and looks up the formats of
 * the activations that are placed.
 * @throws InvalidArgumentError for a genome of another model, and when `ranges` is missing and
 *   needed, or is another model's
 */
export function planDeployment(
  model: Pick<ModelSpec, "layers">,
  placement: Placement,
  genome: QuantizationGenome,
  options: PlanOptions,
): DeploymentPlan {
  checkGenomeLayers(model, genome);
  // Before weights are quantized, which takes long: it says so when ranges are missing.
  const activations = planActivations(model, placement, genome, options.ranges);
  return [
    ...planWeights(model, placement, genome, options),
    ...activations,
    ...placement.floats.map(({ role, tensor, floatType, reason }): PlannedFloat => {
      return { tensor, role, format: "float", storage: { floatType }, reason };
    }),
  ];
}

function planWeights(
  { layers }: Pick<ModelSpec, "layers">,
  { weights }: Placement,
  genome: QuantizationGenome,
  { quantizer, ready }: PlanOptions,
): (PlannedWeight | PlannedFloat)[] {
  return weights.map(({ layer: name, tensor, floatType }, i) => {
    const layer = layers[i]!;
    const config = configOf(genome, layer);
    if (config.weightBits === 32)
      return floatOf("weight", tensor, name, floatType, "the genome leaves its weights in float");
    const method = genome.calibrationMethodOf(name);
    const { params, storage, data, float16Scale } =
      ready?.get(name) ?? quantizer.quantize(layer, config, method, floatType === "float16");
    return {
      tensor,
      role: "weight",
      layer: name,
      format: "integer",
      parameters: params,
      storage: { ...storage, floatType, float16Scale },
      codes: data,
      activationBits: config.activationBits,
    };
  });
}

function planActivations(
  { layers }: Pick<ModelSpec, "layers">,
  { activations }: Placement,
  genome: QuantizationGenome,
  ranges: ActivationFormats | undefined,
): (PlannedActivation | PlannedFloat)[] {
  const layersByName = new Map(layers.map((layer) => [layer.name, layer]));
  const floats: PlannedFloat[] = [];
  const planned = new Map<string, PlannedActivation & { readonly readers: PlannedReader[] }>();
  for (const placed of activations) {
    const { tensor, layer, range } = placed;
    const config = configOf(genome, layersByName.get(layer)!);
    if (config.activationBits === 32) {
      floats.push(floatOf("activation", tensor, layer, undefined, "the genome leaves it in float"));
      continue;
    }
    const method = genome.calibrationMethodOf(layer);
    const key = `${formatKey(range, config, method)} ${tensor}`;
    const known = planned.get(key);
    if (known !== undefined) {
      known.readers.push(...readersOf(placed));
      continue;
    }
    if (ranges === undefined)
      throw new InvalidArgumentError(
        "calibration",
        "calibration is missing, and the genome quantizes activations; allowed: " +
          "calibration batches, activationRanges, or activationBits 32 everywhere",
      );
    const { params, storage, floatType, float16Scale } = ranges.format(range, config, method);
    planned.set(key, {
      tensor,
      role: "activation",
      format: "integer",
      parameters: params,
      storage: { bits: storage.bits, signed: storage.signed, floatType, float16Scale },
      readers: readersOf(placed),
    });
  }
  return [...planned.values(), ...floats];
}

function readersOf({ layer, readers }: PlacedActivation): PlannedReader[] {
  return readers.map((reader) => ({ ...reader, layer }));
}

function floatOf(
  role: PlannedFloat["role"],
  tensor: string,
  layer: string,
  floatType: PlannedFloat["storage"]["floatType"],
  reason: string,
): PlannedFloat {
  return { tensor, role, layer, format: "float", storage: { floatType }, reason };
}
