import { z } from "zod";
import { isRecord } from "../../check/check-fields.js";
import { describeIssue } from "../../check/describe-issue.js";
import { readJson } from "../../check/read-json.js";
import { InvalidDocumentError } from "../../errors.js";
import type { AccuracyEstimate } from "../../evaluation/evaluator.js";
import { WORKER } from "../../evaluation/lost-worker.js";
import type { EvaluatorAnswer } from "../../evaluation/recorded-evaluator.js";
import { fingerprint } from "../../numeric/fingerprint.js";
import { scoresFromText, scoresToText } from "./sample-scores-text.js";

/** The checkpoint version that this library writes, and the only one that it reads. */
export const CHECKPOINT_VERSION = 1;
/** Most characters of a checkpoint, and bytes of its file. A longer one is refused unread. */
export const MOST_CHARACTERS = 480 * 1024 * 1024;

const isPlain = (value: unknown) =>
  value === null || ["string", "number", "boolean"].includes(typeof value);
const question = z.string().regex(/^[0-9a-f]{16}$/, "16 hexadecimal digits");
const count = z.int().min(0);

const runSchema = z.strictObject({
  kind: z.literal("quantevo-checkpoint"),
  version: z.literal(CHECKPOINT_VERSION),
  /** The identity of the run, see {@link runIdentity}. */
  run: z.custom<Readonly<Record<string, string | number | boolean | null>>>(
    (value) => isRecord(value) && Object.values(value).every(isPlain),
    "an object of texts, numbers, true, false and null",
  ),
});
const answerSchema = z.strictObject({
  kind: z.literal("answer"),
  question,
  accuracyKind: z.enum(["predicted", "measured"]),
  accuracy: z.number().min(0).max(1),
  metric: z.string(),
  metricValue: z.number(),
  samples: z.number().min(1).optional(),
  sampleScores: z.string().optional(),
  standardError: z.number().min(0).optional(),
  interval: z.tuple([z.number(), z.number()]).optional(),
  source: z.string(),
});
/** The schema of an answer that drops unknown fields of an estimate. */
const strippedAnswerSchema = answerSchema.strip();
const failureSchema = z.strictObject({
  kind: z.literal("failure"),
  question,
  path: z.string(),
  reason: z.string(),
});
const generationSchema = z.strictObject({
  kind: z.literal("generation"),
  generation: count,
  evaluations: count,
  digest: question,
});
const lineSchema = z.discriminatedUnion("kind", [
  runSchema,
  answerSchema,
  failureSchema,
  generationSchema,
]);

/** The identity of a run, see {@link runIdentity}. */
export type RunIdentity = z.infer<typeof runSchema>["run"];
/** A completed generation, with a digest of the search's state. */
export type GenerationMark = Omit<z.infer<typeof generationSchema>, "kind">;

/** The content of a checkpoint. */
export interface CheckpointContent {
  readonly run: RunIdentity;
  /**
   * Answers of the evaluator, in the order in which they arrived. A worker that died is none: its
   * genome is evaluated again.
   */
  readonly answers: readonly { readonly question: string; readonly answer: EvaluatorAnswer }[];
  /**
   * Completed generations, from 0, up to the first worker that died. With that genome evaluated,
   * the search may go another way from there.
   */
  readonly generations: readonly GenerationMark[];
  /**
   * Number of characters at the start that are whole lines. The rest was being written when the run
   * ended.
   */
  readonly wholeCharacters: number;
}

/** The first line of a checkpoint. */
export function runLine(run: RunIdentity): string {
  return toLine({ kind: "quantevo-checkpoint", version: CHECKPOINT_VERSION, run });
}

/** The line of one answer. */
export function answerLine(asked: string, answer: EvaluatorAnswer): string {
  if ("failure" in answer) return toLine({ kind: "failure", question: asked, ...answer.failure });
  const { kind: accuracyKind, sampleScores, ...rest } = answer.estimate;
  // The schema drops fields that it does not know, which reading would refuse.
  const data = strippedAnswerSchema.parse({
    ...rest,
    kind: "answer",
    question: asked,
    accuracyKind,
    sampleScores: sampleScores && scoresToText(sampleScores),
  });
  return toLine(data);
}

/** The line of a completed generation. */
export function generationLine(mark: GenerationMark): string {
  return toLine({ kind: "generation", ...mark });
}

/** JSON with its own checksum as the first field, which reveals a torn or altered line. */
function toLine(data: z.infer<typeof lineSchema>): string {
  const json = JSON.stringify(data);
  return `{"sum":"${fingerprint(json)}",${json.slice(1)}\n`;
}

