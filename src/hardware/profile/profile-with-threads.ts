import { InvalidArgumentError } from "../../errors.js";
import { loadHardwareProfile } from "./load-hardware-profile.js";
import type { Figure, HardwareProfile } from "./profile-schema.js";

/**
 * A CPU's profile for another number of threads: arithmetic and on-chip bandwidth in proportion,
 * DRAM and overheads as they are (a core or two reach most of what a memory controller gives). More
 * threads than the device has cores cannot be told from a profile and are extrapolated alike.
 * @throws InvalidArgumentError when the profile states no threads, or the count is no integer from
 *   1 to 1024
 */
export function profileWithThreads(profile: HardwareProfile, threads: number): HardwareProfile {
  if (profile.threads === undefined)
    throw new InvalidArgumentError(
      "threads",
      `${profile.name} has no threads to choose; allowed: a CPU's profile`,
    );
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= 1024))
    throw new InvalidArgumentError(
      "threads",
      `threads is ${String(threads)}; allowed: an integer from 1 to 1024`,
    );
  if (threads === profile.threads.value) return profile;
  const factor = threads / profile.threads.value;
  const scaled = (figure: Omit<Figure, "unit">) => ({
    ...figure,
    value: figure.value * factor,
    tag: "derived",
    source: `in proportion to threads, from ${profile.threads?.value} threads: ${figure.source}`,
  });
  const rates = (table: object) =>
    Object.fromEntries(
      Object.entries(table as Record<string, Omit<Figure, "unit">>).map(([format, rate]) => [
        format,
        scaled(rate),
      ]),
    );
  const { gmacsPerSecond, depthwiseGmacsPerSecond, onChip } = profile;
  return loadHardwareProfile({
    ...profile,
    device: `${profile.device}; ${threads} of ${profile.threads.value} threads`,
    threads: { ...profile.threads, value: threads },
    gmacsPerSecond: rates(gmacsPerSecond),
    ...(depthwiseGmacsPerSecond === undefined
      ? {}
      : { depthwiseGmacsPerSecond: rates(depthwiseGmacsPerSecond) }),
    onChip: { ...onChip, bandwidthGBs: scaled(onChip.bandwidthGBs) },
  });
}
