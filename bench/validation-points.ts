import { readFileSync } from "node:fs";
import { LayerQuantConfig, type LayerQuantConfigFields } from "../src/genome/layer-quant-config.js";
import { QuantizationGenome } from "../src/genome/quantization-genome.js";
import type { HardwareTarget } from "../src/hardware/contract.js";
import { costModelFor } from "../src/hardware/registry.js";
import type { ModelSpec } from "../src/model/layer-spec.js";
import { networkByName } from "./networks/index.js";

/** A published latency. */
export interface ValidationPoint extends Partial<LayerQuantConfigFields> {
  readonly id: string;
  readonly device: string;
  /** A name that `networkByName` knows. */
  readonly network: string;
  /** Of the whole batch. */
  readonly latencyMs: number;
  /** Whether figures of the device's profile were fitted to it. Decided before any fit. */
  readonly split: "fitted" | "unseen";
  readonly source: string;
  readonly batch?: number;
  readonly threads?: number;
}

/** The points of a target, from `validation-points/<target>.json`. */
export function validationPoints(target: HardwareTarget): readonly ValidationPoint[] {
  const url = new URL(`validation-points/${target}.json`, import.meta.url);
  return (JSON.parse(readFileSync(url, "utf8")) as { points: ValidationPoint[] }).points;
}

const networks = new Map<string, ModelSpec>();

/** Latency of a point in ms as the built-in profile of its device predicts it. */
export function predictPoint(target: HardwareTarget, point: ValidationPoint): number {
  let model = networks.get(point.network);
  if (model === undefined) {
    model = networkByName(point.network);
    networks.set(point.network, model);
  }
  const { weightBits, activationBits, weightScheme, activationScheme, granularity, groupSize } = point;
  const settings = { weightBits, activationBits, weightScheme, activationScheme, granularity, groupSize };
  const config = new LayerQuantConfig(
    Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)),
  );
  const genome = new QuantizationGenome({
    layerConfigs: new Map(model.layers.map((layer) => [layer.name, config])),
  });
  const { device, batch, threads } = point;
  const costModel = costModelFor(target, {
    device,
    ...(batch === undefined ? {} : { batch }),
    ...(threads === undefined ? {} : { threads }),
  });
  return costModel.estimate(model, genome).latencyMs;
}

/** A point with its prediction and the error relative to what was published. */
export interface CheckedPoint {
  readonly point: ValidationPoint;
  readonly predictedMs: number;
  readonly error: number;
}

/** How a target's profiles do on points that they were not fitted to. */
export interface TargetValidation {
  readonly target: HardwareTarget;
  readonly points: readonly CheckedPoint[];
  readonly fitted: number;
  readonly unseen: number;
  /** Median of the absolute relative errors of the unseen points. */
  readonly medianError: number;
  /** Unseen points of one device compared two by two: the pairs in the published order, and all of them. */
  readonly ordered: number;
  readonly pairs: number;
  /** The same for pairs whose published latencies differ by at least {@link DISTINCT}. */
  readonly distinctOrdered: number;
  readonly distinctPairs: number;
}

/** Latencies that are closer than this are one to the devices that published them: run-to-run spread. */
export const DISTINCT = 0.05;

/** Predicts every point of a target. */
export function validateTarget(target: HardwareTarget): TargetValidation {
  const points = validationPoints(target).map((point) => {
    const predictedMs = predictPoint(target, point);
    return { point, predictedMs, error: predictedMs / point.latencyMs - 1 };
  });
  const unseen = points.filter(({ point }) => point.split === "unseen");
  let ordered = 0;
  let pairs = 0;
  let distinctOrdered = 0;
  let distinctPairs = 0;
  unseen.forEach((a, index) => {
    for (const b of unseen.slice(index + 1)) {
      if (a.point.device !== b.point.device || a.point.latencyMs === b.point.latencyMs) continue;
      const [x, y] = [a.point.latencyMs, b.point.latencyMs];
      const right = a.predictedMs !== b.predictedMs && a.predictedMs > b.predictedMs === x > y;
      pairs++;
      if (right) ordered++;
      if (Math.max(x, y) < (1 + DISTINCT) * Math.min(x, y)) continue;
      distinctPairs++;
      if (right) distinctOrdered++;
    }
  });
  return {
    target,
    points,
    fitted: points.length - unseen.length,
    unseen: unseen.length,
    medianError: median(unseen.map(({ error }) => Math.abs(error))),
    ordered,
    pairs,
    distinctOrdered,
    distinctPairs,
  };
}

/** The median; of an even number of values the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
