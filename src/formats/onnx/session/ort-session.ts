import { checkFields } from "../../../check/check-fields.js";
import { quoteName } from "../../../check/quote-name.js";
import { EvaluationError, InvalidArgumentError } from "../../../errors.js";
import type { Batch, TensorArray, TensorData } from "../../../measure/batches/tensor-data.js";
import { decodeFloat16 } from "../../../numeric/float16.js";
import { checkRuntimeChoice } from "../check-arguments.js";
import type { ModelFiles } from "../external/model-files.js";
import type { GraphValue } from "../read/onnx-model.js";
import { importRuntime, type OrtTensor, type RuntimeChoice } from "./import-runtime.js";
import { runtimeTypeName } from "./runtime-types.js";

/** How far ONNX Runtime rewrites a graph before it runs it. */
export type GraphOptimizationLevel = "disabled" | "basic" | "extended" | "all";

const LEVELS: readonly string[] = ["disabled", "basic", "extended", "all"];

/** How ONNX Runtime runs models. */
export interface OnnxSessionOptions extends RuntimeChoice {
  /**
   * Default `all`: what a deployment gets. `disabled` computes what the file says. From `basic` on,
   * biases beside 8 bit weights and activations are rounded to multiples of the two scales'
   * product. From `extended` on, ONNX Runtime's CPU kernels fuse DequantizeLinear of 2, 4 and 8 bit
   * weights with MatMul. What they fuse to (MatMulNBits at accuracy level 4) also rounds
   * activations to 8 bits, so a float32 activation is not really one there.
   */
  readonly graphOptimizationLevel?: GraphOptimizationLevel | undefined;
  /**
   * Threads of one run, an integer from 1. Default 1: sums are then added in one order, bit for bit
   * the same.
   */
  readonly intraOpNumThreads?: number | undefined;
}

/** Inputs in ONNX Runtime's own form, to be used again and again. */
export type Feeds = Readonly<Record<string, OrtTensor>>;

/**
 * An output: its element type as ONNX Runtime calls it, and its values (float16 widened to
 * float32).
 */
export interface RuntimeTensor extends TensorData {
  readonly type: string;
}

/** A model that is loaded and ready to run. */
export interface RuntimeSession {
  /**
   * @param outputs names of the outputs wanted, in the order of the result. @throws EvaluationError
   *   when the run fails
   */
  run(feeds: Feeds, outputs: readonly string[]): Promise<Map<string, RuntimeTensor>>;
  release(): Promise<void>;
}

/** ONNX Runtime, loaded, with the options of its sessions. */
export interface OnnxRuntime {
  /** For the `source` of a measurement: version and optimization level. */
  readonly description: string;
  feeds(inputs: readonly GraphValue[], batch: Batch): Feeds;
  /** @throws EvaluationError when ONNX Runtime refuses the model */
  open(files: ModelFiles): Promise<RuntimeSession>;
}

/**
 * Loads ONNX Runtime, an optional peer dependency.
 * @throws MissingDependencyError when it is not installed or does not load; InvalidArgumentError
 *   for a bad option
 */
export async function loadOnnxRuntime(options: OnnxSessionOptions = {}): Promise<OnnxRuntime> {
  checkFields(options, "session", [
    "graphOptimizationLevel",
    "intraOpNumThreads",
    "runtime",
    "importRuntime",
  ]);
  checkRuntimeChoice(options);
  const { graphOptimizationLevel = "all", intraOpNumThreads = 1 } = options;
  if (!LEVELS.includes(graphOptimizationLevel)) {
    const message =
      `graphOptimizationLevel is ${JSON.stringify(graphOptimizationLevel)}; allowed: ` +
      `${LEVELS.join(", ")}`;
    throw new InvalidArgumentError("graphOptimizationLevel", message);
  }
  if (!Number.isInteger(intraOpNumThreads) || intraOpNumThreads < 1)
    throw new InvalidArgumentError(
      "intraOpNumThreads",
      `intraOpNumThreads is ${intraOpNumThreads}; allowed: an integer from 1`,
    );
  const { ort, isWeb, version, inTurn } = await importRuntime(options);
  // Threads of WebAssembly are the module's, not a session's, and are settled with the first.
  if (isWeb && ort.env?.wasm) ort.env.wasm.numThreads ||= intraOpNumThreads;
  return {
    description:
      `ONNX Runtime${isWeb ? " Web" : ""}${version === undefined ? "" : ` ${version}`}, ` +
      `graph optimization ${graphOptimizationLevel}`,
    feeds: (inputs, batch) =>
      Object.fromEntries(
        inputs.map(({ name, elementType }) => {
          const { data, dims } = batch[name]!;
          return [name, new ort.Tensor(runtimeTypeName(elementType)!, data, dims)];
        }),
      ),
    open: async ({ bytes, externalData }) => {
      const session = await attempt("ONNX Runtime cannot load the model", () =>
        inTurn(() =>
          ort.InferenceSession.create(bytes, {
            graphOptimizationLevel,
            intraOpNumThreads,
            interOpNumThreads: 1,
            executionMode: "sequential",
            // Errors only: they arrive as exceptions, and warnings are about the float model.
            logSeverityLevel: 3,
            ...(externalData && {
              externalData: [{ path: externalData.location, data: externalData.bytes }],
            }),
            ...(isWeb && { executionProviders: ["wasm"] }),
          }),
        ),
      );
      return {
        run: async (feeds, outputs) => {
          const results = await attempt("ONNX Runtime cannot run the model", () =>
            inTurn(() => session.run(feeds, outputs)),
          );
          return new Map(outputs.map((name) => [name, toTensor(name, results[name])]));
        },
        release: () => inTurn(() => session.release()),
      };
    },
  };
}

function toTensor(name: string, tensor: OrtTensor | undefined): RuntimeTensor {
  if (tensor === undefined)
    throw new EvaluationError(name, `ONNX Runtime gave no output ${quoteName(name)}`);
  const { type, data, dims } = tensor;
  if (type !== "float16") return { type, data: data as TensorArray, dims };
  // A Uint16Array, or a Float16Array where the engine has one: the bits are the same.
  const half = data as { buffer: ArrayBuffer; byteOffset: number; length: number };
  return {
    type,
    data: decodeFloat16(new Uint16Array(half.buffer, half.byteOffset, half.length)),
    dims,
  };
}

async function attempt<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw new EvaluationError("onnxruntime-node", `${what}: ${reasonOf(cause)}`, { cause });
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
