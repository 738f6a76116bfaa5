/**
 * What ONNX Runtime makes of low-bit weights: the time of each format over that of float and of
 * INT8, for the operators that have weights. One thread, alternating rounds, medians.
 *
 * Run with: npx tsx bench/low-bit-forms.ts [milliseconds for each format, default 400]
 */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { loadOnnxModel, quantizeOnnxWithReport } from "../src/formats/onnx/index.js";
import type { ModelProto } from "../src/formats/onnx/wire/onnx_pb.js";
import { LayerQuantConfig, type LayerQuantConfigFields } from "../src/genome/layer-quant-config.js";
import { QuantizationGenome } from "../src/genome/quantization-genome.js";
import { bytesOf, model, node, value } from "../test/formats/onnx/graph-builder.js";
import { normals, normalWeights } from "../test/formats/onnx/small-models.js";

/** TensorProto.DataType of ids. */
const INT64 = 7;

const FORMATS: Readonly<Record<string, Partial<LayerQuantConfigFields>>> = {
  W8A8: { weightBits: 8, activationBits: 8 },
  W6A8: { weightBits: 6, activationBits: 8 },
  W4A8: { weightBits: 4, activationBits: 8 },
  W2A8: { weightBits: 2, activationBits: 8 },
  "W4A8 groups": { weightBits: 4, activationBits: 8, granularity: "per-group", groupSize: 64 },
  W8: { weightBits: 8, activationBits: 32 },
  W4: { weightBits: 4, activationBits: 32 },
  "W4 groups": { weightBits: 4, activationBits: 32, granularity: "per-group", groupSize: 64 },
  W2: { weightBits: 2, activationBits: 32 },
};

interface Subject {
  readonly proto: ModelProto;
  readonly dims: readonly number[];
  /** Rows of the table that ids are looked up in. */
  readonly rows?: number;
}

function product(rows: number, depth: number, columns: number): Subject {
  const dims = [1, rows, depth];
  return {
    dims,
    proto: model({
      inputs: [value("x", dims)],
      outputs: [value("y", [1, rows, columns])],
      initializers: [normalWeights("w", [depth, columns])],
      nodes: [node("MatMul", ["x", "w"], ["y"], {}, "layer")],
    }),
  };
}

/** Two convolutions: the first writes integers for the second. */
function convolutions(channels: number, size: number, group = 1): Subject {
  const dims = [1, channels, size, size];
  const kernel = [channels, channels / group, 3, 3];
  const settings = { pads: [1, 1, 1, 1], group };
  return {
    dims,
    proto: model({
      inputs: [value("x", dims)],
      outputs: [value("y", dims)],
      initializers: ["a", "b", "c"].map((name) => normalWeights(name, kernel)),
      nodes: [
        node("Conv", ["x", "a"], ["ya"], settings, "first"),
        node("Relu", ["ya"], ["ra"]),
        node("Conv", ["ra", "b"], ["yb"], settings, "second"),
        node("Relu", ["yb"], ["rb"]),
        node("Conv", ["rb", "c"], ["y"], settings, "third"),
      ],
    }),
  };
}

function recurrent(opType: "LSTM" | "GRU", gates: number): Subject {
  const dims = [32, 1, 128];
  return {
    dims,
    proto: model({
      inputs: [value("x", dims)],
      outputs: [value("y", [32, 1, 1, 128])],
      initializers: [
        normalWeights("w", [1, gates * 128, 128]),
        normalWeights("r", [1, gates * 128, 128]),
      ],
      nodes: [node(opType, ["x", "w", "r"], ["y"], { hidden_size: 128 }, "layer")],
    }),
  };
}

function table(): Subject {
  return {
    dims: [1, 32],
    rows: 20_000,
    proto: model({
      inputs: [value("x", [1, 32], INT64)],
      outputs: [value("y", [1, 32, 384])],
      initializers: [normalWeights("w", [20_000, 384])],
      nodes: [node("Gather", ["w", "x"], ["y"], {}, "layer")],
    }),
  };
}

const SUBJECTS: Readonly<Record<string, () => Subject>> = {
  "MatMul 1x1024x1024": () => product(1, 1024, 1024),
  "MatMul 128x384x1536": () => product(128, 384, 1536),
  "Conv 64 3x3, 32x32": () => convolutions(64, 32),
  "depthwise Conv 128 3x3, 32x32": () => convolutions(128, 32, 128),
  "LSTM 128, 32 steps": () => recurrent("LSTM", 4),
  "GRU 128, 32 steps": () => recurrent("GRU", 3),
  "Gather 32 of 20000x384": table,
};

async function measure({ proto, dims, rows }: Subject, milliseconds: number) {
  const loaded = await loadOnnxModel(bytesOf(proto));
  const count = dims.reduce((a, b) => a * b, 1);
  const data =
    rows === undefined
      ? normals("input", count)
      : BigInt64Array.from({ length: count }, (_, i) => BigInt((i * 7919) % rows));
  const files = new Map<string, Uint8Array>([["float", loaded.bytes]]);
  const notes = new Map<string, string>();
  for (const [name, fields] of Object.entries(FORMATS)) {
    const config = new LayerQuantConfig(fields);
    const genome = new QuantizationGenome({
      layerConfigs: new Map(loaded.layers.map((layer) => [layer.name, config])),
      calibrationMethod: "min-max",
    });
    const report = await quantizeOnnxWithReport(loaded, genome, {
      calibration: [{ x: { data, dims } }],
    });
    files.set(name, report.bytes);
    notes.set(name, report.layers.at(-1)?.note ?? "");
  }
  const x = new Tensor(rows === undefined ? "float32" : "int64", data, dims);
  const sessions = new Map<string, InferenceSession>();
  for (const [name, bytes] of files)
    sessions.set(
      name,
      await InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 4 }),
    );
  const times = new Map([...sessions.keys()].map((name) => [name, [] as number[]]));
  const end = performance.now() + milliseconds * sessions.size;
  do
    for (const [name, session] of sessions) {
      const start = performance.now();
      for (let i = 0; i < 5; i++) await session.run({ x });
      times.get(name)!.push((performance.now() - start) / 5);
    }
  while (performance.now() < end);
  for (const session of sessions.values()) await session.release();
  const medians = new Map(
    [...times].map(([name, all]) => [name, all.sort((a, b) => a - b)[all.length >> 1]!]),
  );
  const [float, int8] = [medians.get("float")!, medians.get("W8A8")!];
  for (const [name, time] of medians)
    console.log(
      `  ${name.padEnd(12)} ${time.toFixed(3).padStart(8)} ms  ` +
        `${(float / time).toFixed(2).padStart(5)}x of float  ` +
        `${(int8 / time).toFixed(2).padStart(5)}x of INT8  ` +
        `${(files.get(name)!.length / 1024).toFixed(0).padStart(6)} KB  ${notes.get(name) ?? ""}`,
    );
}

const milliseconds = Number(process.argv[2] ?? 400);
for (const [name, make] of Object.entries(SUBJECTS)) {
  console.log(name);
  await measure(make(), milliseconds);
}
