import type { ModelSpec } from "../../model/layer-spec.js";
import { nonNegativeLeastSquares } from "../../numeric/non-negative-least-squares.js";
import type { HardwareCostModel } from "../contract.js";
import type { HardwareProfile } from "../profile/profile-schema.js";
import type { LatencyMeasurement } from "../table/latency-measurement.js";
import type { FitParameter } from "./fit-parameters.js";
import { withFigures } from "./fit-parameters.js";

/** Relative error of weight one: about the difference between repeated measurements. */
const NOISE = 0.02;
/**
 * Width of the prior, as a multiple of the start. It keeps figures that the data do not determine
 * near the start.
 */
const PRIOR_WIDTH = 3;
/** Huber's constant, which gives 95% of the efficiency of least squares for normal errors. */
const HUBER = 1.345;
const ROUNDS = 40;
/** Largest factor by which a fit moves a figure from its scaled start. */
const REACH = 100;

/** Latencies as a function of the parameters, each as a multiple of its start. */
export class LatencyProblem {
  readonly #profile: HardwareProfile;
  readonly #costModel: (profile: HardwareProfile) => HardwareCostModel;
  /** The measured models without their weights, since cost models read only shapes. */
  readonly #specs: readonly ModelSpec[];

  constructor(
    profile: HardwareProfile,
    readonly parameters: readonly FitParameter[],
    readonly measurements: readonly LatencyMeasurement[],
    costModel: (profile: HardwareProfile) => HardwareCostModel,
  ) {
    this.#profile = profile;
    this.#costModel = costModel;
    const bare = new Map<ModelSpec, ModelSpec>();
    this.#specs = measurements.map(({ model }) => {
      const known = bare.get(model);
      if (known !== undefined) return known;
      const layers = model.layers.map(({ weights: _weights, ...layer }) => layer);
      const made = { ...model, layers };
      bare.set(model, made);
      return made;
    });
  }

  /** The figure for a multiple of a parameter's start. Times are multiplied and rates divided. */
  valueOf(index: number, multiple: number): number {
    const { value, reciprocal, least, most } = this.parameters[index]!;
    const moved = reciprocal ? value / Math.max(multiple, 1e-300) : this.#scale(index) * multiple;
    return Math.min(most, Math.max(least, moved));
  }

  /** The multiple that stands for the start: 1, or 0 for an overhead of 0. */
  start(index: number): number {
    return this.parameters[index]!.value === 0 ? 0 : 1;
  }

  /** The least multiple whose figure a profile allows. */
  least(index: number): number {
    const { value, reciprocal, least, most } = this.parameters[index]!;
    return reciprocal ? value / most : least / this.#scale(index);
  }

  /** The greatest multiple whose figure a profile allows. */
  most(index: number): number {
    const { value, reciprocal, least, most } = this.parameters[index]!;
    return reciprocal ? value / least : most / this.#scale(index);
  }

  /** Predicted latencies of the chosen measurements in milliseconds. */
  predict(multiples: ArrayLike<number>, chosen: readonly number[]): Float64Array {
    const figures = new Map(
      this.parameters.map(({ path }, index): [string, (old: object) => object] => [
        path,
        (old) => ({ ...old, value: this.valueOf(index, multiples[index]!) }),
      ]),
    );
    const profile = withFigures(this.#profile, figures) as HardwareProfile;
    const model = this.#costModel(profile);
    const perGraphMs = profile.overheadPerGraphUs.value / 1e3;
    return Float64Array.from(chosen, (at) => {
      const { genome, scope } = this.measurements[at]!;
      const { latencyMs } = model.estimate(this.#specs[at]!, genome);
      return scope === "layer" ? latencyMs - perGraphMs : latencyMs;
    });
  }

  /** Weight of a measurement by its own spread, above 0 to 1. */
  weight(at: number): number {
    const { spreadMs = 0, latencyMs } = this.measurements[at]!;
    // The interquartile range of a normal distribution is 1.35 standard deviations.
    const relative = spreadMs / latencyMs / 1.35;
    return NOISE ** 2 / (NOISE ** 2 + relative ** 2);
  }

  /** Relative errors: predicted over measured, minus 1. */
  errors(predicted: Float64Array, chosen: readonly number[]): Float64Array {
    return predicted.map((ms, i) => ms / this.measurements[chosen[i]!]!.latencyMs - 1);
  }

  /**
   * Change of each relative error per unit change of each multiple, row by row. By finite
   * differences, forward where the range allows.
   */
  jacobian(
    multiples: Float64Array,
    predicted: Float64Array,
    chosen: readonly number[],
  ): Float64Array[] {
    const rows = chosen.map(() => new Float64Array(multiples.length));
    for (let j = 0; j < multiples.length; j++) {
      const forward = 1e-4 * Math.max(multiples[j]!, 1e-2);
      const step = multiples[j]! + forward > this.most(j) ? -forward : forward;
      const moved = Float64Array.from(multiples);
      moved[j]! += step;
      const after = this.predict(moved, chosen);
      chosen.forEach((at, i) => {
        rows[i]![j] = (after[i]! - predicted[i]!) / step / this.measurements[at]!.latencyMs;
      });
    }
    return rows;
  }

  #scale(index: number): number {
    // The unit of an overhead of 0 is a microsecond.
    return this.parameters[index]!.value || 1;
  }
}

/** `fitted`, or `start` when the fit had a greater median relative error on its own data. */
export type FitOrigin = "fitted" | "start";

/** The multiples that fit the chosen measurements. */
export interface LatencySolution {
  readonly multiples: Float64Array;
  /** Factor by which the whole start was scaled first. */
  readonly scale: number;
  /** Lower bound of each multiple. */
  readonly lower: readonly number[];
  /** Robust standard deviation of the relative errors. */
  readonly deviation: number;
  readonly origin: FitOrigin;
}

