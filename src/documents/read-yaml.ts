import {
  type ErrorCode,
  isMap,
  isScalar,
  Lexer,
  type ParsedNode,
  parseDocument,
  visit,
} from "yaml";
import { DOCUMENT_LIMITS } from "../check/document-limits.js";
import { checkCount, linePath, repeatedKey, tooDeep, withoutMark } from "../check/read-json.js";
import { InvalidDocumentError } from "../errors.js";

const NOT_YAML = "the text is not YAML here; allowed: one document of YAML 1.2";

/** The parser's faults in our words. */
const FAULTS: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_DIRECTIVE: "a directive is not valid; allowed: none, or %YAML 1.2",
  BAD_DQ_ESCAPE: "a text has an unknown escape; allowed: those of YAML 1.2",
  BAD_INDENT: "the indentation does not fit; allowed: entries of one list or object in one column",
  BAD_SCALAR_START: "a text starts with a reserved character; allowed: put it in quotes",
  BLOCK_AS_IMPLICIT_KEY:
    "a key and its value stand where a single value was begun; allowed: one key in a line",
  BLOCK_IN_FLOW:
    "an indented list or object stands within brackets; allowed: brackets within brackets",
  KEY_OVER_1024_CHARS: "a key is longer than allowed: at most 1024 characters",
  MISSING_CHAR:
    "a quote, bracket, comma, colon or space is missing; allowed: one document of YAML 1.2",
  MULTILINE_IMPLICIT_KEY: "a key goes over several lines; allowed: one line",
  MULTIPLE_DOCS: "there is a second document; allowed: one",
  TAB_AS_INDENT: "a tab indents the line; allowed: spaces",
  UNEXPECTED_TOKEN: "a character is out of place; allowed: one document of YAML 1.2",
};

/**
 * Parses one document of YAML 1.2 (core schema) as plain data: no anchors, aliases or tags, no
 * repeated keys, no more size or depth than {@link DOCUMENT_LIMITS}.
 * @throws InvalidDocumentError; a fault of the text has the path `line N`
 */
export function readYaml(marked: string): unknown {
  const text = withoutMark(marked);
  const more = "of YAML (JSON may have more)";
  checkCount(text.length, `characters ${more}`, DOCUMENT_LIMITS.yamlCharacters);
  const lines = text.split("\n", DOCUMENT_LIMITS.yamlLines + 1).length;
  checkCount(lines, `lines ${more}`, DOCUMENT_LIMITS.yamlLines);
  try {
    checkTokens(text);
    // Uniqueness is checked below: the parser's own check takes quadratic time in the number of
    // keys.
    const document = parseDocument(text, {
      version: "1.2",
      schema: "core",
      merge: false,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: "error",
    });
    const fault = document.errors[0] ?? document.warnings[0];
    if (fault !== undefined) throw yamlFault(text, fault.pos[0], FAULTS[fault.code] ?? NOT_YAML);
    checkKeys(text, document.contents);
    return document.toJS({ maxAliasCount: 0 }) as unknown;
  } catch (error) {
    if (error instanceof InvalidDocumentError) throw error;
    throw new InvalidDocumentError("", NOT_YAML, { cause: error });
  }
}

/**
 * Looks for what must not reach the parser, which recurses and can exhaust the stack: depth. The
 * lexer does not recurse. Depth within a document is at most twice the indentation plus the
 * indicators of a line plus the open brackets (a list may stand at the indentation of its key).
 */
function checkTokens(text: string): void {
  let offset = 0;
  let brackets = 0;
  let indicators = 0;
  let lineStart = true;
  let scalar = false;
  let documents = 0;
  let tokens = 0;
  for (const token of new Lexer().lex(text)) {
    const at = offset;
    if (++tokens > DOCUMENT_LIMITS.yamlTokens)
      throw yamlFault(
        text,
        at,
        `there are more than ${DOCUMENT_LIMITS.yamlTokens} tokens; use JSON`,
      );
    const first = token[0];
    if (token !== "\u001f" && token !== "\u0018" && token !== "\u0002") offset += token.length;
    if (scalar) {
      scalar = false;
      lineStart = false;
    } else if (token === "\u001f") scalar = true;
    else if (first === "\n" || first === "\r") {
      lineStart = true;
      if (brackets === 0) indicators = 0;
    } else if (first === " " || first === "\t") {
      if (lineStart && brackets === 0 && token.length > DOCUMENT_LIMITS.yamlIndent)
        throw yamlFault(
          text,
          at,
          `is indented ${token.length} columns; allowed: at most ${DOCUMENT_LIMITS.yamlIndent}`,
        );
    } else if (token === "[" || token === "{") {
      if (++brackets > DOCUMENT_LIMITS.depth) throw tooDeep(text, at);
    } else if (token === "]" || token === "}") brackets--;
    else if (token === "-" || token === "?") {
      if (++indicators > DOCUMENT_LIMITS.depth) throw tooDeep(text, at);
    } else if (first === "*") throw yamlFault(text, at, "aliases are not part of these documents");
    else if (first === "&") throw yamlFault(text, at, "anchors are not part of these documents");
    else if (first === "!") throw yamlFault(text, at, "tags are not part of these documents");
    else if (token === "---" && ++documents > 1)
      throw yamlFault(text, at, "there is a second document; allowed: one");
    if (first !== "\n" && first !== "\r" && first !== " " && first !== "\t") lineStart = false;
  }
}

function checkKeys(text: string, contents: ParsedNode | null): void {
  visit(contents, {
    Map(_, map) {
      const keys = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (keys.has(name)) throw repeatedKey(text, key.range?.[0] ?? 0, name);
        keys.add(name);
      }
    },
  });
  if (contents !== null && !isMap(contents))
    throw new InvalidDocumentError(
      "",
      "the document is a list or a single value; allowed: an object",
    );
}

function yamlFault(text: string, offset: number, message: string): InvalidDocumentError {
  const path = linePath(text, offset);
  return new InvalidDocumentError(path, `${path}: ${message}`);
}
