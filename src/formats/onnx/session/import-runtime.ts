import { oneAtATime } from "../../../async/one-at-a-time.js";
import { MissingDependencyError } from "../../../errors.js";
import { javaScriptRuntime } from "../../../measure/workers/javascript-runtime.js";
import { checkRuntimeVersion } from "./runtime-version.js";

/** Which ONNX Runtime runs models, and where it comes from. */
export interface RuntimeChoice {
  /**
   * `node`: the package onnxruntime-node, native code. `web`: the package onnxruntime-web,
   * WebAssembly, in browsers and in Node.js, on one thread. Default: `node`, in browsers `web`.
   */
  readonly runtime?: "node" | "web" | undefined;
  /**
   * Loads the module, or another with its interface. Default: `import("onnxruntime-node")` or
   * `import("onnxruntime-web")`, as `runtime` says.
   */
  readonly importRuntime?: (() => Promise<unknown>) | undefined;
}

/** A tensor as ONNX Runtime has it. */
export interface OrtTensor {
  readonly type: string;
  readonly data: unknown;
  readonly dims: readonly number[];
}

/** A session as ONNX Runtime has it. */
export interface OrtSession {
  run(
    feeds: Readonly<Record<string, OrtTensor>>,
    fetches?: readonly string[],
  ): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}

/** The part of ONNX Runtime that is used; spelled out so that our types do not need a package. */
export interface OrtModule {
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => OrtTensor;
  readonly InferenceSession: {
    create(bytes: Uint8Array, options: Readonly<Record<string, unknown>>): Promise<OrtSession>;
  };
  readonly env?: {
    readonly versions?: Readonly<Record<string, string | undefined>>;
    readonly wasm?: { numThreads?: number | undefined };
  };
}

/** ONNX Runtime, loaded. */
export interface ImportedRuntime {
  readonly ort: OrtModule;
  /** onnxruntime-web, of which WebAssembly is used. */
  readonly isWeb: boolean;
  /**
   * Does what a session does. In a browser onnxruntime-web refuses a second run while one is going
   * ("Session already started"), in whatever session, so all wait for each other.
   */
  inTurn<T>(action: () => Promise<T>): Promise<T>;
  /** undefined for a module that does not say. */
  readonly version: string | undefined;
}

/** The fields of a {@link RuntimeChoice} among others. */
export const runtimeChoice = ({ runtime, importRuntime }: RuntimeChoice = {}): RuntimeChoice => ({
  runtime,
  importRuntime,
});

/**
 * Loads ONNX Runtime, an optional peer dependency.
 * @param choice checked by `checkRuntimeChoice`
 * @throws MissingDependencyError when it is not installed, does not load, or is a version that does
 *   not work
 */
export async function importRuntime(choice: RuntimeChoice): Promise<ImportedRuntime> {
  const { runtime = javaScriptRuntime() === undefined ? "web" : "node" } = choice;
  const name = `onnxruntime-${runtime}`;
  let found: { default?: unknown };
  try {
    // Within `try`, so that bundlers let either package be absent.
    if (choice.importRuntime !== undefined) found = (await choice.importRuntime()) as object;
    // `as string`: its types need not be there; bundlers see the name.
    else if (runtime === "web") found = await import("onnxruntime-web" as string);
    else found = await import("onnxruntime-node");
  } catch (cause) {
    const code = (cause as { code?: unknown } | null)?.code;
    const absent = code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw missing(name, absent ? "is not installed" : `cannot be loaded (${reason})`, cause);
  }
  const ort = [found, found.default].find(
    (one) => typeof (one as OrtModule | undefined)?.InferenceSession?.create === "function",
  ) as OrtModule | undefined;
  if (ort === undefined)
    throw missing(name, "has no InferenceSession, so it is absent or another package");
  const versions = ort.env?.versions;
  const isWeb =
    choice.importRuntime === undefined ? runtime === "web" : versions?.web !== undefined;
  const version = isWeb ? versions?.web : versions?.node;
  // A module of the user's own need not say which version it is.
  if (version !== undefined || choice.importRuntime === undefined)
    checkRuntimeVersion(isWeb ? "onnxruntime-web" : "onnxruntime-node", version);
  return { ort, isWeb, version, inTurn: isWeb ? turnsOf(ort) : (action) => action() };
}

const turns = new WeakMap<OrtModule, ReturnType<typeof oneAtATime>>();

function turnsOf(ort: OrtModule): ReturnType<typeof oneAtATime> {
  const known = turns.get(ort) ?? oneAtATime();
  turns.set(ort, known);
  return known;
}

function missing(name: string, what: string, cause?: unknown): MissingDependencyError {
  const other =
    name === "onnxruntime-node"
      ? 'npm install onnxruntime-node, or onnxruntime-web with the option runtime: "web"'
      : `npm install ${name}`;
  return new MissingDependencyError(
    name,
    `${name} ${what}; it runs the ONNX models that are measured. Install it: ${other}`,
    cause === undefined ? {} : { cause },
  );
}
