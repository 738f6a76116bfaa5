import { InvalidArgumentError, InvalidDataError } from "../../errors.js";
import { rankCorrelation } from "../../numeric/rank-correlation.js";
import { Random } from "../../random/random.js";
import type { HardwareCostModel } from "../contract.js";
import { loadHardwareProfile } from "../profile/load-hardware-profile.js";
import type { Figure, HardwareProfile } from "../profile/profile-schema.js";
import { RooflineCostModel } from "../roofline/roofline-cost-model.js";
import type { LatencyMeasurement } from "../table/latency-measurement.js";
import { diagnoseFit, type ParameterDiagnosis } from "./fit-diagnosis.js";
import { type FitOrigin, fitLatency, LatencyProblem, median } from "./fit-latency.js";
import {
  chooseParameters,
  type FitParameter,
  fitParameters,
  withFigures,
} from "./fit-parameters.js";

/** Options of {@link fitHardwareProfile}. */
export interface FitHardwareProfileOptions {
  /**
   * The start: the built-in profile nearest to the device. Figures that the data do not determine
   * stay near it.
   */
  readonly profile: HardwareProfile;
  /**
   * Paths of the figures to fit, such as `gmacsPerSecond.int8`. Default: all that latency depends
   * on.
   */
  readonly parameters?: readonly string[] | undefined;
  /** Number of cross-validation folds, from 2. Default 5, or the number of groups if smaller. */
  readonly folds?: number | undefined;
  /** Seed that assigns groups to folds. Default `fit`. */
  readonly seed?: string | number | undefined;
  /**
   * Largest relative standard error of a parameter that counts as determined, above 0 to 10.
   * Default 0.25.
   */
  readonly tolerance?: number | undefined;
  /** Name of the new profile. Default: that of the start, followed by `, fitted`. */
  readonly name?: string | undefined;
  /** Device of the new profile. Default: that of the start. */
  readonly device?: string | undefined;
  /** Where the measurements come from, for the sources of the fitted figures. */
  readonly source?: string | undefined;
  /** Makes the cost model of a profile. Default: a {@link RooflineCostModel}. */
  readonly costModel?: ((profile: HardwareProfile) => HardwareCostModel) | undefined;
}

/** Errors of predicted latencies, relative to the measured ones. */
export interface LatencyErrors {
  readonly medianRelativeError: number;
  readonly p90RelativeError: number;
  readonly maxRelativeError: number;
  /** Spearman's rank correlation, -1 to 1. NaN with fewer than two measurements. */
  readonly rankCorrelation: number;
  /** Predicted latencies in milliseconds, in the order of the measurements. */
  readonly predictedMs: readonly number[];
}

/** A figure before and after the fit, with its diagnosis. */
export interface FittedParameter extends ParameterDiagnosis {
  readonly path: string;
  readonly unit: string;
  readonly before: number;
  readonly value: number;
}

/** The result of {@link fitHardwareProfile}. */
export interface HardwareProfileFit {
  /**
   * The fitted profile. Figures that the data determine have the tag `fitted`, the others
   * `estimated`.
   */
  readonly profile: HardwareProfile;
  readonly parameters: readonly FittedParameter[];
  /** Paths of the figures that are `undetermined`, `at-bound` or `unused`. */
  readonly notDetermined: readonly string[];
  /** `start` when the fit was worse than the start, which was then kept. */
  readonly origin: FitOrigin;
  /** Errors of the start profile. */
  readonly before: LatencyErrors;
  /**
   * Errors on the fitted measurements, which are smaller than on new ones. The median is never
   * above the start's.
   */
  readonly after: LatencyErrors;
  /** Errors on measurements left out of the fit. Absent with fewer than two groups. */
  readonly crossValidation?: LatencyErrors & { readonly folds: number };
}

