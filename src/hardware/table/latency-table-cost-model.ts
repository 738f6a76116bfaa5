import { InvalidArgumentError, UnsupportedError } from "../../errors.js";
import type { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import { layerConfigsOf, type QuantizationGenome } from "../../genome/quantization-genome.js";
import { elementCount, type LayerSpec, type ModelSpec } from "../../model/layer-spec.js";
import type { CostEstimate, HardwareCostModel, LayerCost, OperatorSupport } from "../contract.js";
import { type ModelWiring, modelWiring } from "../profile/model-wiring.js";
import { storedWeightBytes } from "../profile/stored-weight-bytes.js";
import { summarizeSupport } from "../profile/summarize-support.js";
import { type LatencyTable, parseLatencyTable } from "./latency-table.js";

/** Options of {@link LatencyTableCostModel}. */
export interface LatencyTableOptions {
  /**
   * What to do for a layer or width that the table lacks. `refuse` (default): refuse the layer, and
   * throw from an estimate that needs it.
   *
   * `interpolate`: interpolate between the nearest measured widths of the layer. For a layer that
   * was not measured, interpolate between measured layers of its kind with fewer and more MACs. It
   * never extrapolates.
   */
  readonly missing?: "refuse" | "interpolate";
}

interface Cost {
  readonly latencyMs: number;
  readonly energyMj: number;
}

/** Costs of a layer by weight and activation bits. */
interface Grid {
  readonly costs: ReadonlyMap<string, Cost>;
  readonly weightBits: readonly number[];
  readonly activationBits: readonly number[];
}

/** A measured shape, for interpolation between layers. */
interface MeasuredShape {
  readonly size: number;
  readonly grid: Grid;
}

interface Found extends Cost {
  /** Why the cost is interpolated. Empty when the table has the entry. */
  readonly reason: string;
}

/**
 * Predicts the cost of a genome as the sum of the measured costs of its layers, as HAQ and APQ do.
 * Conversions between formats cost what the measured layers include of them. Memory is the stored
 * weights, with widths rounded up to whole bits, plus the peak of live activations.
 */
export class LatencyTableCostModel implements HardwareCostModel {
  readonly target: string;
  readonly table: LatencyTable;
  readonly #missing: "refuse" | "interpolate";
  readonly #byName = new Map<string, Grid>();
  readonly #byShape = new Map<string, Grid>();
  readonly #byKind = new Map<string, MeasuredShape[]>();
  readonly #wirings = new WeakMap<ModelSpec, ModelWiring>();
  readonly #known = new WeakMap<LayerSpec, Map<string, Found | string>>();

  /**
   * @param table as {@link parseLatencyTable} reads it: data or JSON text
   * @throws InvalidDocumentError when it is not valid; InvalidArgumentError for an unknown option
   */
  constructor(table: unknown, options: LatencyTableOptions = {}) {
    const { missing = "refuse" } = options;
    if (missing !== "refuse" && missing !== "interpolate")
      throw new InvalidArgumentError(
        "missing",
        `missing is ${JSON.stringify(missing)}; allowed: "refuse", "interpolate"`,
      );
    this.table = parseLatencyTable(table);
    this.target = this.table.target;
    this.#missing = missing;
    this.#index();
  }

  /**
   * How the table covers a layer: `native` where it has the widths, `emulated` where it
   * interpolates, else `refused`.
   */
  supports(layer: LayerSpec, config: LayerQuantConfig): OperatorSupport {
    const { weightBits, activationBits } = config;
    const found = this.#find(layer, config);
    const reason = typeof found === "string" ? found : found.reason;
    const widest = Math.max(weightBits, activationBits);
    return {
      status: typeof found === "string" ? "refused" : reason === "" ? "native" : "emulated",
      weightStorageBits: Math.ceil(weightBits),
      activationStorageBits: activationBits,
      computeFormat:
        widest <= 4 ? "int4" : widest <= 8 ? "int8" : widest <= 16 ? "int16" : "float32",
      reasons: reason === "" ? [] : [reason],
    };
  }

  /**
   * Costs of one inference, always `predicted`.
   * @throws UnsupportedError naming a layer that the table does not cover; InvalidArgumentError
   *   when the model is not valid, or the genome is none or lacks one of its layers
   */
  estimate(model: ModelSpec, genome: QuantizationGenome): CostEstimate {
    let wiring = this.#wirings.get(model);
    if (wiring === undefined) {
      wiring = modelWiring(model);
      this.#wirings.set(model, wiring);
    }
    const { overheadPerGraphMs, averagePowerW = 0, batch } = this.table;
    let latencyMs = overheadPerGraphMs / batch;
    let energyMj = latencyMs * averagePowerW;
    let storedBytes = (model.floatParameterCount ?? 0) * 4 + (model.fixedBytes ?? 0);
    let live = 0;
    let peak = 0;
    const outputs: number[] = [];
    const layerConfigs = layerConfigsOf(genome);
    const layers = wiring.layers.map((layer, index): LayerCost => {
      const config = layerConfigs.get(layer.name);
      if (config === undefined)
        throw new InvalidArgumentError(
          `layerConfigs.${layer.name}`,
          `the genome has no settings for layer ${JSON.stringify(layer.name)} of the model`,
        );
      const found = this.#find(layer, config);
      if (typeof found === "string") throw new UnsupportedError(layer.name, found);
      const support = this.supports(layer, config);
      const bytes = storedWeightBytes(layer, config, support.weightStorageBits);
      latencyMs += found.latencyMs;
      energyMj += found.energyMj;
      storedBytes += bytes;
      outputs[index] = (elementCount(layer.outputShape) * config.activationBits) / 8;
      live += wiring.births[index]! * outputs[index];
      const outside =
        wiring.external[index] === true
          ? elementCount(layer.inputShape) * config.activationBits
          : 0;
      peak = Math.max(peak, live + outside / 8);
      for (const done of wiring.deaths[index]!) live -= outputs[done]!;
      const { name } = layer;
      return {
        name,
        latencyMs: found.latencyMs,
        energyMj: found.energyMj,
        storedBytes: bytes,
        bound: "compute",
        support,
      };
    });
    const { device, source } = this.table;
    return {
      kind: "predicted",
      latencyMs,
      energyMj,
      memoryFootprintMb: (storedBytes + peak) / 1e6,
      storedBytes,
      layers,
      ...summarizeSupport(layers),
      source: `sum of layers from a latency table of ${device}: ${source}`,
    };
  }

  #index(): void {
    const { entries, batch, averagePowerW = 0 } = this.table;
    const grids = new Map<string, { costs: Map<string, Cost>; sample: (typeof entries)[number] }>();
    for (const entry of entries) {
      const latencyMs = entry.latencyMs / batch;
      const energyMj =
        entry.energyMj === undefined ? latencyMs * averagePowerW : entry.energyMj / batch;
      const key =
        entry.layer === undefined ? `shape ${shapeKey(entry.shape!)}` : `layer ${entry.layer}`;
      let grid = grids.get(key);
      if (grid === undefined) {
        grid = { costs: new Map(), sample: entry };
        grids.set(key, grid);
      }
      grid.costs.set(`${entry.weightBits} ${entry.activationBits}`, { latencyMs, energyMj });
    }
    for (const { costs, sample } of grids.values()) {
      const grid: Grid = { costs, weightBits: widths(costs, 0), activationBits: widths(costs, 1) };
      if (sample.layer !== undefined) this.#byName.set(sample.layer, grid);
      else if (sample.shape !== undefined) {
        this.#byShape.set(shapeKey(sample.shape), grid);
        const list = this.#byKind.get(sample.shape.kind) ?? [];
        list.push({ size: workOf(sample.shape), grid });
        this.#byKind.set(sample.shape.kind, list);
      }
    }
    for (const list of this.#byKind.values()) list.sort((a, b) => a.size - b.size);
  }

  /** The cost, or the reason why there is none. */
  #find(layer: LayerSpec, { weightBits, activationBits }: LayerQuantConfig): Found | string {
    let known = this.#known.get(layer);
    if (known === undefined) {
      known = new Map();
      this.#known.set(layer, known);
    }
    const key = `${weightBits} ${activationBits}`;
    let found = known.get(key);
    if (found === undefined) {
      found = this.#lookUp(layer, weightBits, activationBits);
      known.set(key, found);
    }
    return found;
  }

  #lookUp(layer: LayerSpec, weightBits: number, activationBits: number): Found | string {
    const bits = `${weightBits}-bit weights and ${activationBits}-bit activations`;
    const grid = this.#byName.get(layer.name) ?? this.#byShape.get(shapeKey(layer));
    if (grid !== undefined) {
      const exact = grid.costs.get(`${weightBits} ${activationBits}`);
      if (exact !== undefined) return { ...exact, reason: "" };
      if (this.#missing === "refuse")
        return `The table has layer ${JSON.stringify(layer.name)}, and not with ${bits}.`;
      const between = interpolateBits(grid, weightBits, activationBits);
      return between === undefined
        ? `The table's widths for layer ${JSON.stringify(layer.name)} do not enclose ${bits}.`
        : { ...between, reason: "Interpolated between the measured widths of the layer." };
    }
    if (this.#missing === "refuse")
      return `The table has no layer ${JSON.stringify(layer.name)}, nor one of its shape.`;
    const between = this.#interpolateShapes(layer, weightBits, activationBits);
    return between === undefined
      ? `The table has no ${layer.kind} layers with fewer and with more work than ` +
          `${JSON.stringify(layer.name)} that enclose ${bits}.`
      : {
          ...between,
          reason: `Interpolated between measured ${layer.kind} layers of other shapes.`,
        };
  }

  #interpolateShapes(
    layer: LayerSpec,
    weightBits: number,
    activationBits: number,
  ): Cost | undefined {
    const size = workOf(layer);
    let below: { size: number; cost: Cost } | undefined;
    let above: { size: number; cost: Cost } | undefined;
    for (const shape of this.#byKind.get(layer.kind) ?? []) {
      const cost = interpolateBits(shape.grid, weightBits, activationBits);
      if (cost === undefined) continue;
      if (shape.size <= size) below = { size: shape.size, cost };
      if (shape.size >= size) above ??= { size: shape.size, cost };
    }
    if (below === undefined || above === undefined) return undefined;
    const share =
      above.size === below.size
        ? 0
        : Math.log(size / below.size) / Math.log(above.size / below.size);
    const mix = (a: number, b: number) => a * (b / a) ** share;
    return {
      latencyMs: mix(below.cost.latencyMs, above.cost.latencyMs),
      energyMj: mix(below.cost.energyMj, above.cost.energyMj),
    };
  }
}

