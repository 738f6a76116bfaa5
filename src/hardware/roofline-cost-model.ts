import { InvalidArgumentError } from "../errors.js";
import type { LayerQuantConfig } from "../genome/layer-quant-config.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import type { LayerSpec, ModelSpec } from "../model/layer-spec.js";
import { configKey } from "./config-key.js";
import type {
  ComputeFormat,
  CostEstimate,
  CostUncertainty,
  FormatConversion,
  HardwareCostModel,
  LayerCost,
  OperatorSupport,
} from "./contract.js";
import { EstimateDetail } from "./estimate-detail.js";
import { type LayerRoofline, layerRoofline } from "./layer-roofline.js";
import { loadHardwareProfile } from "./load-hardware-profile.js";
import { type ModelWiring, modelWiring } from "./model-wiring.js";
import type { HardwareProfile } from "./profile-schema.js";
import { type QdqWiring, qdqExecution, qdqRole, qdqWiring } from "./qdq-execution.js";
import { resolveOperator } from "./resolve-operator.js";
import { COLUMNS, Column, FORMATS, type Row, RowStore, roofOf } from "./row-store.js";
import { tiedLayers } from "./tied-layers.js";

const BITS: Record<ComputeFormat, number> = { int4: 4, int8: 8, int16: 16, float16: 16, float32: 32 };
const NONE: readonly string[] = Object.freeze([]);

/** How a {@link RooflineCostModel} is used. */
export interface RooflineOptions {
  /** Inputs worked on at once, 1 to 65,536. Default 1. */
  readonly batch?: number;
}

interface CompiledModel extends ModelWiring {
  /** Rows by configuration, filled as configurations appear. */
  readonly tables: readonly Map<number, number>[];
  /** All rows, and their numbers side by side. */
  readonly store: RowStore;
  /** Of each layer, while one genome is summed: where its format stands in FORMATS. */
  readonly formats: Uint8Array;
  readonly names: readonly string[];
  /** Only for a runtime that fuses QDQ pairs. */
  readonly qdq: QdqWiring | undefined;
}

/**
 * Predicts latency, energy and memory from a {@link HardwareProfile}: a roofline per layer, a fixed cost per
 * operator and per graph, conversions where neighbouring layers move activations in different formats, additions
 * and other operators that the runtime does not merge, and power that is drawn as long as the inference lasts. Each
 * layer and configuration is worked out once per model; an estimate sums table rows.
 */
export class RooflineCostModel implements HardwareCostModel {
  readonly target: string;
  readonly profile: HardwareProfile;
  readonly batch: number;
  readonly #models = new WeakMap<ModelSpec, CompiledModel>();
  readonly #source: string;
  readonly #uncertainty: CostUncertainty | undefined;

  /**
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
    this.#source = `roofline of ${this.profile.name}, profile ${this.profile.version} (${this.profile.device})`;
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

  /** Groups of layers that the target's runtime needs alike, as {@link tiedLayers} finds them. */
  tiedLayers(model: ModelSpec): readonly (readonly string[])[] {
    return tiedLayers(model, this.profile);
  }