/**
 * Fits the figures of a profile to measured latencies of layers or whole models. It reports the
 * errors by cross-validation, and the figures that the data do not determine. `fitLatency` has the
 * method. Energy figures do not change.
 * @param measurements from `parseMeasurementTable`, `measureOnnxLatency` or your own stopwatch; a
 *   few for each figure
 * @throws InvalidDataError for no measurements or a latency that is not above 0;
 *   InvalidArgumentError for an unknown parameter, an option out of range, or a genome that lacks a
 *   layer; InvalidDocumentError for a profile that is not valid
 *
 * @example
 * ```ts
 * const { measurements } = parseMeasurementTable(await readFile("latencies.json", "utf8"));
 * const fit = fitHardwareProfile(measurements, { profile: intelVnniOnnxRuntime });
 * console.log(fit.crossValidation?.medianRelativeError, fit.notDetermined);
 * const costModel = costModelFor(fit.profile);
 * ```
 */
export function fitHardwareProfile(
  measurements: readonly LatencyMeasurement[],
  options: FitHardwareProfileOptions,
): HardwareProfileFit {
  const start = loadHardwareProfile(options.profile);
  const {
    tolerance = 0.25,
    seed = "fit",
    costModel = (profile) => new RooflineCostModel(profile),
  } = options;
  checkMeasurements(measurements);
  if (!(tolerance > 0 && tolerance <= 10))
    throw new InvalidArgumentError(
      "tolerance",
      `tolerance is ${tolerance}; allowed: above 0, to 10`,
    );
  const parameters =
    options.parameters === undefined
      ? fitParameters(start)
      : chooseParameters(start, options.parameters);
  if (parameters.length === 0)
    throw new InvalidArgumentError("parameters", "parameters is empty; allowed: 1 path or more");
  const all = measurements.map((_, index) => index);
  const problem = new LatencyProblem(start, parameters, measurements, costModel);
  const before = problem.predict(
    parameters.map((_, j) => problem.start(j)),
    all,
  );
  const solution = fitLatency(problem, all);
  const diagnoses = diagnoseFit(problem, solution, all, tolerance);
  const fitted = parameters.map((parameter, j): FittedParameter => {
    const diagnosis = diagnoses[j]!;
    const value =
      diagnosis.status === "unused" ? parameter.value : problem.valueOf(j, solution.multiples[j]!);
    const { path, unit } = parameter;
    return { path, unit, before: parameter.value, value, ...diagnosis };
  });
  const crossValidation = crossValidate(problem, measurements, options.folds, seed);
  const after = problem.predict(solution.multiples, all);
  return {
    profile: newProfile(start, fitted, solution.origin, measurements, crossValidation, options),
    parameters: fitted,
    origin: solution.origin,
    notDetermined: fitted.filter(({ status }) => status !== "determined").map(({ path }) => path),
    before: latencyErrors(before, measurements),
    after: latencyErrors(after, measurements),
    ...(crossValidation && { crossValidation }),
  };
}

/**
 * The errors of predicted latencies.
 * @param predictedMs predicted latencies in milliseconds, one for each measurement
 * @throws InvalidDataError for no measurements or a latency that is not above 0;
 *   InvalidArgumentError for another number of predictions
 */
export function latencyErrors(
  predictedMs: ArrayLike<number>,
  measurements: readonly LatencyMeasurement[],
): LatencyErrors {
  checkMeasurements(measurements);
  if (predictedMs.length !== measurements.length)
    throw new InvalidArgumentError(
      "predictedMs",
      `predictedMs has ${predictedMs.length} elements; allowed: ${measurements.length}, one ` +
        "for each measurement",
    );
  const errors = measurements.map(({ latencyMs }, i) => Math.abs(predictedMs[i]! / latencyMs - 1));
  const sorted = [...errors].sort((a, b) => a - b);
  return {
    medianRelativeError: median(errors),
    p90RelativeError: sorted[Math.ceil(0.9 * sorted.length) - 1]!,
    maxRelativeError: sorted.at(-1)!,
    rankCorrelation:
      measurements.length < 2
        ? Number.NaN
        : rankCorrelation(
            Array.from(predictedMs),
            measurements.map(({ latencyMs }) => latencyMs),
          ),
    predictedMs: Array.from(predictedMs),
  };
}

