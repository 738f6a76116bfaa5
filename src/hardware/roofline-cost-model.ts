import { InvalidArgumentError } from "../errors.js";
import type { LayerQuantConfig } from "../genome/layer-quant-config.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import { checkLayers } from "../model/check-layers.js";
import { elementCount, type LayerSpec, type ModelSpec } from "../model/layer-spec.js";
import type {
  ComputeFormat,
  CostEstimate,
  HardwareCostModel,
  LayerCost,
  OperatorSupport,
} from "./contract.js";
import { type LayerRoofline, layerRoofline } from "./layer-roofline.js";
import { loadHardwareProfile } from "./load-hardware-profile.js";
import type { HardwareProfile } from "./profile-schema.js";
import { resolveOperator } from "./resolve-operator.js";
import { summarizeSupport } from "./summarize-support.js";

const BITS: Record<ComputeFormat, number> = { int4: 4, int8: 8, int16: 16, float16: 16, float32: 32 };

/** A model made ready: its wiring by index, and a table of rooflines per layer, filled as configurations appear. */
interface CompiledModel {
  readonly layers: readonly LayerSpec[];
  /** Indices of the layers that feed each layer. */
  readonly producers: readonly (readonly number[])[];
  /** Layers whose output is needed for the last time at each layer. */
  readonly releases: readonly (readonly number[])[];
  readonly outputElements: readonly number[];
  readonly tables: readonly Map<string, LayerRoofline>[];
}

/**
 * Predicts latency, energy and memory from a {@link HardwareProfile}: a roofline per layer, a fixed cost per
 * operator and per graph, conversions where neighbouring layers move activations in different formats, and power
 * that is drawn as long as the inference lasts. Each layer and configuration is worked out once per model.
 */
export class RooflineCostModel implements HardwareCostModel {
  readonly target: string;
  readonly profile: HardwareProfile;
  readonly #models = new WeakMap<ModelSpec, CompiledModel>();

  /** @throws InvalidDocumentError when the profile is not valid, with the path of the field */
  constructor(profile: HardwareProfile) {
    this.profile = loadHardwareProfile(profile);
    this.target = this.profile.target;
  }

  /** How the target runs a layer in a configuration. */
  supports(layer: LayerSpec, config: LayerQuantConfig): OperatorSupport {
    return resolveOperator(this.profile, layer, config).support;
  }

