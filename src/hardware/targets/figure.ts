import { loadHardwareProfile } from "../profile/load-hardware-profile.js";
import type { Figure, HardwareProfile } from "../profile/profile-schema.js";

/** A figure of a profile on one line: value, unit, tag and source. */
export function figure<Unit extends string>(
  value: number,
  unit: Unit,
  tag: Figure["tag"],
  source: string,
) {
  return { value, unit, tag, source };
}

type Arithmetic = HardwareProfile["formats"]["weights"][number]["arithmetic"];

/** A row of weights that the runtime supports natively. */
export function nativeWeights(
  bits: number,
  storageBits: number,
  arithmetic: Arithmetic,
  when?: object,
) {
  return {
    bits,
    storageBits,
    arithmetic,
    status: "native",
    ...(when === undefined ? {} : { when }),
  };
}

/** A row of weights that run in another form, with the reason and the cost of unpacking. */
export function emulatedWeights(
  bits: number,
  storageBits: number,
  arithmetic: Arithmetic,
  reason: string,
  more: { readonly when?: object; readonly computePenalty?: object } = {},
) {
  return { bits, storageBits, arithmetic, status: "emulated", reason, ...more };
}

const NATIVE = { status: "native" };

/** The rule for what the runtime supports natively. */
export function native() {
  return NATIVE;
}

/** The devices of one target, checked and frozen: each is the shared part plus its own. */
export function devicesOf(
  shared: object,
  devices: readonly object[],
): readonly [HardwareProfile, ...HardwareProfile[]] {
  return Object.freeze(
    devices.map((device) =>
      loadHardwareProfile({ schemaVersion: 1, version: "2.0.0", ...shared, ...device }),
    ),
  ) as unknown as readonly [HardwareProfile, ...HardwareProfile[]];
}

/** Energy of on-chip memory that several targets share. */
export const cacheEnergy = figure(
  12,
  "pJ/B",
  "estimated",
  "1.25 pJ/B for 8 KB (PMC8934428 table 3), ten times that for megabytes",
);

/** Cost of the scales of blocks that several targets share. */
export const groupScalePenalty = figure(
  4,
  "MAC/group",
  "estimated",
  "one conversion and one multiply-add of a scale per group",
);
