import { checkFields, isRecord } from "../../../check/check-fields.js";
import { describeValue } from "../../../check/describe-value.js";
import {
  FileError,
  InvalidArgumentError,
  InvalidModelError,
  UnsupportedError,
} from "../../../errors.js";
import { readRegularFile } from "../../../files/read-regular-file.js";
import type { Batch } from "../../../measure/batches/tensor-data.js";
import { embedExternal } from "../external/embed-external.js";
import { customSource, folderSource, type ReadExternal } from "../external/external-source.js";
import { inMemory } from "../external/model-files.js";
import { foldModel } from "../fold/fold-model.js";
import { indexGraph } from "../graph/graph-index.js";
import { isStandardDomain } from "../graph/node-attributes.js";
import { ORT_CPU_PROFILE } from "../placement/ort-cpu-profile.js";
import { placeOperators, returnedValues } from "../placement/place-operators.js";
import { placeRegions } from "../placement/place-regions.js";
import { declaredDims } from "../shape/declared-shape.js";
import { checkDimensionNames } from "../shape/dimension-names.js";
import { decodeModel, type ModelWithGraph } from "../wire/decode-model.js";
import { LIMITS } from "../wire/limits.js";
import type { ValueInfoProto } from "../wire/onnx_pb.js";
import { describeGraph, rememberSource } from "./describe-graph.js";
import { NoteList } from "./note-list.js";
import type { GraphValue, OnnxModel } from "./onnx-model.js";

/** How to read an ONNX file. */
export interface LoadOnnxOptions {
  /**
   * Sizes of symbolic dimensions, by their name in the file, for example `{ sequence: 128 }`; whole
   * numbers from 1. They go before those of `sample`. A name that is not in the file is refused.
   */
  readonly dimensions?: Readonly<Record<string, number>>;
  /**
   * Fold before anything is searched: BatchNormalization, and scales and shifts for each channel,
   * into the layers beside them, and what follows from constants into stored tensors. The outputs
   * stay what they are within float rounding; `notes` say what was folded. Default true.
   */
  readonly fold?: boolean;
  /** Name of the model; default: the graph's, else the file's. */
  readonly name?: string;
  /**
   * Gives the bytes of a file that the model keeps data in, by its location: a path relative to the
   * folder of the model. Default: files in that folder where the model is given by its path.
   */
  readonly readExternal?: ReadExternal;
  /**
   * A batch that the model runs on: symbolic and unknown dimensions have the sizes that they have
   * in it, by input and axis, and the batch itself counts as one sample. Without it they count
   * as 1, and so do the MACs over them; `notes` say which. {@link withDimensionsOf} does the same
   * later.
   */
  readonly sample?: Batch;
}

const OLDEST_OPSET = 7;

async function readBytes(source: string | URL | Uint8Array | ArrayBuffer): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (typeof source !== "string" && !(source instanceof URL)) {
    const message =
      `pathOrBytes is ${source === null ? "null" : typeof source}; a path, URL, Uint8Array or ` +
      "ArrayBuffer is needed";
    throw new InvalidArgumentError("pathOrBytes", message);
  }
  try {
    return await readRegularFile(source, LIMITS.fileBytes);
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FileError(String(source), `cannot read the ONNX file ${String(source)}: ${reason}`, {
      cause,
    });
  }
}

/**
 * Reads and decodes a model, with what it keeps in other files. Where that fits into one file, it
 * is as if it had always been there.
 */
async function readModel(
  source: string | URL | Uint8Array | ArrayBuffer,
  readExternal: ReadExternal | undefined,
): Promise<{ readonly source: Uint8Array | undefined; readonly decoded: ModelWithGraph }> {
  const bytes = await readBytes(source);
  const decoded = decodeModel(bytes);
  const isPath = typeof source === "string" || source instanceof URL;
  const open = readExternal
    ? customSource(readExternal)
    : isPath
      ? folderSource(source)
      : undefined;
  if (!(await embedExternal(decoded, open))) return { source: bytes, decoded };
  const whole = inMemory(decoded);
  if (whole.externalData !== undefined) return { source: undefined, decoded };
  return { source: whole.bytes, decoded: decodeModel(whole.bytes) };
}

function opsetOf(model: ModelWithGraph): number {
  // The domain has two names, and files list both, or one twice.
  const versions = new Set(
    model.opsetImport
      .filter(({ domain }) => isStandardDomain(domain))
      .map(({ version }) => Number(version)),
  );
  const opset = [...versions][0] ?? 0;
  if (versions.size !== 1 || opset < 1) {
    const found = [...versions].join(" and ") || "none";
    throw new InvalidModelError(
      "opset_import",
      `opset_import gives the default ONNX domain the version ${found}; allowed: one, from ` +
        `${OLDEST_OPSET}`,
    );
  }
  if (opset < OLDEST_OPSET) {
    const message =
      `opset ${opset} is too old; at least ` + `${OLDEST_OPSET} (onnx.version_converter raises it)`;
    throw new UnsupportedError("opset_import", message);
  }
  return opset;
}

