import { InvalidArgumentError } from "../../errors.js";
import { loadHardwareProfile } from "./load-hardware-profile.js";
import type { Figure, HardwareProfile } from "./profile-schema.js";

/**
 * A CPU's profile for another number of threads. Arithmetic and on-chip bandwidth scale in
 * proportion. DRAM and overheads stay, because a core or two reach most of a memory controller's
 * bandwidth. A profile does not know the number of cores, so larger counts are extrapolated alike.
 * @param threads an integer from 1 to 1024
 * @throws InvalidArgumentError when the profile states no threads, or `threads` is out of range
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
