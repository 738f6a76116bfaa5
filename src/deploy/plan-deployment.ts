import { configOf } from "../evaluation/genome-size.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import type { ModelSpec } from "../model/layer-spec.js";
import type { ActivationFormats } from "./activation-formats.js";
import { checkGenomeLayers } from "./check-genome-layers.js";
import { biasShifts, planCorrectedBiases } from "./correct-biases.js";
import type { DeploymentPlan, PlannedFloat, PlannedWeight } from "./deployment-plan.js";
import { biasesOf, fitToBiases, type LayerBiases, planBiases } from "./fit-biases.js";
import type { Placement } from "./placement.js";
import { planActivations } from "./plan-activations.js";
import type { LayerQuantizer, QuantizedWeights } from "./quantize-layer.js";

/** Where a plan gets codes and ranges from. */
export interface PlanOptions {
  /** Quantizes weights, and remembers them. */
  readonly quantizer: LayerQuantizer;
  /** Needed when the genome quantizes activations. */
  readonly ranges?: ActivationFormats | undefined;
  /** Weights by layer that are quantized already, as the genome says. */
  readonly ready?: ReadonlyMap<string, QuantizedWeights> | undefined;
  /** Whether biases take up what rounding does to the means of layers. Default true. */
  readonly correctBiases?: boolean | undefined;
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
  const biases = biasesOf(activations.integer, activations.entries);
  const weights = planWeights(model, placement, genome, biases, options);
  const { operators = [] } = placement;
  const means = options.correctBiases === false ? undefined : options.ranges?.inputMeans;
  const shifts = means && biasShifts(model.layers, weights, operators, means);
  const stored = planBiases(weights, biases, shifts);
  const readers = new Set(stored.map(({ reader }) => reader.operator));
  const corrected = shifts ? planCorrectedBiases(weights, operators, shifts, readers) : [];
  const placed = new Set([...stored, ...corrected].map(({ tensor }) => tensor));
  const floats = placement.floats.filter(({ tensor }) => !placed.has(tensor));
  return [
    ...weights,
    ...activations.entries,
    ...stored,
    ...corrected,
    ...floats.map(({ role, tensor, floatType, reason }): PlannedFloat => {
      return { tensor, role, format: "float", storage: { floatType }, reason };
    }),
  ];
}

function planWeights(
  { layers }: Pick<ModelSpec, "layers">,
  { weights }: Placement,
  genome: QuantizationGenome,
  biases: LayerBiases,
  { quantizer, ready }: PlanOptions,
): (PlannedWeight | PlannedFloat)[] {
  return weights.map(({ layer: name, tensor, floatType }, i) => {
    const layer = layers[i]!;
    const config = configOf(genome, layer);
    if (config.weightBits === 32)
      return floatOf("weight", tensor, name, floatType, "the genome leaves its weights in float");
    const method = genome.calibrationMethodOf(name);
    const made =
      ready?.get(name) ?? quantizer.quantize(layer, config, method, floatType === "float16");
    const added = biases.get(name);
    const fitted = added === undefined ? made : fitToBiases(layer, made, added);
    const { params, storage, data, float16Scale } = fitted;
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

function floatOf(
  role: PlannedFloat["role"],
  tensor: string,
  layer: string,
  floatType: PlannedFloat["storage"]["floatType"],
  reason: string,
): PlannedFloat {
  return { tensor, role, layer, format: "float", storage: { floatType }, reason };
}
