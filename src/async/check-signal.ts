import { InvalidArgumentError } from "../errors.js";

/**
 * Checks an optional AbortSignal, which may come from another realm.
 * @throws InvalidArgumentError (path `signal`) for any value but an AbortSignal or undefined
 */
export function checkSignal(signal: unknown): void {
  if (signal === undefined) return;
  const { aborted, addEventListener, removeEventListener, throwIfAborted } = (signal ??
    {}) as Partial<AbortSignal>;
  if (
    typeof aborted !== "boolean" ||
    ![addEventListener, removeEventListener, throwIfAborted].every(
      (method) => typeof method === "function",
    )
  )
    throw new InvalidArgumentError(
      "signal",
      "signal is " +
        `${typeof signal === "object" && signal !== null ? "another object" : String(signal)}; ` +
        "allowed: an AbortSignal",
    );
}
