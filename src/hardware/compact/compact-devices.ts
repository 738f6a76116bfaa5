/** Devices in little space: what `decodeDevices` turns back into profiles. */
export interface CompactDevices {
  readonly units: readonly string[];
  /** Parts that stand in several places; part i refers to parts before it only. */
  readonly pool: readonly unknown[];
  readonly devices: readonly unknown[];
}
