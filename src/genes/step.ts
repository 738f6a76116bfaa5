import type { Random } from "../random/random.js";

/**
 * Another choice of a gene: of an ordered one the next below or above, evenly, at an end of the
 * list the one there is; of others any other.
 * @param count choices, at least 1; the only one stays
 * @param at the present choice; below 0 = none of them, any may follow
 */
export function stepChoice(count: number, at: number, ordered: boolean, random: Random): number {
  if (at < 0) return random.integer(count);
  if (count < 2) return at;
  if (!ordered) return (at + 1 + random.integer(count - 1)) % count;
  const up = at + 1 < count;
  return at > 0 && (!up || random.chance(0.5)) ? at - 1 : at + 1;
}

/** Index of one of the shares, drawn in proportion to them. At least one is above 0. */
export function drawShare(shares: readonly number[], random: Random): number {
  let total = 0;
  for (const share of shares) total += share;
  let draw = random.next() * total;
  let index = 0;
  while (index < shares.length - 1 && draw >= shares[index]!) draw -= shares[index++]!;
  return index;
}
