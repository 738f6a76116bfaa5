import {
  EvaluationError,
  InvalidArgumentError,
  InvalidDataError,
  InvalidModelError,
  MissingDependencyError,
  QuantevoError,
  type QuantevoErrorCode,
  UnsupportedError,
} from "../../errors.js";

const CLASSES: Partial<
  Record<QuantevoErrorCode, new (path: string, message: string) => QuantevoError>
> = {
  INVALID_ARGUMENT: InvalidArgumentError,
  INVALID_DATA: InvalidDataError,
  INVALID_MODEL: InvalidModelError,
  UNSUPPORTED: UnsupportedError,
  MISSING_DEPENDENCY: MissingDependencyError,
};

/** An error as it came from a worker process, where its class was lost, as one of ours again. */
export function typedError(cause: unknown): QuantevoError {
  if (cause instanceof QuantevoError) return cause;
  const { code, path, message } = (cause ?? {}) as {
    code?: string;
    path?: string;
    message?: string;
  };
  const reason = message ?? String(cause);
  if (typeof path === "string" && typeof code === "string") {
    const Class = CLASSES[code as QuantevoErrorCode] ?? EvaluationError;
    return new Class(path, reason);
  }
  return new EvaluationError("worker", `the worker process failed and is replaced: ${reason}`, {
    cause,
  });
}
