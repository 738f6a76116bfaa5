/** Profiles in a compact form that `decodeDevices` expands. */
export interface CompactDevices {
  readonly units: readonly string[];
  /** Shared parts. A part refers only to parts before it. */
  readonly pool: readonly unknown[];
  readonly devices: readonly unknown[];
}
