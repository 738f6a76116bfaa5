import type { PlacedOperator } from "../../../deploy/placement.js";

/**
 * The operators that the runtime fuses to one LayerNormalization, each with whether it is the last
 * of them: a difference from a mean, over the root of its mean square, scaled and shifted.
 */
export function normalizations(
  operators: readonly PlacedOperator[],
): ReadonlyMap<PlacedOperator, boolean> {
  const makers = new Map<string, PlacedOperator>();
  const readers = new Map<string, PlacedOperator[]>();
  for (const operator of operators) {
    for (const value of operator.makes) makers.set(value, operator);
    for (const { value } of operator.reads)
      readers.set(value, [...(readers.get(value) ?? []), operator]);
  }
  /** The maker of an operand, when it is of one of the types. */
  const maker = (operator: PlacedOperator | undefined, at: number, ...types: string[]) => {
    const found = makers.get(operator?.reads[at]?.value ?? "");
    return found !== undefined && types.includes(found.type) ? found : undefined;
  };
  /** The only reader, when it is of the type and its other operand is stored. */
  const next = (operator: PlacedOperator, type: string) => {
    const [found, ...others] = readers.get(operator.makes[0] ?? "") ?? [];
    const fits = found?.type === type && others.length === 0 && found.reads.length === 1;
    return fits ? found : undefined;
  };
  const fused = new Map<PlacedOperator, boolean>();
  for (const divided of operators) {
    if (divided.type !== "Div") continue;
    const difference = maker(divided, 0, "Sub");
    const root = maker(divided, 1, "Sqrt");
    const shifted = maker(root, 0, "Add");
    const square = maker(shifted, 0, "ReduceMean");
    const power = maker(square, 0, "Pow", "Mul");
    const mean = maker(difference, 1, "ReduceMean");
    const parts = [difference, root, shifted, square, power, mean];
    if (parts.includes(undefined) || maker(power, 0, "Sub") !== difference) continue;
    const scaled = next(divided, "Mul");
    const last = scaled && next(scaled, "Add");
    if (last === undefined) continue;
    for (const part of [...parts, divided, scaled]) fused.set(part!, false);
    fused.set(last, true);
  }
  return fused;
}
