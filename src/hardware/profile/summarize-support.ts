import type { LayerCost } from "../contract.js";

/** Number of layer names that a note lists before it only counts. */
const NAMES_LISTED = 3;

/**
 * The reasons why layers are not native, each once with its layers, and the names of the refused
 * layers.
 */
export function summarizeSupport(layers: readonly LayerCost[]): {
  readonly notes: readonly string[];
  readonly refusedLayers: readonly string[];
} {
  const byReason = new Map<string, string[]>();
  const refusedLayers: string[] = [];
  for (const { name, support } of layers) {
    if (support.status === "refused") refusedLayers.push(name);
    for (const reason of support.reasons) {
      const names = byReason.get(reason);
      if (names === undefined) byReason.set(reason, [name]);
      else names.push(name);
    }
  }
  const notes = [...byReason].map(([reason, names]) => {
    const rest = names.length - NAMES_LISTED;
    const listed = names.slice(0, NAMES_LISTED).join(", ");
    return `${reason} (${listed}${rest > 0 ? ` and ${rest} more` : ""})`;
  });
  return { notes, refusedLayers };
}