/**
 * Fits multiples by Huber's robust least squares on relative errors (iteratively reweighted). The
 * unknowns are non-negative, with a weak prior at the start. The start itself is the answer when
 * its median error is smaller.
 *
 * Latency is a sum of terms linear in time per MAC, per byte and per operator. Exceptions are the
 * larger of compute and memory time, efficiencies that multiply, and clamps. So each round
 * linearizes by differences of the cost model, which assigns every layer to its roof. It solves the
 * linear problem with the active-set method. It takes the step when the error falls, else a shorter
 * one (Levenberg-Marquardt damping).
 */
export function fitLatency(problem: LatencyProblem, chosen: readonly number[]): LatencySolution {
  const { parameters } = problem;
  const count = parameters.length;
  const start = Float64Array.from(parameters, (_, j) => problem.start(j));
  const first = problem.predict(start, chosen);
  const scale = median(
    Array.from(first, (ms, i) => problem.measurements[chosen[i]!]!.latencyMs / ms),
  );
  // Efficiencies multiply rates, so scaling both would scale twice.
  const rated = parameters.some(({ unit }) => unit === "GMAC/s");
  const scales = parameters.map(({ unit }) => (rated && unit === "x" ? 1 : scale));
  // A multiple beyond the profile's range would have no effect.
  const within = (j: number, multiple: number) =>
    Math.max(problem.least(j), Math.min(problem.most(j), multiple));
  const lower = parameters.map(({ reciprocal }, j) =>
    within(j, reciprocal ? scales[j]! / REACH : 0),
  );
  const upper = parameters.map((_, j) =>
    within(j, problem.start(j) === 0 ? 1e5 : scales[j]! * REACH),
  );
  const prior = parameters.map((_, j) => within(j, problem.start(j) * scales[j]!));
  // An overhead that starts at 0 may become a good part of the latency.
  const typicalUs = 1e3 * median(chosen.map((at) => problem.measurements[at]!.latencyMs));
  const width = prior.map((center) => PRIOR_WIDTH * (center || typicalUs / 10));

  let multiples = Float64Array.from(prior);
  let predicted = problem.predict(multiples, chosen);
  let errors = problem.errors(predicted, chosen);
  let damping = 1e-3;
  for (let round = 0; round < ROUNDS; round++) {
    // Start generous. Otherwise the measurements that happen to fit at first would outvote the
    // others for good.
    const generous = 0.3 * 0.6 ** round;
    const bend = HUBER * Math.max(robustDeviation(errors), generous);
    const objective = (list: Float64Array, at: Float64Array) =>
      list.reduce((sum, error, i) => sum + problem.weight(chosen[i]!) * huber(error, bend), 0) /
        NOISE ** 2 +
      prior.reduce((sum, center, j) => sum + ((at[j]! - center) / width[j]!) ** 2, 0);
    const before = objective(errors, multiples);
    const jacobian = problem.jacobian(multiples, predicted, chosen);
    let improved = false;
    for (let attempt = 0; attempt < 8 && !improved; attempt++) {
      const rows: number[][] = [];
      const targets: number[] = [];
      errors.forEach((error, i) => {
        const robust = Math.min(1, bend / Math.max(Math.abs(error), 1e-12));
        const weight = Math.sqrt(problem.weight(chosen[i]!) * robust) / NOISE;
        const slope = jacobian[i]!;
        let target = -error;
        for (let j = 0; j < count; j++) target += slope[j]! * (multiples[j]! - lower[j]!);
        rows.push(Array.from(slope, (value) => value * weight));
        targets.push(target * weight);
      });
      for (let j = 0; j < count; j++) {
        const alone = (value: number, center: number) => {
          rows.push(parameters.map((_, k) => (k === j ? value : 0)));
          targets.push(value * (center - lower[j]!));
        };
        alone(1 / width[j]!, prior[j]!);
        alone(Math.sqrt(damping) / width[j]!, multiples[j]!);
      }
      const step = nonNegativeLeastSquares(rows, targets);
      const next = step.map((value, j) => Math.min(upper[j]!, lower[j]! + value));
      const nextPredicted = problem.predict(next, chosen);
      const nextErrors = problem.errors(nextPredicted, chosen);
      const after = objective(nextErrors, next);
      if (after < before) {
        improved = before - after > 1e-6 * before;
        multiples = next;
        predicted = nextPredicted;
        errors = nextErrors;
        damping = Math.max(1e-6, damping / 5);
        break;
      }
      damping *= 10;
    }
    // A small step ends the search only once the bend has settled.
    if (!improved && generous < robustDeviation(errors)) break;
  }
  const untouched = problem.errors(first, chosen);
  if (medianSize(untouched) < medianSize(errors))
    return {
      multiples: start,
      scale,
      lower,
      deviation: robustDeviation(untouched),
      origin: "start",
    };
  return { multiples, scale, lower, deviation: robustDeviation(errors), origin: "fitted" };
}

/** Huber's loss, on the scale of squares. */
function huber(error: number, bend: number): number {
  const size = Math.abs(error);
  return size <= bend ? size * size : 2 * bend * size - bend * bend;
}

/**
 * Robust standard deviation from the median absolute error, for a normal distribution. At least a
 * quarter of {@link NOISE}.
 */
function robustDeviation(errors: Float64Array): number {
  return Math.max(NOISE / 4, 1.4826 * medianSize(errors));
}

const medianSize = (errors: Float64Array): number => median(Array.from(errors, Math.abs));

/** The median: the middle value, or the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