  /**
   * Cost of one inference, always `predicted`. Refused layers are costed in the form they would be re-encoded to and
   * are listed. Memory is the stored weights plus the largest sum of activations alive at once. The costs by layer,
   * the conversions and the notes are worked out when they are read.
   * @throws InvalidArgumentError when the model is not valid, or the genome lacks one of its layers
   */
  estimate(model: ModelSpec, genome: QuantizationGenome): CostEstimate {
    const { profile } = this;
    const compiled = this.#compile(model);
    const { tables, names, births, deaths, external, edges, leaders } = compiled;
    const count = names.length;
    const { layerConfigs } = genome;
    const { store, formats } = compiled;
    const rows = new Array<Row>(count);
    let columns = store.values;
    let storedBytes = (model.floatParameterCount ?? 0) * 4;
    let packedBytes = storedBytes;
    let live = 0;
    let peak = 0;
    let refused = 0;
    let streamedSeconds = 0;
    let residentSeconds = 0;
    let streamedJoules = 0;
    let residentJoules = 0;
    const slots = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      const config = layerConfigs.get(names[i] as string);
      if (config === undefined) throw missingLayer(names[i] as string);
      const key = configKey(config);
      let slot = (tables[i] as Map<number, number>).get(key);
      if (slot === undefined) {
        slot = this.#fill(compiled, i, config, key);
        columns = store.values;
      }
      slots[i] = slot;
      const at = slot * COLUMNS;
      const outputBytes = columns[at + Column.OUTPUT_BYTES] as number;
      storedBytes += columns[at + Column.STORED_BYTES] as number;
      packedBytes += columns[at + Column.PACKED_BYTES] as number;
      refused += columns[at + Column.REFUSED] as number;
      streamedSeconds += columns[at + Column.STREAMED_SECONDS] as number;
      residentSeconds += columns[at + Column.RESIDENT_SECONDS] as number;
      streamedJoules += columns[at + Column.STREAMED_JOULES] as number;
      residentJoules += columns[at + Column.RESIDENT_JOULES] as number;
      formats[i] = columns[at + Column.FORMAT] as number;
      live += (births[i] as number) * outputBytes;
      const now = external[i] === true ? live + (columns[at + Column.INPUT_BYTES] as number) : live;
      if (now > peak) peak = now;
      const done = deaths[i] as readonly number[];
      for (let j = 0; j < done.length; j++)
        live -= columns[(slots[done[j] as number] as number) * COLUMNS + Column.OUTPUT_BYTES] as number;
    }
    const footprintBytes = storedBytes + peak;
    const resident = footprintBytes <= profile.onChip.capacityBytes.value;
    const merges = profile.fusion?.sharedInput === true;
    if (compiled.qdq !== undefined || merges)
      for (let i = 0; i < count; i++) rows[i] = store.rows[slots[i] as number] as Row;
    const execution = compiled.qdq && qdqExecution(compiled.qdq, rows);

