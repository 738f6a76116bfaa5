import { InvalidConfigError } from "../errors.js";
import { WEIGHT_BITS, type WeightBits } from "../genes/bits.js";

/** The widths that a configuration names, and their bounds. */
interface WidthFields {
  readonly minBits: number;
  readonly maxBits: number;
  readonly weightBitChoices?: readonly number[] | undefined;
}

/** The least and the greatest of the widths; nothing where the schema will refuse them. */
export function impliedRange(choices: unknown): { minBits?: number; maxBits?: number } {
  if (!Array.isArray(choices) || choices.length === 0) return {};
  const range = { minBits: Math.min(...choices), maxBits: Math.max(...choices) };
  return Number.isFinite(range.minBits) && Number.isFinite(range.maxBits) ? range : {};
}

/**
 * The widths that a search chooses among: those that are named, or all within the bounds that files
 * store exactly, or all within the bounds.
 * @throws InvalidConfigError when no width is within the bounds, or one that is named is not
 */
export function weightBitChoices(
  { minBits, maxBits, weightBitChoices: named }: WidthFields,
  storedWeightBits: readonly WeightBits[] = WEIGHT_BITS,
): WeightBits[] {
  const within = WEIGHT_BITS.filter((bits) => bits >= minBits && bits <= maxBits);
  if (within.length === 0)
    throw new InvalidConfigError(
      "minBits",
      `no bit-width lies from minBits ${minBits} to maxBits ${maxBits}; allowed: a range ` +
        `that holds one of ${WEIGHT_BITS.join(", ")}`,
    );
  for (const [i, bits] of (named ?? []).entries())
    if (bits < minBits || bits > maxBits)
      throw new InvalidConfigError(
        `weightBitChoices.${i}`,
        `weightBitChoices.${i} is ${bits}; allowed: minBits ${minBits} to maxBits ${maxBits}`,
      );
  const exact = within.filter((bits) => storedWeightBits.includes(bits));
  return ascending(named ?? (exact.length > 0 ? exact : within)) as WeightBits[];
}

/** The numbers in order, each once. */
export function ascending(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
