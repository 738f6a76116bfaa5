import { readFileSync } from "node:fs";
import { LayerQuantConfig, type LayerQuantConfigFields } from "../src/genome/layer-quant-config.js";
import { QuantizationGenome } from "../src/genome/quantization-genome.js";
import type { HardwareTarget } from "../src/hardware/contract.js";
import type { HardwareProfile } from "../src/hardware/profile/profile-schema.js";
import { costModelFor, hardwareDevices } from "../src/hardware/registry.js";
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
  /**
   * `fitted`: figures of the device's profile were fitted to it. `unseen`: kept out of the fits,
   * but its error was known while the equations were made. `fresh`: found after the equations and
   * figures were final.
   */
  readonly split: "fitted" | "unseen" | "fresh";
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
  const profile = hardwareDevices.find(
    (one) => one.target === target && one.deviceId === point.device,
  );
  if (profile === undefined) {
    const known = hardwareDevices.filter((one) => one.target === target);
    throw new Error(
      `${point.id}: device is ${JSON.stringify(point.device)}; allowed: ` +
        known.map(({ deviceId }) => deviceId).join(", "),
    );
  }
  return predictOn(profile, point);
}

/** Latency of a point in ms as a profile predicts it. */
export function predictOn(profile: HardwareProfile, point: ValidationPoint): number {
  let model = networks.get(point.network);
  if (model === undefined) {
    try {
      model = networkByName(point.network);
    } catch (cause) {
      throw new Error(`${point.id}: ${(cause as Error).message}`, { cause });
    }
    networks.set(point.network, model);
  }
  const { weightBits, activationBits, weightScheme, activationScheme, granularity, groupSize } =
    point;
  const settings = {
    weightBits,
    activationBits,
    weightScheme,
    activationScheme,
    granularity,
    groupSize,
  };
  const config = new LayerQuantConfig(
    Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)),
  );
  const genome = new QuantizationGenome({
    layerConfigs: new Map(model.layers.map((layer) => [layer.name, config])),
  });
  const { batch, threads } = point;
  const costModel = costModelFor(profile, {
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

/** How well some points are predicted. */
export interface SplitValidation {
  readonly count: number;
  /** Median of the absolute relative errors; NaN without points. */
  readonly medianError: number;
  /**
   * Points of one device compared two by two: the pairs in the published order, and all of them.
   */
  readonly ordered: number;
  readonly pairs: number;
  /** The same for pairs whose published latencies differ by at least {@link DISTINCT}. */
  readonly distinctOrdered: number;
  readonly distinctPairs: number;
}

/** How a target's profiles do. */
export interface TargetValidation {
  readonly target: HardwareTarget;
  readonly points: readonly CheckedPoint[];
  readonly fitted: SplitValidation;
  readonly unseen: SplitValidation;
  readonly fresh: SplitValidation;
  /** Unseen and fresh points together: what the profiles state as their error. */
  readonly notFitted: SplitValidation;
}

/**
 * Latencies that are closer than this are one to the devices that published them: run-to-run
 * spread.
 */
export const DISTINCT = 0.05;

/** Predicts every point of a target. */
export function validateTarget(target: HardwareTarget): TargetValidation {
  const points = validationPoints(target).map((point) => {
    const predictedMs = predictPoint(target, point);
    return { point, predictedMs, error: predictedMs / point.latencyMs - 1 };
  });
  const of = (...splits: ValidationPoint["split"][]) =>
    validateSplit(points.filter(({ point }) => splits.includes(point.split)));
  return {
    target,
    points,
    fitted: of("fitted"),
    unseen: of("unseen"),
    fresh: of("fresh"),
    notFitted: of("unseen", "fresh"),
  };
}

/** Errors and order of some checked points. */
export function validateSplit(points: readonly CheckedPoint[]): SplitValidation {
  let [ordered, pairs, distinctOrdered, distinctPairs] = [0, 0, 0, 0];
  points.forEach((a, index) => {
    for (const b of points.slice(index + 1)) {
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
  const medianError = median(points.map(({ error }) => Math.abs(error)));
  return { count: points.length, medianError, ordered, pairs, distinctOrdered, distinctPairs };
}

/** The median; of an even number of values the mean of the middle two, of none NaN. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
