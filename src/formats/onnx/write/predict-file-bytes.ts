import type { ActivationFormats } from "../../../deploy/activation-formats.js";
import { codeStorage } from "../../../deploy/storage.js";
import { configOf } from "../../../evaluation/genome-size.js";
import type { WeightBits } from "../../../genes/bits.js";
import { weightSlices } from "../../../genome/calibration-options.js";
import { LayerQuantConfig } from "../../../genome/layer-quant-config.js";
import { QuantizationGenome } from "../../../genome/quantization-genome.js";
import type { LayerSpec } from "../../../model/layer-spec.js";
import { weightLayoutOf } from "../../../model/weight-layout-of.js";
import { type IntegerBits, scaleCount } from "../../../quantization/index.js";
import { inMemory } from "../external/model-files.js";
import type { OnnxModel } from "../read/onnx-model.js";
import { quantizedModel, type WeightOptions } from "./quantized-model.js";
import { ONNX_WIDTHS } from "./storage-type.js";

/** The weight widths of which a file stores no bit more. */
export const STORED_WEIGHT_BITS: readonly WeightBits[] = [...ONNX_WIDTHS.weights, 32];

/**
 * Predicts the bytes of the file that {@link quantizeOnnx} would write, in microseconds: codes in
 * their containers and scales are counted, and what the graph takes beside them is measured on
 * files that are written once for each kind of setting, all layers alike.
 */
export class FileBytesPredictor {
  readonly #overheads = new Map<string, number>();
  #float: number | undefined;

  /** @param ranges of the model's activations */
  constructor(
    readonly model: OnnxModel,
    readonly ranges: ActivationFormats,
    readonly options: WeightOptions,
  ) {}

  /** @throws InvalidArgumentError when the genome lacks a layer of the model */
  predict(genome: QuantizationGenome): number {
    let bytes = this.#floatBytes();
    for (const layer of this.model.layers) {
      const config = configOf(genome, layer);
      if (isFloat(config)) continue;
      bytes += addedBytes(layer, config) + this.#overhead(config);
    }
    return Math.round(bytes);
  }

  /** Of the file in which all layers are float. */
  #floatBytes(): number {
    this.#float ??= this.#written(new LayerQuantConfig({ weightBits: 32, activationBits: 32 }));
    return this.#float;
  }

  /** What the graph takes for a layer with such settings, in the mean over all layers. */
  #overhead(config: LayerQuantConfig): number {
    const kind = kindOf(config);
    const key = JSON.stringify(kind.toDict());
    let overhead = this.#overheads.get(key);
    if (overhead === undefined) {
      const { layers } = this.model;
      const counted = layers.reduce((sum, layer) => sum + addedBytes(layer, kind), 0);
      overhead = (this.#written(kind) - this.#floatBytes() - counted) / layers.length;
      this.#overheads.set(key, overhead);
    }
    return overhead;
  }

  #written(config: LayerQuantConfig): number {
    const layerConfigs = new Map(this.model.layers.map(({ name }) => [name, config]));
    const genome = new QuantizationGenome({ layerConfigs, calibrationMethod: "min-max" });
    const { proto } = quantizedModel(this.model, genome, this.ranges, this.options);
    const { bytes, externalData } = inMemory(proto);
    return bytes.length + (externalData?.bytes.length ?? 0);
  }
}

function isFloat({ weightBits, activationBits }: LayerQuantConfig): boolean {
  return weightBits === 32 && activationBits === 32;
}

/** Settings that are written alike stand for each other. */
function kindOf(config: LayerQuantConfig): LayerQuantConfig {
  const { weightBits, granularity, groupSize, weightScheme, activationScheme } = config;
  const { activationBits } = config;
  return new LayerQuantConfig({
    weightBits: weightBits === 32 ? 32 : containerBits(weightBits),
    ...{ activationBits, granularity, weightScheme, activationScheme },
    ...(granularity === "per-group" && { groupSize }),
  });
}

function containerBits(weightBits: number): 2 | 4 | 8 | 16 {
  const width = Math.ceil(weightBits) as IntegerBits;
  return codeStorage(width, true, ONNX_WIDTHS.weights).bits as 2 | 4 | 8 | 16;
}

const ELEMENT_BYTES = 4;

/** Bytes of a layer's codes and scales beyond those of its float32 weights. */
function addedBytes(layer: LayerSpec, config: LayerQuantConfig): number {
  if (config.weightBits === 32) return 0;
  const layout = weightLayoutOf(layer);
  const { granularity, axis, groupSize } = weightSlices(layout, config);
  const scales = scaleCount(layout.shape, granularity, axis, groupSize);
  const codes = Math.ceil((layer.parameterCount * containerBits(config.weightBits)) / 8);
  return codes + ELEMENT_BYTES * (scales - layer.parameterCount);
}
