import { checkFields, describeNonRecord } from "../../check/check-fields.js";
import {
  FileError,
  InvalidArgumentError,
  InvalidDocumentError,
  type QuantevoError,
} from "../../errors.js";
import type { ReleaseLock } from "./checkpoint-lock.js";
import { checkpointPlace } from "./checkpoint-place.js";
import type { CheckpointStore } from "./checkpoint-store.js";
import { fileCheckpointStore } from "./file-checkpoint-store.js";

/** Where and how often a run writes its checkpoint. Pass either `path` or `store`. */
export interface CheckpointOptions {
  /**
   * A file in an existing folder (Node only). A `.lock` file beside it keeps other runs away. If
   * that name is another program's file, the run is refused.
   */
  readonly path?: string | undefined;
  /** A custom store. */
  readonly store?: CheckpointStore | undefined;
  /** Number of generations between writes, an integer from 1. Default 1. */
  readonly everyGenerations?: number | undefined;
  /**
   * Number of evaluations after which a write starts within a generation, an integer from 1. The
   * search goes on meanwhile, and answers that arrive during a write are written together. Default
   * 1.
   */
  readonly everyEvaluations?: number | undefined;
  /**
   * `if-found` (default): continue from the checkpoint if there is one, else start a new one.
   * `required`: fail if there is none. `never`: start a new one, replacing an old one.
   */
  readonly resume?: "if-found" | "required" | "never" | undefined;
}

/** {@link CheckpointOptions}, checked, with defaults. */
export interface ResolvedCheckpointOptions {
  readonly store: CheckpointStore;
  /**
   * Keeps other runs away. Undefined for a custom store.
   * @throws FileError while another run has the checkpoint
   */
  readonly lock: (() => Promise<ReleaseLock>) | undefined;
  readonly everyGenerations: number;
  readonly everyEvaluations: number;
  readonly resume: "if-found" | "required" | "never";
  /** The error when there is no checkpoint to continue from. */
  nothingThere(): QuantevoError;
  /** The error when the text is no checkpoint, or a damaged one. */
  damaged(found: InvalidDocumentError): InvalidDocumentError;
}

const RESUME = ["if-found", "required", "never"] as const;

/**
 * Checks checkpoint options and fills in defaults.
 * @param given options, or the path of a file
 * @throws InvalidArgumentError naming the field, its value and the allowed range
 */
export function resolveCheckpoint(given: string | CheckpointOptions): ResolvedCheckpointOptions {
  const options: CheckpointOptions = typeof given === "string" ? { path: given } : given;
  checkFields(options, "checkpoint", [
    "path",
    "store",
    "everyGenerations",
    "everyEvaluations",
    "resume",
  ]);
  const { path, store, resume = "if-found" } = options;
  if ((path === undefined) === (store === undefined))
    throw new InvalidArgumentError(
      "checkpoint.path",
      "checkpoint has " +
        `${path === undefined ? "neither path nor store" : "both path and store"}; allowed: ` +
        "one of them",
    );
  if (path !== undefined && (typeof path !== "string" || path === ""))
    throw new InvalidArgumentError(
      "checkpoint.path",
      `checkpoint.path is ${path === "" ? "empty" : describeNonRecord(path)}; allowed: the ` +
        "path of a file",
    );
  if (
    store !== undefined &&
    (typeof store?.read !== "function" || typeof store.write !== "function")
  )
    throw new InvalidArgumentError(
      "checkpoint.store",
      "checkpoint.store has no methods read and write; allowed: an object that has them",
    );
  if (!RESUME.includes(resume))
    throw new InvalidArgumentError(
      "checkpoint.resume",
      `checkpoint.resume is ${String(resume)}; allowed: ${RESUME.join(", ")}`,
    );
  return {
    ...(store === undefined ? ownFile(path!) : { store, lock: undefined }),
    everyGenerations: positiveInteger(options.everyGenerations ?? 1, "everyGenerations"),
    everyEvaluations: positiveInteger(options.everyEvaluations ?? 1, "everyEvaluations"),
    resume,
    nothingThere: () => {
      const where = path ?? "the store";
      return new FileError(
        path ?? "checkpoint.store",
        `${where} holds no checkpoint, and resume is "required"`,
      );
    },
    damaged: (found) =>
      new InvalidDocumentError(
        found.path,
        `${path ?? "the store"}: ${found.message}; or resume: "never", which begins anew`,
        { cause: found },
      ),
  };
}

function ownFile(path: string): Pick<ResolvedCheckpointOptions, "store" | "lock"> {
  const placeOf = checkpointPlace(path);
  return {
    store: fileCheckpointStore(path, placeOf),
    lock: async () => (await import("./checkpoint-lock.js")).lockCheckpoint(path, placeOf),
  };
}

function positiveInteger(value: number, name: string): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError(
    `checkpoint.${name}`,
    `checkpoint.${name} is ${String(value)}; allowed: an integer of at least 1`,
  );
}