    let seconds = profile.overheadPerGraphUs.value * 1e-6 + (resident ? residentSeconds : streamedSeconds);
    let joules = resident ? residentJoules : streamedJoules;
    if (execution === undefined) {
      for (let i = 0; i < count; i++) {
        const into = edges[i] as ModelWiring["edges"][number];
        const to = formats[i] as number;
        for (let j = 0; j < into.length; j++) {
          const edge = into[j] as { from: number; elements: number };
          const from = formats[edge.from] as number;
          if (from === to) continue;
          const bytes = this.#conversionBytes(
            edge.elements,
            FORMATS[from] as ComputeFormat,
            FORMATS[to] as ComputeFormat,
          );
          seconds += this.#conversionSeconds(bytes);
          joules += bytes * profile.onChip.energyPerBytePj.value * 1e-12;
        }
      }
    }
    if (execution !== undefined || merges)
      for (let i = 0; i < count; i++) {
        const row = rows[i] as Row;
        const leader = leaders[i] as number;
        const shared = merges && leader >= 0 && (rows[leader] as Row).key === row.key;
        const unfused = execution?.integer[i] === 0;
        if (shared || unfused) {
          const usual = roofOf(row, resident, false, false);
          const roof = roofOf(row, resident, shared, unfused);
          seconds += roof.seconds - usual.seconds;
          joules += roof.joules - usual.joules;
        }
        if (shared) seconds -= profile.overheadPerOperatorUs.value * 1e-6;
        if (execution === undefined) continue;
        const bytes = this.batch * (execution.convertedBytes[i] as number);
        seconds += this.#qdqSeconds(execution.conversions[i] as number, bytes);
        joules += bytes * profile.onChip.energyPerBytePj.value * 1e-12;
      }
    joules += seconds * profile.staticPowerW.value;

    const detail = new EstimateDetail(() =>
      this.detail(
        compiled,
        Array.from(slots, (slot) => store.rows[slot] as Row),
        resident,
      ),
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
      get layers() {
        return detail.layers;
      },
      get notes() {
        return detail.notes;
      },
      get refusedLayers() {
        return refused > 0 ? detail.refusedLayers : NONE;
      },
      get conversions() {
        return detail.conversions;
      },
    };
  }

  /** Layer costs and conversions of rows that were summed; for {@link RooflineCostModel.estimate}. */
  detail(
    compiled: ModelWiring,
    rows: readonly LayerRoofline[],
    resident: boolean,
  ): { layers: LayerCost[]; conversions: FormatConversion[] } {
    const { profile } = this;
    const conversions: FormatConversion[] = [];
    const qdq = (compiled as CompiledModel).qdq;
    const execution = qdq && qdqExecution(qdq, rows as readonly Row[]);
    const layers = (rows as readonly Row[]).map((row, i): LayerCost => {
      const name = (compiled.layers[i] as LayerSpec).name;
      const leader = compiled.leaders[i] as number;
      const shared =
        profile.fusion?.sharedInput === true && leader >= 0 && (rows[leader] as Row).key === row.key;
      const roof = roofOf(row, resident, shared, execution?.integer[i] === 0);
      let extra = row.fixedSeconds - (shared ? profile.overheadPerOperatorUs.value * 1e-6 : 0);
      let joules = roof.joules + row.fixedJoules;
      for (const one of execution?.list[i] ?? []) {
        const bytes = this.batch * one.bytes;
        const seconds = this.#qdqSeconds(1, bytes);
        const moved = bytes * profile.onChip.energyPerBytePj.value * 1e-12;
        extra += seconds;
        joules += moved;
        const energyMj = (moved + seconds * profile.staticPowerW.value) * 1e3;
        const from = one.from < 0 ? "" : (compiled.layers[one.from] as LayerSpec).name;
        const { fromFormat, toFormat } = one;
        conversions.push({ from, to: name, fromFormat, toFormat, bytes, latencyMs: seconds * 1e3, energyMj });
      }
      for (const edge of execution === undefined ? (compiled.edges[i] as ModelWiring["edges"][number]) : []) {
        const fromFormat = (rows[edge.from] as Row).format;
        if (fromFormat === row.format) continue;
        const bytes = this.#conversionBytes(edge.elements, fromFormat, row.format);
        const seconds = this.#conversionSeconds(bytes);
        const moved = bytes * profile.onChip.energyPerBytePj.value * 1e-12;
        extra += seconds;
        joules += moved;
        conversions.push({
          from: (compiled.layers[edge.from] as LayerSpec).name,
          to: name,
          fromFormat,
          toFormat: row.format,
          bytes,
          latencyMs: seconds * 1e3,
          energyMj: (moved + seconds * profile.staticPowerW.value) * 1e3,
        });
      }
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

  #qdqSeconds(count: number, bytes: number): number {
    const { conversion, onChip } = this.profile;
    return (
      count * (conversion?.overheadUs.value ?? 0) * 1e-6 +
      bytes / ((conversion ?? onChip).bandwidthGBs.value * 1e9)
    );
  }

  #conversionBytes(elements: number, from: ComputeFormat, to: ComputeFormat): number {
    return (this.batch * elements * (BITS[from] + BITS[to])) / 8;
  }

  #conversionSeconds(bytes: number): number {
    const { conversion, onChip } = this.profile;
    return conversion === undefined
      ? bytes / (onChip.bandwidthGBs.value * 1e9)
      : conversion.overheadUs.value * 1e-6 + bytes / (conversion.bandwidthGBs.value * 1e9);
  }

  #fill(compiled: CompiledModel, index: number, config: LayerQuantConfig, key: number): number {
    const { profile } = this;
    const layer = compiled.layers[index] as LayerSpec;
    const roofline = layerRoofline(profile, layer, config, this.batch);
    const { count, elements } = compiled.additions[index] as { count: number; elements: number };
    const merged = profile.fusion?.residualAdd === true;
    // A merged addition reads one more input; one on its own reads two and writes one.
    const addedBytes =
      (this.batch * elements * (merged ? 1 : 3) * roofline.resolved.support.activationStorageBits) / 8;
    const overhead = profile.overheadPerOperatorUs.value * 1e-6;
    const joined = compiled.concatenations[index] as { count: number; elements: number };
    const joinedBytes = merged
      ? 0
      : (2 * this.batch * joined.elements * roofline.resolved.support.activationStorageBits) / 8;
    const cachedBytes =
      (this.batch * (compiled.cached[index] as number) * roofline.resolved.support.activationStorageBits) / 8;
    const row: Row = {
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
    const slot = compiled.store.add(row);
    compiled.tables[index]?.set(key, slot);
    return slot;
  }

  #compile(model: ModelSpec): CompiledModel {
    const known = this.#models.get(model);
    if (known !== undefined) return known;
    const wiring = modelWiring(model);
    const compiled: CompiledModel = {
      ...wiring,
      tables: wiring.layers.map(() => new Map()),
      store: new RowStore(),
      formats: new Uint8Array(wiring.layers.length),
      names: wiring.layers.map((layer) => layer.name),
      qdq: this.profile.qdq && qdqWiring(wiring.layers, this.profile.qdq.integerOutputs),
    };
    this.#models.set(model, compiled);
    return compiled;
  }
}

function missingLayer(name: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `layerConfigs.${name}`,
    `the genome has no settings for layer ${JSON.stringify(name)} of the model`,
  );
}