/**
 * Reads a checkpoint. It ignores lines at the end that are not whole, because the process was
 * killed while it wrote them.
 * @throws InvalidDocumentError (path `line N`) for a text that is no checkpoint of this version, or
 *   has a damaged line before whole ones
 */
export function readCheckpoint(text: string): CheckpointContent {
  if (text.length > MOST_CHARACTERS)
    throw new InvalidDocumentError(
      "",
      `the checkpoint has ${text.length} characters; allowed: at most ${MOST_CHARACTERS}`,
    );
  const answers: { question: string; answer: EvaluatorAnswer }[] = [];
  const generations: GenerationMark[] = [];
  let run: RunIdentity | undefined;
  let start = 0;
  let lost = false;
  for (let number = 1; start < text.length; number++) {
    const end = text.indexOf("\n", start);
    const json = end < 0 ? undefined : unsealed(text.slice(start, end));
    if (json === undefined) {
      if (run === undefined || hasWholeLine(text, end)) throw damaged(number);
      break;
    }
    const line = parseLine(json, number);
    if (number === 1 && line.kind === "quantevo-checkpoint") run = line.run;
    else if (number === 1 || line.kind === "quantevo-checkpoint")
      throw misplaced(number, line.kind);
    else if (line.kind === "generation") {
      const { kind: _, ...mark } = line;
      if (!lost && mark.generation !== generations.length)
        throw misplaced(number, `generation ${mark.generation}`);
      if (!lost) generations.push(mark);
    } else if (line.kind === "failure" && line.path === WORKER) lost = true;
    else answers.push(toAnswer(line, number));
    start = end + 1;
  }
  if (run === undefined)
    throw new InvalidDocumentError("", "the checkpoint is empty; allowed: a checkpoint");
  return { run, answers, generations, wholeCharacters: start };
}

const SEAL = /^\{"sum":"([0-9a-f]{16})",/;

/** The JSON of a line without its checksum; undefined when the checksum does not match. */
function unsealed(line: string): string | undefined {
  const seal = SEAL.exec(line);
  if (seal === null) return undefined;
  const json = `{${line.slice(seal[0].length)}`;
  return fingerprint(json) === seal[1] ? json : undefined;
}

function hasWholeLine(text: string, from: number): boolean {
  if (from < 0) return false;
  return text
    .slice(from + 1)
    .split("\n")
    .some((line) => unsealed(line) !== undefined);
}

function parseLine(json: string, number: number): z.infer<typeof lineSchema> {
  const data = readLine(json, number);
  const parsed = lineSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  const { path, message } = describeIssue(parsed.error, data);
  throw new InvalidDocumentError(
    path === "" ? `line ${number}` : `line ${number}.${path}`,
    `line ${number} of the checkpoint: ${message}`,
  );
}

function readLine(json: string, number: number): unknown {
  try {
    return readJson(json);
  } catch (cause) {
    const { message } = cause as Error;
    throw new InvalidDocumentError(
      `line ${number}`,
      `line ${number} of the checkpoint: ${message}`,
      { cause },
    );
  }
}

function toAnswer(
  line: z.infer<typeof answerSchema> | z.infer<typeof failureSchema>,
  number: number,
): CheckpointContent["answers"][number] {
  if (line.kind === "failure")
    return {
      question: line.question,
      answer: { failure: { path: line.path, reason: line.reason } },
    };
  const { kind: _, question: asked, accuracyKind, sampleScores: text, ...rest } = line;
  const sampleScores = text === undefined ? undefined : scoresFromText(text);
  if (text !== undefined && sampleScores === undefined)
    throw new InvalidDocumentError(
      `line ${number}.sampleScores`,
      `line ${number} of the checkpoint: sampleScores is not what this library writes`,
    );
  const estimate = {
    ...rest,
    kind: accuracyKind,
    ...(sampleScores !== undefined && { sampleScores }),
  };
  return { question: asked, answer: { estimate: estimate as AccuracyEstimate } };
}

function damaged(number: number): InvalidDocumentError {
  return new InvalidDocumentError(
    `line ${number}`,
    `line ${number} of the checkpoint is damaged: its checksum is not that of its text; ` +
      "allowed: a checkpoint as it was written",
  );
}

function misplaced(number: number, what: string): InvalidDocumentError {
  return new InvalidDocumentError(
    `line ${number}`,
    `line ${number} of the checkpoint is ${what}; allowed: the run first, then answers and ` +
      "each generation once, in order",
  );
}
