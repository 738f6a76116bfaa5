/**
 * Fits the calibrated figures of the built-in profiles to the fitted half of the published points:
 *
 * npm run fit:profiles [-- --device pixel-3] [--json] [--check]
 *
 * The objective is Huber's loss of the logarithms of predicted over published latency in units of
 * 10%, plus a log-normal prior: the first guess of each figure (`fit-guesses.json`), off by 20% as
 * one unit. It is minimized over the logarithms of the figures by Nelder and Mead. Prints each
 * figure beside the one in the profile; `--check` fails when they differ by more than 2%. Unseen
 * and fresh points are not read.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { HardwareTarget } from "../src/hardware/contract.js";
import { withFigures } from "../src/hardware/fit/fit-parameters.js";
import { loadHardwareProfile } from "../src/hardware/profile/load-hardware-profile.js";
import type { Figure, HardwareProfile } from "../src/hardware/profile/profile-schema.js";
import { hardwareDevices } from "../src/hardware/registry.js";
import { nelderMead } from "./nelder-mead.js";
import { predictOn, type ValidationPoint, validationPoints } from "./validation-points.js";

/** Relative error that counts as one, and where Huber's loss turns from squares to lengths. */
const NOISE = 0.1;
const BEND = 1.345;
/** Relative error of a first guess that counts as one. */
const GUESS = 0.2;
/** How far a figure of a profile, which is rounded, may be from the fit. */
export const AGREEMENT = 0.02;

/** A device's fit: its figures by path, where they start and what they are fitted to. */
export interface DeviceFit {
  readonly profile: HardwareProfile;
  readonly points: readonly ValidationPoint[];
  readonly paths: readonly string[];
  readonly guesses: readonly number[];
  /** The figures in the profile. */
  readonly values: readonly number[];
  /** What the fit makes small, of the logarithms of the figures. */
  readonly cost: (logarithms: readonly number[]) => number;
}

/** Every device with figures that say they were fitted to its points. */
export function deviceFits(): readonly DeviceFit[] {
  const guesses = JSON.parse(
    readFileSync(new URL("fit-guesses.json", import.meta.url), "utf8"),
  ) as Record<string, Record<string, number>>;
  return Object.values(HardwareTarget).flatMap((target) =>
    hardwareDevices
      .filter(
        (profile) => profile.target === target && guesses[profile.deviceId ?? ""] !== undefined,
      )
      .map((profile) => deviceFit(target, profile, guesses[profile.deviceId ?? ""] ?? {})),
  );
}

/**
 * Figures of a profile whose source says that they were fitted to the published points, by path.
 */
export function calibratedFigures(profile: HardwareProfile): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const walk = (node: unknown, path: string) => {
    if (typeof node !== "object" || node === null || Array.isArray(node)) return;
    const { value, tag, source } = node as Partial<Figure>;
    if (value !== undefined) {
      if (tag === "calibrated" && source?.startsWith("fitted by robust least squares"))
        found.set(path, value);
      return;
    }
    for (const [key, part] of Object.entries(node))
      walk(part, path === "" ? key : `${path}.${key}`);
  };
  walk(profile, "");
  return found;
}

function deviceFit(
  target: HardwareTarget,
  profile: HardwareProfile,
  first: Readonly<Record<string, number>>,
): DeviceFit {
  const paths = Object.keys(first);
  const guesses = Object.values(first);
  const points = validationPoints(target).filter(
    ({ device, split }) => device === profile.deviceId && split === "fitted",
  );
  const cost = (logarithms: readonly number[]) => {
    const figures = new Map(
      paths.map(
        (path, i) =>
          [path, (old: Figure) => ({ ...old, value: Math.exp(logarithms[i]!) })] as const,
      ),
    );
    const changed = loadHardwareProfile(withFigures(profile, figures));
    let sum = 0;
    for (const point of points) {
      const off = Math.abs(Math.log(predictOn(changed, point) / point.latencyMs)) / NOISE;
      sum += off <= BEND ? off * off : 2 * BEND * off - BEND * BEND;
    }
    logarithms.forEach((x, i) => {
      sum += ((x - Math.log(guesses[i]!)) / Math.log(1 + GUESS)) ** 2;
    });
    return sum;
  };
  const values = calibratedFigures(profile);
  return {
    profile,
    points,
    paths,
    guesses,
    values: paths.map((path) => values.get(path) ?? Number.NaN),
    cost,
  };
}

/** The figures of a device as the fit finds them, from the first guesses alone. */
export function fittedFigures({ guesses, cost }: DeviceFit): readonly number[] {
  return nelderMead(cost, guesses.map(Math.log)).map(Math.exp);
}

if (process.argv[1]?.endsWith("fit-profiles.ts") === true) {
  const { values: flags } = parseArgs({
    options: {
      device: { type: "string" },
      json: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
    },
  });
  const all = deviceFits();
  const fits = all.filter(({ profile }) => [undefined, profile.deviceId].includes(flags.device));
  if (fits.length === 0) {
    const known = hardwareDevices.some(({ deviceId }) => deviceId === flags.device);
    console.error(
      known
        ? `${flags.device}: nothing to fit, as bench/fit-guesses.json has no guesses for it`
        : `device is ${JSON.stringify(flags.device)}; allowed: ` +
            all.map(({ profile }) => profile.deviceId).join(", "),
    );
    // A device without fitted figures is as it should be.
    if (!known) process.exitCode = 1;
  }
  for (const fit of fits) {
    const figures = fittedFigures(fit);
    const rows = fit.paths.map((path, i) => ({
      device: fit.profile.deviceId,
      path,
      guess: fit.guesses[i]!,
      fitted: Number(figures[i]!.toPrecision(4)),
      inProfile: fit.values[i]!,
    }));
    const off = rows.filter(
      ({ fitted, inProfile }) => !(Math.abs(inProfile / fitted - 1) <= AGREEMENT),
    );
    if (flags.json) console.log(JSON.stringify(rows));
    else {
      console.log(
        `${fit.profile.target} ${fit.profile.deviceId}, ${fit.points.length} fitted points`,
      );
      for (const { path, guess, fitted, inProfile } of rows)
        console.log(
          `  ${path.padEnd(34)} guess ${guess}, fitted ${fitted}, in the profile ${inProfile}`,
        );
    }
    if (flags.check && off.length > 0) {
      console.error(
        `${fit.profile.deviceId}: ${off.map(({ path }) => path).join(", ")} differ from the fit`,
      );
      process.exitCode = 1;
    }
  }
}