  /**
   * Cost of one inference at batch 1, always `predicted`. Refused layers are costed in the form they would be
   * re-encoded to and are listed. Memory is the stored weights plus the largest sum of activations alive at once.
   * @throws InvalidArgumentError when the model is not valid, or the genome lacks one of its layers
   */
  estimate(model: ModelSpec, genome: QuantizationGenome): CostEstimate {
    const { profile } = this;
    const compiled = this.#compile(model);
    const rows = compiled.layers.map((layer, index) => this.#row(compiled, layer, index, genome));
    let storedBytes = (model.floatParameterCount ?? 0) * 4;
    for (const row of rows) storedBytes += row.storedBytes;
    const footprintBytes = storedBytes + peakActivationBytes(compiled, rows);
    const resident = footprintBytes <= profile.onChip.capacityBytes.value;

    let seconds = profile.overheadPerGraphUs.value * 1e-6;
    let joules = seconds * profile.staticPowerW.value;
    const layers: LayerCost[] = rows.map((row, index) => {
      const roof = resident ? row.resident : row.streamed;
      const converted = convertedBytes(compiled, rows, index);
      const extra =
        profile.overheadPerOperatorUs.value * 1e-6 + converted / (profile.onChip.bandwidthGBs.value * 1e9);
      const layerSeconds = roof.seconds + extra;
      const layerJoules =
        roof.joules +
        converted * profile.onChip.energyPerBytePj.value * 1e-12 +
        profile.staticPowerW.value * layerSeconds;
      seconds += layerSeconds;
      joules += layerJoules;
      return {
        name: (compiled.layers[index] as LayerSpec).name,
        latencyMs: layerSeconds * 1e3,
        energyMj: layerJoules * 1e3,
        storedBytes: row.storedBytes,
        bound:
          extra > roof.seconds
            ? "overhead"
            : roof.computeSeconds >= roof.memorySeconds
              ? "compute"
              : "memory",
        support: row.resolved.support,
      };
    });
    return {
      kind: "predicted",
      latencyMs: seconds * 1e3,
      energyMj: joules * 1e3,
      memoryFootprintMb: footprintBytes / 1e6,
      storedBytes,
      layers,
      ...summarizeSupport(layers),
      source: `roofline of ${profile.name}, profile ${profile.version} (${profile.device})`,
    };
  }

  #row(compiled: CompiledModel, layer: LayerSpec, index: number, genome: QuantizationGenome): LayerRoofline {
    const config = genome.layerConfigs.get(layer.name);
    if (config === undefined)
      throw new InvalidArgumentError(
        `layerConfigs.${layer.name}`,
        `the genome has no settings for layer ${JSON.stringify(layer.name)} of the model`,
      );
    const table = compiled.tables[index] as Map<string, LayerRoofline>;
    const group = config.granularity === "per-group" ? config.groupSize : 0;
    const key = `${config.weightBits} ${config.activationBits} ${config.weightScheme} ${config.activationScheme} ${config.granularity} ${group}`;
    let row = table.get(key);
    if (row === undefined) {
      row = layerRoofline(this.profile, layer, config);
      table.set(key, row);
    }
    return row;
  }

  #compile(model: ModelSpec): CompiledModel {
    const known = this.#models.get(model);
    if (known !== undefined) return known;
    const { layers } = model;
    checkLayers(layers);
    const indexOf = new Map(layers.map((layer, index) => [layer.name, index]));
    const producers = layers.map((layer, index) =>
      layer.inputs === undefined
        ? index === 0
          ? []
          : [index - 1]
        : [...new Set(layer.inputs)].map((name) => indexOf.get(name) as number),
    );
    const lastUse = layers.map((_, index) => index);
    producers.forEach((from, index) => {
      for (const producer of from) lastUse[producer] = Math.max(lastUse[producer] as number, index);
    });
    const releases: number[][] = layers.map(() => []);
    lastUse.forEach((at, producer) => {
      releases[at]?.push(producer);
    });
    const compiled: CompiledModel = {
      layers,
      producers,
      releases,
      outputElements: layers.map((layer) => elementCount(layer.outputShape)),
      tables: layers.map(() => new Map()),
    };
    this.#models.set(model, compiled);
    return compiled;
  }
}

/** The largest sum of activations alive while the layers run in order; a network input lives while it is read. */
function peakActivationBytes(compiled: CompiledModel, rows: readonly LayerRoofline[]): number {
  let live = 0;
  let peak = 0;
  rows.forEach((row, index) => {
    live += row.outputBytes;
    const fromOutside = compiled.producers[index]?.length === 0 ? row.inputBytes : 0;
    peak = Math.max(peak, live + fromOutside);
    for (const done of compiled.releases[index] as readonly number[])
      live -= (rows[done] as LayerRoofline).outputBytes;
  });
  return peak;
}

/** Bytes read and written to convert what comes in from layers whose activations move in another format. */
function convertedBytes(compiled: CompiledModel, rows: readonly LayerRoofline[], index: number): number {
  const format = (rows[index] as LayerRoofline).resolved.activationFormat;
  let bytes = 0;
  for (const producer of compiled.producers[index] as readonly number[]) {
    const from = (rows[producer] as LayerRoofline).resolved.activationFormat;
    if (from !== format)
      bytes += ((compiled.outputElements[producer] as number) * (BITS[from] + BITS[format])) / 8;
  }
  return bytes;
}