function checkMeasurements(measurements: readonly LatencyMeasurement[]): void {
  if (!Array.isArray(measurements) || measurements.length === 0)
    throw new InvalidDataError(
      "measurements",
      "measurements is empty or no array; allowed: 1 or more",
    );
  measurements.forEach(({ latencyMs, spreadMs = 0 }: LatencyMeasurement, index) => {
    const path = `measurements.${index}`;
    if (!(latencyMs > 0 && latencyMs < Number.POSITIVE_INFINITY))
      throw new InvalidDataError(
        `${path}.latencyMs`,
        `${path}.latencyMs is ${latencyMs}; allowed: above 0, finite`,
      );
    if (!(spreadMs >= 0 && spreadMs < Number.POSITIVE_INFINITY))
      throw new InvalidDataError(
        `${path}.spreadMs`,
        `${path}.spreadMs is ${spreadMs}; allowed: from 0, finite`,
      );
  });
}

function crossValidate(
  problem: LatencyProblem,
  measurements: readonly LatencyMeasurement[],
  folds: number | undefined,
  seed: string | number,
): (LatencyErrors & { folds: number }) | undefined {
  const groups = [...new Set(measurements.map(({ group }, i) => group ?? i))];
  if (folds !== undefined && !(Number.isInteger(folds) && folds >= 2))
    throw new InvalidArgumentError("folds", `folds is ${folds}; allowed: an integer from 2`);
  const parts = Math.min(folds ?? 5, groups.length);
  if (parts < 2) return undefined;
  const random = new Random(seed);
  for (let i = groups.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [groups[i], groups[j]] = [groups[j]!, groups[i]!];
  }
  const partOf = new Map(groups.map((group, i) => [group, i % parts]));
  const part = measurements.map(({ group }, i) => partOf.get(group ?? i));
  const predicted = new Float64Array(measurements.length);
  for (let out = 0; out < parts; out++) {
    const kept = measurements.flatMap((_, i) => (part[i] === out ? [] : [i]));
    const left = measurements.flatMap((_, i) => (part[i] === out ? [i] : []));
    const { multiples } = fitLatency(problem, kept);
    problem.predict(multiples, left).forEach((ms, i) => {
      predicted[left[i]!] = ms;
    });
  }
  return { folds: parts, ...latencyErrors(predicted, measurements) };
}

function newProfile(
  start: HardwareProfile,
  fitted: readonly FittedParameter[],
  fitOrigin: FitOrigin,
  measurements: readonly LatencyMeasurement[],
  crossValidation: LatencyErrors | undefined,
  { source, name, device }: FitHardwareProfileOptions,
): HardwareProfile {
  const from = source === undefined ? "" : ` (${source})`;
  const origin = `fitHardwareProfile on ${measurements.length} measurements${from}`;
  const figures = new Map<FitParameter["path"], (old: Figure) => object>();
  for (const { path, value, status, confoundedWith } of fitted) {
    if (status === "unused") continue;
    const doubt =
      status === "at-bound"
        ? "; the data want it at the end of its range"
        : fitOrigin === "start"
          ? "; a fit was worse than the start, which was kept"
          : confoundedWith.length > 0
            ? `; the data do not tell it from ${confoundedWith.join(", ")}`
            : "; the data hardly determine it";
    figures.set(path, (old) => ({
      ...old,
      value,
      tag: status === "determined" ? "fitted" : "estimated",
      source: status === "determined" ? origin : origin + doubt,
    }));
  }
  const changed = withFigures(start, figures) as HardwareProfile;
  const validation = crossValidation && {
    latencyRelativeError: {
      value: Math.min(10, crossValidation.medianRelativeError),
      unit: "share",
      tag: "fitted",
      source: `cross-validation of ${origin}`,
    },
    energyRelativeError: start.validation?.energyRelativeError ?? {
      value: 1,
      unit: "share",
      tag: "estimated",
      source: "energy was not measured when the profile was fitted",
    },
  };
  return loadHardwareProfile({
    ...changed,
    name: name ?? `${start.name}, fitted`,
    device: device ?? start.device,
    ...(validation && { validation }),
  });
}
