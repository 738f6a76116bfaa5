/** Letters and digits alone: `min_bits`, `min-bits` and `minBits` are one name. */
const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");

/** A name longer than this is no slip of the pen. */
const LONGEST = 60;

/**
 * A question for the message of an error about an unknown name: ` (did you mean minBits?)`, or
 * nothing where no allowed name is near. Near is what differs in case or separators, by at most two
 * letters and a third of the name, or the one name that holds the unknown one.
 */
export function didYouMean(unknown: string, allowed: Iterable<string>): string {
  const wanted = plain(unknown);
  if (wanted === "" || unknown.length > LONGEST) return "";
  let nearest: string | undefined;
  let least = Math.min(2, Math.floor(wanted.length / 3)) + 1;
  const holding: string[] = [];
  for (const name of allowed) {
    if (name.length > LONGEST) continue;
    const candidate = plain(name);
    const edits = editDistance(wanted, candidate);
    if (edits < least) [nearest, least] = [name, edits];
    if (wanted.length > 3 && candidate.includes(wanted)) holding.push(name);
  }
  if (holding.length === 1) nearest ??= holding[0];
  return nearest === undefined ? "" : ` (did you mean ${nearest}?)`;
}

/** Letters to insert, delete or replace until one text is the other (Levenshtein). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
