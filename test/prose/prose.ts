// The rules of form for lines and for prose, as functions of a file's text: `check.ts` applies
// them to the tree.

/** What is wrong with a line. */
export interface Fault {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** Widest line, in columns. */
export const MOST_COLUMNS = 100;

/** Longest sentence of a page, in words. */
export const MOST_WORDS = 35;

/** Words that the project does not use in pages, each with the word that stands in for it. */
const LOST_WORDS: readonly (readonly [RegExp, string])[] = [
  [/\bharm(s|ed|ful)?\b/i, "sensitivity, loss increase"],
  [/\bminds?\b/i, "sensitivity"],
  [/\bfirst looks?\b|\blooks? at (layers|genomes)\b/i, "low-fidelity evaluation"],
  [/\bbrought\b/i, "custom, user-supplied"],
  [/\bshields?\b/i, "fusion barrier"],
  [/\bloneliest\b/i, "least crowded"],
  [/\bdoors?\b/i, "entry point"],
];

/** A line that no formatter and no author can break. */
function isUnbreakable(line: string): boolean {
  const text = line.trim();
  // An address or path after a mark of a list, a comment or a link: there is no space to break at.
  if (!/\s/.test(text.replace(/^([-*>]|\d+\.|\/\/|\[[^\]]*\]:)\s+/, ""))) return true;
  // The title of a test is one text to search for, and biome keeps such a call on one line.
  if (/^(it|describe)(\.[a-zA-Z]+)?\(/.test(text)) return true;
  // One import specifier: biome leaves it whole.
  return /^(import|export|\} from)\b.* from "[^"]+";$/.test(text) && !text.includes(",");
}

/**
 * Lines of more than MOST_COLUMNS columns, but for those that cannot be split: rows of Markdown
 * tables, program output and diagrams in Markdown (blocks marked `text` and `mermaid`), and what
 * has no place to break at.
 */
export function longLines(text: string, { markdown }: { readonly markdown: boolean }): Fault[] {
  const found: Fault[] = [];
  let output = false;
  for (const [i, line] of text.split("\n").entries()) {
    if (markdown && line.startsWith("```")) output = /^```(text|mermaid)$/.test(line);
    const columns = [...line].length;
    if (columns <= MOST_COLUMNS || isUnbreakable(line)) continue;
    if (markdown && (output || /^\s*\|/.test(line))) continue;
    found.push({ line: i + 1, message: `${columns} columns; allowed: ${MOST_COLUMNS}` });
  }
  return found;
}

/**
 * The paragraphs and list items of a Markdown page, without code, tables, headings and pictures.
 */
export function paragraphs(text: string): { line: number; text: string }[] {
  const found: { line: number; text: string }[] = [];
  let open = false;
  let fenced = false;
  for (const [i, line] of text.split("\n").entries()) {
    if (line.startsWith("```")) fenced = !fenced;
    const prose =
      !fenced && !/^(```|\||#|<!--|!\[|\[[^\]]*\]: | {4})/.test(line) && line.trim() !== "";
    const item = /^\s*([-*>]|\d+\.)\s/.test(line);
    if (prose && open && !item) found.at(-1)!.text += ` ${line.trim()}`;
    else if (prose) found.push({ line: i + 1, text: line.trim().replace(/^([-*>]|\d+\.)\s+/, "") });
    open = prose;
  }
  return found;
}

/**
 * Sentences of a Markdown page with more than MOST_WORDS words, and words that the project has
 * given up. A colon ends a sentence; a code
 * span counts as one word.
 */
export function proseFaults(text: string): Fault[] {
  const found: Fault[] = [];
  for (const { line, text: paragraph } of paragraphs(text)) {
    const plain = paragraph.replace(/`[^`]*`/g, "code").replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1");
    for (const sentence of plain.split(/(?<=[.?!:][)"*]*)\s+/)) {
      const words = sentence.split(/\s+/).filter((word) => /\w/.test(word)).length;
      if (words > MOST_WORDS)
        found.push({ line, message: `a sentence of ${words} words; allowed: ${MOST_WORDS}` });
    }
    for (const [pattern, instead] of LOST_WORDS)
      if (pattern.test(plain))
        found.push({ line, message: `"${pattern.exec(plain)![0]}"; say: ${instead}` });
  }
  return found;
}
