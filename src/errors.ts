/** What went wrong, as a value that programs can switch on. */
export type QuantevoErrorCode =
  | "INVALID_ARGUMENT"
  | "INVALID_CONFIG"
  | "INVALID_DATA"
  | "INVALID_MODEL"
  | "INVALID_DOCUMENT"
  | "CHECKPOINT_MISMATCH"
  | "UNSUPPORTED"
  | "MISSING_DEPENDENCY"
  | "EVALUATION_FAILED"
  | "NOT_RUN"
  | "IO";

/** Characters that a terminal obeys, or that reorder what stands beside them. */
const CONTROLS = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;

/**
 * A text in one line without control characters: each is written as `\uXXXX`, so that a name out
 * of a hostile file cannot move a cursor or hide what stands beside it.
 */
export function escapeControls(text: string): string {
  return text.replace(CONTROLS, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * The one error class of this library. `code` is for programs, `path` names the field, tensor or
 * node (dots between levels, for example `layers.3.macs`), `message` is for people: it has no
 * control characters, which `path` may have.
 */
export class QuantevoError extends Error {
  override readonly name: string = "QuantevoError";

  constructor(
    readonly code: QuantevoErrorCode,
    /** The field, argument, tensor or node that is at fault; empty when there is no single one. */
    readonly path: string,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(escapeControls(message), options);
  }
}

/**
 * An argument of a function is outside its allowed range. Message names the argument, the value and
 * the range.
 */
export class InvalidArgumentError extends QuantevoError {
  override readonly name = "InvalidArgumentError";

  constructor(path: string, message: string, options?: { cause?: unknown }) {
    super("INVALID_ARGUMENT", path, message, options);
  }
}

/** The configuration has an unknown, ill-typed, out-of-range or contradictory field. */
export class InvalidConfigError extends QuantevoError {
  override readonly name = "InvalidConfigError";

  constructor(path: string, message: string, options?: { cause?: unknown }) {
    super("INVALID_CONFIG", path, message, options);
  }
}

/** A tensor holds NaN or infinity, or data that cannot be what it claims to be. */
export class InvalidDataError extends QuantevoError {
  override readonly name = "InvalidDataError";

  constructor(path: string, message: string, options?: { cause?: unknown }) {
    super("INVALID_DATA", path, message, options);
  }
}

/** A model file is malformed, truncated, hostile, or contradicts itself. */
export class InvalidModelError extends QuantevoError {
  override readonly name = "InvalidModelError";

  constructor(path: string, message: string, options?: { cause?: unknown }) {
    super("INVALID_MODEL", path, message, options);
  }
}

/** A JSON or YAML document, hardware profile or checkpoint is malformed, truncated or hostile. */
export class InvalidDocumentError extends QuantevoError {
  override readonly name = "InvalidDocumentError";

  constructor(path: string, message: string, options?: { cause?: unknown }) {
    super("INVALID_DOCUMENT", path, message, options);
  }
}

/** One value in which a checkpoint and the run that was to go on from it differ. */
export interface CheckpointDifference {
  /**
   * For example `config.populationSize`, `model.layers.conv1`, `evaluator.identity`, `quantevo`
   * (the version).
   */
  readonly field: string;
  /** undefined = the checkpoint does not have it. */
  readonly checkpoint: string | number | boolean | null | undefined;
  /** undefined = the run does not have it. */
  readonly run: string | number | boolean | null | undefined;
}

/**
 * A checkpoint is whole, and of another search: version, configuration, model, space, cost model or
 * evaluator.
 */
export class CheckpointMismatchError extends QuantevoError {
  override readonly name = "CheckpointMismatchError";

  /** @param differences at least one; the first is in the message */
  constructor(readonly differences: readonly CheckpointDifference[]) {
    const [first] = differences;
    const field = first?.field ?? "";
    const more = differences.length > 1 ? ` (and ${differences.length - 1} more)` : "";
    super(
      "CHECKPOINT_MISMATCH",
      field,
      `the checkpoint is of another run: ${field} is ${shown(first?.checkpoint)} there and ` +
        `${shown(first?.run)} here${more}; allowed: a checkpoint of the same run, or resume: ` +
        `"never"`,
    );
  }
}

function shown(value: unknown): string {
  if (value === undefined) return "missing";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 120 ? `${text.slice(0, 120)}...` : text;
}

/** The input is valid, and this library cannot do it; the message says what can be done instead. */
export class UnsupportedError extends QuantevoError {
  override readonly name = "UnsupportedError";

  constructor(path: string, message: string, options?: { cause?: unknown }) {
    super("UNSUPPORTED", path, message, options);
  }
}

/** An optional peer dependency is not installed; the message gives the command that installs it. */
export class MissingDependencyError extends QuantevoError {
  override readonly name = "MissingDependencyError";

  constructor(path: string, message: string, options?: { cause?: unknown }) {
    super("MISSING_DEPENDENCY", path, message, options);
  }
}

/** An evaluation failed, or every evaluation of a run did; `cause` holds the first reason. */
export class EvaluationError extends QuantevoError {
  override readonly name = "EvaluationError";

  constructor(path: string, message: string, options?: { cause?: unknown }) {
    super("EVALUATION_FAILED", path, message, options);
  }
}

/** A result was asked for before there was a run. */
export class NotRunError extends QuantevoError {
  override readonly name = "NotRunError";

  constructor(message: string) {
    super("NOT_RUN", "", message);
  }
}

/** A file could not be read or written. */
export class FileError extends QuantevoError {
  override readonly name = "FileError";

  constructor(path: string, message: string, options?: { cause?: unknown }) {
    super("IO", path, message, options);
  }
}
