import { InvalidArgumentError } from "../../errors.js";
import type { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import { layerConfigsOf, type QuantizationGenome } from "../../genome/quantization-genome.js";
import type { LayerSpec, ModelSpec } from "../../model/layer-spec.js";
import type {
  CostEstimate,
  CostUncertainty,
  FormatConversion,
  HardwareCostModel,
  LayerCost,
  OperatorSupport,
} from "../contract.js";
import { loadHardwareProfile } from "../profile/load-hardware-profile.js";
import type { HardwareProfile } from "../profile/profile-schema.js";
import { resolveOperator } from "../profile/resolve-operator.js";
import { tiedLayers } from "../profile/tied-layers.js";
import { type CompiledModel, compileModel, sharesProduct } from "./compiled-model.js";
import { configKey } from "./config-key.js";
import { EstimateDetail } from "./estimate-detail.js";
import { layerRoofline } from "./layer-roofline.js";
import { lazyList } from "./lazy-list.js";
import { qdqExecution, qdqRole } from "./qdq-execution.js";
import { COLUMNS, Column, FORMATS, type Row, roofOf } from "./row-store.js";

// Local copies for the loop over layers. Where modules are not bundled, a loader resolves imported
// names anew at each use.
const keyOf = configKey;
const WIDTH = COLUMNS;
const {
  STORED_BYTES,
  PACKED_BYTES,
  INPUT_BYTES,
  OUTPUT_BYTES,
  STREAMED_SECONDS,
  RESIDENT_SECONDS,
  STREAMED_JOULES,
  RESIDENT_JOULES,
  FORMAT,
  REFUSED,
} = Column;
/** Bits of a value in each of FORMATS. */
const BITS: readonly number[] = [4, 8, 16, 16, 32];
const NONE: readonly string[] = Object.freeze([]);

/** Options of {@link RooflineCostModel}. */
export interface RooflineOptions {
  /** Inputs of one run, 1 to 65,536. Default 1. */
  readonly batch?: number;
}

/**
 * Predicts latency, energy and memory from a {@link HardwareProfile}. Latency is the sum of:
 * - a roofline of each layer,
 * - a fixed cost for each operator and for the graph,
 * - conversions between layers with different activation formats,
 * - additions and other operators that the runtime does not merge.
 *
 * Energy also includes the power that is drawn throughout the inference. Each layer and
 * configuration is computed once per model; an estimate then sums table rows.
 *
 * @example
 * ```ts
 * const profile = hardwareProfiles.find(({ target }) => target === "arm-neon")!;
 * const { latencyMs, layers } = new RooflineCostModel(profile).estimate(model, genome);
 * ```
 */
export class RooflineCostModel implements HardwareCostModel {
  readonly target: string;
  readonly profile: HardwareProfile;
  readonly batch: number;
  readonly #models = new WeakMap<ModelSpec, CompiledModel>();
  readonly #source: string;
  readonly #uncertainty: CostUncertainty | undefined;

  /**
   * @param profile checked as `loadHardwareProfile` does
   * @throws InvalidDocumentError when the profile is not valid, with the path of the field
   * @throws InvalidArgumentError when the batch is out of range
   */
  constructor(profile: HardwareProfile, options: RooflineOptions = {}) {
    const { batch = 1 } = options;
    if (!(Number.isInteger(batch) && batch >= 1 && batch <= 65_536))
      throw new InvalidArgumentError(
        "batch",
        `batch is ${String(batch)}; allowed: an integer from 1 to 65536`,
      );
    this.profile = loadHardwareProfile(profile);
    this.target = this.profile.target;
    this.batch = batch;
    this.#source =
      `roofline of ${this.profile.name}, profile ${this.profile.version} ` +
      `(${this.profile.device})`;
    const { validation } = this.profile;
    this.#uncertainty =
      validation === undefined
        ? undefined
        : Object.freeze({
            latency: validation.latencyRelativeError.value,
            energy: validation.energyRelativeError.value,
            source: validation.latencyRelativeError.source,
          });
  }

  /** How the target runs a layer in a configuration. */
  supports(layer: LayerSpec, config: LayerQuantConfig): OperatorSupport {
    return resolveOperator(this.profile, layer, config).support;
  }

  /**
   * Groups of layers that must have equal settings on the target, as {@link tiedLayers} finds them.
   */
  tiedLayers(model: ModelSpec): readonly (readonly string[])[] {
    return tiedLayers(model, this.profile);
  }

  /**
   * Cost of one inference, always `predicted`. A refused layer is listed, and costs what the form
   * it would be re-encoded to costs. Memory is the stored weights plus the largest sum of
   * activations alive at once. Costs by layer, conversions and notes are computed when they are
   * read.
   * @throws InvalidArgumentError when the model is not valid, or the genome is none or lacks one of
   *   its layers
   */
  estimate(model: ModelSpec, genome: QuantizationGenome): CostEstimate {
    const { profile } = this;
    const compiled = this.#compile(model);
    const { names, births, deathStarts, deaths, external, formats, slots, store } = compiled;
    const count = names.length;
    const layerConfigs = layerConfigsOf(genome);
    let columns = store.values;
    let storedBytes = (model.floatParameterCount ?? 0) * 4 + (model.fixedBytes ?? 0);
    let packedBytes = storedBytes;
    let live = 0;
    let peak = 0;
    let refused = 0;
    let streamedSeconds = 0;
    let residentSeconds = 0;
    let streamedJoules = 0;
    let residentJoules = 0;
    for (let i = 0; i < count; i++) {
      const config = layerConfigs.get(names[i] as string);
      if (config === undefined) throw missingLayer(names[i] as string);
      const key = keyOf(config);
      let slot = store.find(i, key);
      if (slot < 0) {
        slot = store.add(i, this.#row(compiled, i, config, key));
        columns = store.values;
      }
      slots[i] = slot;
      const at = slot * WIDTH;
      const outputBytes = columns[at + OUTPUT_BYTES] as number;
      storedBytes += columns[at + STORED_BYTES] as number;
      packedBytes += columns[at + PACKED_BYTES] as number;
      refused += columns[at + REFUSED] as number;
      streamedSeconds += columns[at + STREAMED_SECONDS] as number;
      residentSeconds += columns[at + RESIDENT_SECONDS] as number;
      streamedJoules += columns[at + STREAMED_JOULES] as number;
      residentJoules += columns[at + RESIDENT_JOULES] as number;
      formats[i] = columns[at + FORMAT] as number;
      live += (births[i] as number) * outputBytes;
      const now = external[i] === 1 ? live + (columns[at + INPUT_BYTES] as number) : live;
      if (now > peak) peak = now;
      const end = deathStarts[i + 1] as number;
      for (let j = deathStarts[i] as number; j < end; j++)
        live -= columns[(slots[deaths[j] as number] as number) * WIDTH + OUTPUT_BYTES] as number;
    }
    const footprintBytes = storedBytes + peak;
    const resident = footprintBytes <= profile.onChip.capacityBytes.value;
    const execution = compiled.qdq && qdqExecution(compiled.qdq, store.rowsAt(slots));

    let seconds =
      profile.overheadPerGraphUs.value * 1e-6 + (resident ? residentSeconds : streamedSeconds);
    let joules = resident ? residentJoules : streamedJoules;
    if (execution === undefined) {
      const { edgeFrom, edgeTo, edgeElements } = compiled;
      let bytes = 0;
      let conversions = 0;
      for (let e = 0; e < edgeFrom.length; e++) {
        const from = formats[edgeFrom[e] as number] as number;
        const to = formats[edgeTo[e] as number] as number;
        if (from === to) continue;
        conversions++;
        bytes +=
          ((edgeElements[e] as number) * ((BITS[from] as number) + (BITS[to] as number))) / 8;
      }
      bytes *= this.batch;
      seconds += this.#conversionSeconds(conversions, bytes);
      joules += bytes * profile.onChip.energyPerBytePj.value * 1e-12;
    }
    for (const i of compiled.mergeable) {
      const row = store.row(slots[i] as number);
      const shared =
        row.key === store.row(slots[compiled.wiring.leaders[i] as number] as number).key;
      if (!shared) continue;
      const unfused = execution?.integer[i] === 0;
      const usual = roofOf(row, resident, false, unfused);
      const roof = roofOf(row, resident, true, unfused);
      seconds += roof.seconds - usual.seconds - profile.overheadPerOperatorUs.value * 1e-6;
      joules += roof.joules - usual.joules;
    }
    if (execution !== undefined)
      for (let i = 0; i < count; i++) {
        if (execution.integer[i] === 0) {
          const row = store.row(slots[i] as number);
          const usual = roofOf(row, resident, false, false);
          const roof = roofOf(row, resident, false, true);
          seconds += roof.seconds - usual.seconds;
          joules += roof.joules - usual.joules;
        }
        const bytes = this.batch * (execution.operatorBytes[i] as number);
        seconds += this.#conversionSeconds(execution.operators[i] as number, bytes);
        joules += bytes * profile.onChip.energyPerBytePj.value * 1e-12;
      }
    joules += seconds * profile.staticPowerW.value;

    const detail = new EstimateDetail(() =>
      this.#detail(compiled, rowsOf(compiled, genome), resident),
    );
    const uncertainty = this.#uncertainty;
    return {
      kind: "predicted",
      latencyMs: seconds * 1e3,
      energyMj: joules * 1e3,
      memoryFootprintMb: footprintBytes / 1e6,
      storedBytes,
      packedBytes,
      batch: this.batch,
      ...(uncertainty === undefined ? {} : { uncertainty }),
      source: this.#source,
      layers: lazyList(() => detail.layers),
      notes: lazyList(() => detail.notes),
      refusedLayers: refused > 0 ? lazyList(() => detail.refusedLayers) : NONE,
      conversions: lazyList(() => detail.conversions),
    };
  }

  /** Layer costs and conversions of the rows that were summed. */
  #detail(
    { qdq, wiring }: CompiledModel,
    rows: readonly Row[],
    resident: boolean,
  ): { layers: LayerCost[]; conversions: FormatConversion[] } {
    const { profile } = this;
    const conversions: FormatConversion[] = [];
    const execution = qdq && qdqExecution(qdq, rows);
    // In a QDQ graph the format is what the input is quantized to, even where it is dequantized
    // again at once.
    const formatOf = ({ format, role }: Row) => (execution === undefined ? format : role.format);
    const nameOf = (index: number) => (wiring.layers[index] as LayerSpec).name;
    const layers = rows.map((row, i): LayerCost => {
      const name = nameOf(i);
      const shared = profile.fusion?.sharedInput === true && sharesProduct(wiring, rows, i);
      const roof = roofOf(row, resident, shared, execution?.integer[i] === 0);
      let extra = row.fixedSeconds - (shared ? profile.overheadPerOperatorUs.value * 1e-6 : 0);
      let joules = roof.joules + row.fixedJoules;
      const charge = (count: number, bytes: number) => {
        const seconds = this.#conversionSeconds(count, bytes);
        const moved = bytes * profile.onChip.energyPerBytePj.value * 1e-12;
        extra += seconds;
        joules += moved;
        const energyMj = (moved + seconds * profile.staticPowerW.value) * 1e3;
        return { bytes, latencyMs: seconds * 1e3, energyMj };
      };
      // In a QDQ graph, the operator that quantizes another layer's float output is that layer's
      // conversion. Other operators are the layer's own cost, such as dequantizing around a layer
      // that is not fused.
      const toFormat = formatOf(row);
      let ownOperators = execution?.operators[i] ?? 0;
      let ownBytes = this.batch * (execution?.operatorBytes[i] ?? 0);
      let quantized = execution?.quantizedInputs[i];
      for (const { from, elements } of wiring.edges[i] ?? []) {
        const fromFormat = formatOf(rows[from] as Row);
        if (fromFormat === toFormat) continue;
        let count = 1;
        const bits =
          (BITS[FORMATS.indexOf(fromFormat)] ?? 0) + (BITS[FORMATS.indexOf(toFormat)] ?? 0);
        let bytes = (this.batch * elements * bits) / 8;
        if (execution !== undefined) {
          count = quantized?.from === from ? 1 : 0;
          bytes = count === 1 ? this.batch * (quantized?.bytes ?? 0) : 0;
          if (count === 1) quantized = undefined;
          ownOperators -= count;
          ownBytes -= bytes;
        }
        conversions.push({
          from: nameOf(from),
          to: name,
          fromFormat,
          toFormat,
          ...charge(count, bytes),
        });
      }
      if (execution !== undefined) charge(ownOperators, ownBytes);
      const seconds = roof.seconds + extra;
      return {
        name,
        latencyMs: seconds * 1e3,
        energyMj: (joules + seconds * profile.staticPowerW.value) * 1e3,
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
    return { layers, conversions };
  }

  #conversionSeconds(count: number, bytes: number): number {
    const { conversion, onChip } = this.profile;
    return conversion === undefined
      ? bytes / (onChip.bandwidthGBs.value * 1e9)
      : count * conversion.overheadUs.value * 1e-6 + bytes / (conversion.bandwidthGBs.value * 1e9);
  }

  #row({ wiring }: CompiledModel, index: number, config: LayerQuantConfig, key: number): Row {
    const { profile } = this;
    const layer = wiring.layers[index] as LayerSpec;
    const roofline = layerRoofline(profile, layer, config, this.batch);
    const { count, elements } = wiring.additions[index] as { count: number; elements: number };
    const merged = profile.fusion?.residualAdd === true;
    // A merged addition reads one more input. A separate one reads two and writes one.
    const addedBytes =
      (this.batch * elements * (merged ? 1 : 3) * roofline.resolved.support.activationStorageBits) /
      8;
    const overhead = profile.overheadPerOperatorUs.value * 1e-6;
    const joined = wiring.concatenations[index] as { count: number; elements: number };
    const joinedBytes = merged
      ? 0
      : (2 * this.batch * joined.elements * roofline.resolved.support.activationStorageBits) / 8;
    const cachedBytes =
      (this.batch *
        (wiring.cached[index] as number) *
        roofline.resolved.support.activationStorageBits) /
      8;
    return {
      ...roofline,
      key,
      format: roofline.resolved.activationFormat,
      role: qdqRole(layer, config, roofline.resolved.support.computeFormat),
      refused: roofline.resolved.support.status === "refused",
      fixedSeconds:
        overhead +
        roofline.followerSeconds +
        (merged ? 0 : (count + joined.count) * overhead) +
        (addedBytes + joinedBytes) / (profile.onChip.bandwidthGBs.value * 1e9) +
        cachedBytes / (profile.dram.bandwidthGBs.value * 1e9),
      fixedJoules:
        roofline.followerJoules +
        ((addedBytes + joinedBytes) * profile.onChip.energyPerBytePj.value +
          cachedBytes * profile.dram.energyPerBytePj.value) *
          1e-12,
    };
  }

  #compile(model: ModelSpec): CompiledModel {
    const known = this.#models.get(model);
    if (known !== undefined) return known;
    const compiled = compileModel(model, this.profile);
    this.#models.set(model, compiled);
    return compiled;
  }
}

/** The rows that an estimate of the genome has summed. */
function rowsOf(
  { names, store }: CompiledModel,
  { layerConfigs }: QuantizationGenome,
): readonly Row[] {
  const slots = names.map((name, i) =>
    store.find(i, configKey(layerConfigs.get(name) as LayerQuantConfig)),
  );
  return store.rowsAt(slots);
}

function missingLayer(name: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `layerConfigs.${name}`,
    `the genome has no settings for layer ${JSON.stringify(name)} of the model`,
  );
}
