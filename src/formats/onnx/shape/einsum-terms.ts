import { stringAttribute } from "../graph/node-attributes.js";
import type { NodeProto } from "../wire/onnx_pb.js";

/** The axes of an Einsum, one name each. */
export interface EinsumTerms {
  /** Names of the axes of each operand. */
  readonly operands: readonly (readonly string[])[];
  /** Names of the axes of the result. */
  readonly result: readonly string[];
}

const TERM = /^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/;

function axisNames(term: string, rank: number): string[] | undefined {
  const [before, after] = term.split("...") as [string, string | undefined];
  if (after === undefined) return before.length === rank ? [...before] : undefined;
  const covered = rank - before.length - after.length;
  if (covered < 0) return undefined;
  // Counted from the last, as broadcasting lines them up.
  const inner = Array.from({ length: covered }, (_, i) => `...${covered - i}`);
  return [...before, ...inner, ...after];
}

/**
 * The axes of an Einsum node by name; those that an ellipsis covers have names of their own.
 * @param ranks of its operands
 * @returns undefined for an equation that does not fit the ranks
 */
export function einsumTerms(node: NodeProto, ranks: readonly number[]): EinsumTerms | undefined {
  const equation = stringAttribute(node, "equation", "").replaceAll(" ", "");
  const [left = "", right] = equation.split("->");
  const terms = left.split(",");
  if (terms.length !== ranks.length || ![...terms, right ?? ""].every((term) => TERM.test(term)))
    return undefined;
  const operands: string[][] = [];
  for (const [i, term] of terms.entries()) {
    const names = axisNames(term, ranks[i]!);
    if (names === undefined) return undefined;
    operands.push(names);
  }
  const all = operands.flat();
  const covered = [...new Set(all.filter((name) => name.startsWith("...")))].sort(
    (a, b) => Number(b.slice(3)) - Number(a.slice(3)),
  );
  if (right === undefined) {
    // Without an arrow: what an ellipsis covers, then the letters that occur once, in order.
    const letters = all.filter((name) => !name.startsWith("..."));
    const once = letters.filter((x) => letters.indexOf(x) === letters.lastIndexOf(x)).sort();
    return { operands, result: [...covered, ...once] };
  }
  const [before, after] = right.split("...") as [string, string | undefined];
  const result = after === undefined ? [...before] : [...before, ...covered, ...after];
  return result.every((name) => all.includes(name)) ? { operands, result } : undefined;
}
