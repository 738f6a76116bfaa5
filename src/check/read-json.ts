import { InvalidDocumentError } from "../errors.js";
import { DOCUMENT_LIMITS } from "./document-limits.js";

/**
 * Parses JSON (RFC 8259), for everything that this library reads in it: documents, tables, profiles
 * and the lines of checkpoints. A byte order mark is skipped. Unlike JSON.parse alone it refuses
 * two equal keys in one object, and too much size, depth or values, which it counts before it
 * parses.
 * @param most characters
 * @throws InvalidDocumentError; a fault of the text has the path `line N`
 */
export function readJson(marked: string, most: number = DOCUMENT_LIMITS.jsonCharacters): unknown {
  const text = withoutMark(marked);
  checkCount(text.length, "characters", most);
  checkExtent(text);
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new InvalidDocumentError("", `the document is not JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
  checkKeys(text);
  return data;
}

/** A text without a byte order mark at its start. */
export function withoutMark(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

/** @throws InvalidDocumentError when a document has more of something than is allowed */
export function checkCount(found: number, what: string, most: number): void {
  if (found > most)
    throw new InvalidDocumentError(
      "",
      `the document has ${found} ${what}; allowed: at most ${most}`,
    );
}

/** The path of a fault at an offset into the text. */
export function linePath(text: string, offset: number): string {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return `line ${line}`;
}

/** Depth and values, counted without building anything. The text may be no JSON. */
function checkExtent(text: string): void {
  let depth = 0;
  let values = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '"') i = stringEnd(text, i);
    else if (c === "]" || c === "}") depth--;
    else if (c === "[" || c === "{" || c === ",") {
      if (c !== "," && ++depth > DOCUMENT_LIMITS.depth) throw tooDeep(text, i);
      checkCount(++values, "values", DOCUMENT_LIMITS.jsonValues);
    }
  }
}

/** The error for objects and lists that nest too far. */
export function tooDeep(text: string, offset: number): InvalidDocumentError {
  const path = linePath(text, offset);
  return new InvalidDocumentError(
    path,
    `${path}: objects and lists nest too deep; allowed: ${DOCUMENT_LIMITS.depth} levels`,
  );
}

/**
 * Offset of the quote that closes the string opened at `start`; the end of the text when nothing
 * does.
 */
function stringEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return i;
  }
  return text.length;
}

/** Refuses equal keys. The text is known to be valid JSON: a string before a colon is a key. */
function checkKeys(text: string): void {
  const open: (Set<string> | undefined)[] = [];
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "{") open.push(new Set());
    else if (c === "[") open.push(undefined);
    else if (c === "]" || c === "}") open.pop();
    else if (c === '"') {
      const end = stringEnd(text, i);
      const keys = open.at(-1);
      if (keys !== undefined && isKey(text, end)) {
        const written = text.slice(i + 1, end);
        const key = written.includes("\\") ? (JSON.parse(`"${written}"`) as string) : written;
        if (keys.has(key)) throw repeatedKey(text, i, key);
        keys.add(key);
      }
      i = end;
    }
  }
}

/** The error for two equal keys in one object. */
export function repeatedKey(text: string, offset: number, key: string): InvalidDocumentError {
  const path = linePath(text, offset);
  return new InvalidDocumentError(
    path,
    `${path}: the key ${JSON.stringify(key.slice(0, 60))} occurs twice in one object; ` +
      "allowed: once",
  );
}

function isKey(text: string, end: number): boolean {
  let i = end + 1;
  while (text[i] === " " || text[i] === "\n" || text[i] === "\r" || text[i] === "\t") i++;
  return text[i] === ":";
}