function checkDimensions(
  dimensions: Readonly<Record<string, number>>,
): ReadonlyMap<string, number> {
  if (!isRecord(dimensions))
    throw new InvalidArgumentError(
      "dimensions",
      `dimensions is ${describeValue(dimensions)}; allowed: an object of sizes by ` +
        "dimension name",
    );
  const entries = new Map(Object.entries(dimensions));
  for (const [name, size] of entries) {
    if (!Number.isSafeInteger(size) || size < 1 || size > LIMITS.elements) {
      const message =
        `dimensions.${name} is ${size}; a whole number from 1 to ` + `${LIMITS.elements} is needed`;
      throw new InvalidArgumentError(`dimensions.${name}`, message);
    }
  }
  return entries;
}

function graphValue(info: ValueInfoProto): GraphValue {
  const type = info.type?.value;
  const declared = declaredDims(info) ?? [];
  const [symbol] = declared;
  return {
    name: info.name,
    elementType: type?.case === "tensorType" ? type.value.elemType : 0,
    dims: declared.map((extent) => (typeof extent === "number" ? extent : -1)),
    ...(typeof symbol === "string" && { symbol }),
  };
}

/**
 * Reads an ONNX file (opset 7 or later) and finds its layers: the float weight tensors of Conv,
 * ConvTranspose, Gemm, MatMul, Gather, LSTM, GRU and RNN, with shapes and MACs of one run at batch
 * 1. Weights may be initializers or Constant nodes, float32, float16, bfloat16 or double, and lie
 * behind Identity, Transpose or Cast. The graph is folded first, unless `fold` is false: what is
 * searched, measured as the float baseline and written is the folded graph. Bytes that are given
 * are kept, not copied; do not change them afterwards. Tensors in other files (`model.onnx.data`)
 * are read from the folder of the model, never from outside of it, or by `readExternal`.
 * @param pathOrBytes a path, a file URL, or the bytes of the file
 * @throws FileError when the file cannot be read; InvalidModelError when it is malformed,
 *   contradicts itself, names files outside of its folder or holds no layer; UnsupportedError for
 *   other files of a model given as bytes, already quantized weights and opsets below 7;
 *   InvalidDataError for NaN or infinite weights; InvalidArgumentError for a bad option
 * @example
 * ```ts fragment
 * import { loadOnnxModel } from "quantevo/onnx";
 *
 * const model = await loadOnnxModel("model.onnx");
 * for (const { name, kind, parameterCount, macs } of model.layers)
 *   console.log(name, kind, parameterCount, macs);
 * await engine.runEvolution(model.spec);
 * ```
 */
export async function loadOnnxModel(
  pathOrBytes: string | URL | Uint8Array | ArrayBuffer,
  options: LoadOnnxOptions = {},
): Promise<OnnxModel> {
  checkFields(options, "options", ["dimensions", "fold", "name", "readExternal", "sample"]);
  if (options.name !== undefined && typeof options.name !== "string")
    throw new InvalidArgumentError("name", `name is ${describeValue(options.name)}; allowed: text`);
  if (options.fold !== undefined && typeof options.fold !== "boolean")
    throw new InvalidArgumentError(
      "fold",
      `fold is ${describeValue(options.fold)}; allowed: true, false`,
    );
  if (options.readExternal !== undefined && typeof options.readExternal !== "function")
    throw new InvalidArgumentError(
      "readExternal",
      `readExternal is ${describeValue(options.readExternal)}; allowed: a function that gives ` +
        "the bytes of a file",
    );
  const dimensions = checkDimensions(options.dimensions ?? {});
  const { source, decoded } = await readModel(pathOrBytes, options.readExternal);
  checkDimensionNames(decoded.graph, dimensions);
  const opset = opsetOf(decoded);
  const folding = new NoteList();
  const proto = options.fold === false ? decoded : foldModel(decoded, opset, folding.add);
  const files = proto === decoded && source !== undefined ? { bytes: source } : inMemory(proto);
  const loaded = { proto, dimensions, notes: folding.lines() };
  const { graph } = proto;
  const name = options.name ?? (graph.name === "" ? "onnx-model" : graph.name);
  const index = indexGraph(graph);
  const described = describeGraph(loaded, opset, options.sample);
  const { layers, bindings, floatParameterCount, fixedBytes } = described;
  const inputs = graph.input.filter((input) => !index.constants.has(input.name)).map(graphValue);
  const returned = returnedValues(index);
  const operators = placeOperators({ bindings, layers, inputs }, index, ORT_CPU_PROFILE, returned);
  const { regions } = placeRegions(operators, returned);
  const model: OnnxModel = {
    name,
    layers,
    spec: {
      ...{ name, layers, source: "onnx", floatParameterCount, fixedBytes },
      ...(regions.length > 0 && { regions }),
    },
    opset,
    inputs,
    outputs: graph.output.map(graphValue),
    bindings,
    proto,
    ...files,
    notes: described.notes,
  };
  rememberSource(model, loaded, options.sample);
  return model;
}