/**
 * Interpolates linearly between the four nearest measured pairs of widths; undefined where one of
 * them is missing.
 */
function interpolateBits(grid: Grid, weightBits: number, activationBits: number): Cost | undefined {
  const w = enclose(grid.weightBits, weightBits);
  const a = enclose(grid.activationBits, activationBits);
  if (w === undefined || a === undefined) return undefined;
  let latencyMs = 0;
  let energyMj = 0;
  for (const [weight, weightShare] of w)
    for (const [activation, activationShare] of a) {
      const cost = grid.costs.get(`${weight} ${activation}`);
      if (cost === undefined) return undefined;
      latencyMs += weightShare * activationShare * cost.latencyMs;
      energyMj += weightShare * activationShare * cost.energyMj;
    }
  return { latencyMs, energyMj };
}

/** The neighbours of a value in an ascending list, each with its weight. */
function enclose(
  list: readonly number[],
  value: number,
): readonly (readonly [number, number])[] | undefined {
  const above = list.find((one) => one >= value);
  const below = list.findLast((one) => one <= value);
  if (above === undefined || below === undefined) return undefined;
  if (above === below) return [[above, 1]];
  const share = (value - below) / (above - below);
  return [
    [below, 1 - share],
    [above, share],
  ];
}

function widths(costs: ReadonlyMap<string, Cost>, part: 0 | 1): number[] {
  return [...new Set([...costs.keys()].map((key) => Number(key.split(" ")[part])))].sort(
    (a, b) => a - b,
  );
}

type Shape = Pick<LayerSpec, "kind" | "inputShape" | "outputShape" | "parameterCount">;

function shapeKey({ kind, inputShape, outputShape, parameterCount }: Shape): string {
  return `${kind} ${inputShape.join("x")} ${outputShape.join("x")} ${parameterCount}`;
}

/**
 * Order of the layers of one kind: their multiply-accumulates, as far as shapes tell. They are the
 * weights times the positions at which each is used. At least 1.
 */
function workOf({ kind, outputShape, parameterCount }: Shape): number {
  const channels = (kind.includes("conv") ? outputShape[1] : outputShape.at(-1)) ?? 1;
  return Math.max(1, (parameterCount * elementCount(outputShape)) / Math.max(1, channels));
}
