// npm run bench:kernels -- [--sizes 4096,16777216] [--reps 7] [--json FILE] [--zoo DIR] [--clock cpu]
// Ratios of the kernels, all measured in this run: in an arena, on ordinary arrays, the plain TypeScript reference, a
// memory copy of as many bytes, and ONNX Runtime on one thread. See docs/performance.md for the method.
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { calibrate, calibrateAndQuantize, createObserver } from "quantevo/calibration";
import {
  dequantize,
  fakeQuantize,
  packBits,
  type QuantizationParams,
  quantize,
  setSimdEnabled,
  TensorArena,
  unpackBits,
} from "quantevo/quantization";
import { valueRange } from "../src/numeric/value-range.js";
import { noiseTableRow } from "./noise-table.js";
import { type OrtKernels, ortKernels } from "./ort.js";

const { values: args } = parseArgs({
  options: {
    sizes: { type: "string", default: "4096,1048576,16777216,67108864" },
    reps: { type: "string", default: "7" },
    only: { type: "string", default: "" },
    json: { type: "string" },
    zoo: { type: "string" },
    clock: { type: "string", default: "wall" },
  },
});
const REPS = Math.max(7, Number(args.reps));
const CHANNELS = 64;
const SCALE = Math.fround(4 / 127);

type Place = "arena" | "array";
/** What a kernel works on, in one place. */
interface Arrays {
  readonly values: Float32Array<ArrayBuffer>;
  readonly out: Float32Array<ArrayBuffer>;
  readonly codes: Int8Array<ArrayBuffer>;
  readonly codesOut: Int8Array<ArrayBuffer>;
  readonly nibbles: Int8Array<ArrayBuffer>;
  readonly packed: Uint8Array<ArrayBuffer>;
}
interface Row {
  readonly name: string;
  /** Bytes that the copy moves for each element: the larger side of the kernel. */
  readonly copiedBytes: 1 | 4;
  readonly run: (arrays: Arrays) => unknown;
  readonly ort?: keyof OrtKernels;
  /** At 16 Mi elements in the arena: at least so many times the reference, ONNX Runtime, the copy. */
  readonly wanted: readonly [number, number | undefined, number | undefined];
  /** Greatest size that the reference can do in reasonable time. */
  readonly most?: number;
}

function params(length: number, over: Partial<QuantizationParams> = {}): QuantizationParams {
  const base = { bits: 8, signed: true, scheme: "symmetric", granularity: "per-tensor" } as const;
  const cut = { shape: [length], axis: 0, groupSize: 0 };
  return { ...base, ...cut, scale: Float32Array.of(SCALE), zeroPoint: Int32Array.of(0), ...over };
}
function channels(length: number, axis: 0 | 1): QuantizationParams {
  const shape = axis === 0 ? [CHANNELS, length / CHANNELS] : [length / CHANNELS, CHANNELS];
  const scale = new Float32Array(CHANNELS).fill(SCALE);
  return params(length, {
    granularity: "per-channel",
    shape,
    axis,
    scale,
    zeroPoint: new Int32Array(CHANNELS),
  });
}
const groups = (groupSize: number) => ({
  ...({ bits: 8, scheme: "symmetric", method: "min-max", granularity: "per-group", groupSize } as const),
});

const ROWS: readonly Row[] = [
  {
    name: "quantize int8, per-tensor",
    ...{ copiedBytes: 4, ort: "quantize", wanted: [8, 2, 0.5] },
    run: (a) => quantize(a.values, params(a.values.length), a.codesOut),
  },
  {
    name: "quantize int8, per-channel axis 0",
    ...{ copiedBytes: 4, ort: "quantizePerChannel", wanted: [8, 2, 0.5] },
    run: (a) => quantize(a.values, channels(a.values.length, 0), a.codesOut),
  },
  {
    name: "quantize int8, per-channel axis 1",
    ...{ copiedBytes: 4, wanted: [8, undefined, 0.5] },
    run: (a) => quantize(a.values, channels(a.values.length, 1), a.codesOut),
  },
  {
    name: "absmax + quantize, groups of 32",
    ...{ copiedBytes: 4, wanted: [6, undefined, 0.4] },
    run: (a) => calibrateAndQuantize(a.values, groups(32), a.codesOut),
  },
  {
    name: "absmax + quantize, groups of 128",
    ...{ copiedBytes: 4, wanted: [6, undefined, 0.4] },
    run: (a) => calibrateAndQuantize(a.values, groups(128), a.codesOut),
  },
  {
    name: "fake-quantize int8",
    ...{ copiedBytes: 4, ort: "quantizeDequantize", wanted: [8, 4, 0.8] },
    run: (a) => fakeQuantize(a.values, params(a.values.length), a.out),
  },
  {
    name: "dequantize int8",
    ...{ copiedBytes: 4, ort: "dequantize", wanted: [5, 4, 0.7] },
    run: (a) => dequantize(a.codes, params(a.values.length), a.out),
  },
  {
    name: "min and max",
    ...{ copiedBytes: 4, ort: "minMax", wanted: [6, 1.5, 0.7] },
    run: (a) => valueRange(a.values),
  },
  {
    name: "pack 4 bits",
    ...{ copiedBytes: 1, wanted: [6, undefined, 0.7] },
    run: (a) => packBits(a.nibbles, 4, a.packed),
  },
  {
    name: "unpack 4 bits",
    ...{ copiedBytes: 1, wanted: [6, undefined, 0.7] },
    run: (a) => unpackBits(a.packed, 4, a.codesOut.length, true, a.codesOut),
  },
  {
    name: "histogram, 2,048 bins (observer)",
    ...{ copiedBytes: 4, wanted: [2, undefined, undefined] },
    run: (a) => createObserver("percentile", { bins: 1024 }).observe(a.values),
  },
  {
    name: "MSE range search, 140 candidates",
    ...{ copiedBytes: 4, wanted: [15, undefined, undefined], most: 2 ** 24 },
    run: (a) => calibrate(a.values, { bits: 8, scheme: "symmetric", method: "mse" }),
  },
];

const median = (times: number[]): number => {
  const sorted = times.toSorted((x, y) => x - y);
  return sorted[sorted.length >> 1]!;
};

/** There because the npm script passes --expose-gc. */
const collect = (globalThis as { gc?: () => void }).gc;

/** Milliseconds; of the processor (all threads of this process) where others share the machine. */
const now = (): number => {
  if (args.clock !== "cpu") return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Milliseconds a call, over so many calls that a clock tick is nothing. */
async function once(run: () => unknown, calls: number): Promise<number> {
  const start = now();
  for (let i = 0; i < calls; i++) {
    const result = run();
    if (result instanceof Promise) await result;
  }
  return (now() - start) / calls;
}

function makeArrays(length: number, place: Place, arena: TensorArena): Arrays {
  const floats = () =>
    place === "arena"
      ? arena.allocate<Float32Array<ArrayBuffer>>(Float32Array, length)
      : new Float32Array(length);
  const bytes = (count: number) =>
    place === "arena" ? arena.allocate<Int8Array<ArrayBuffer>>(Int8Array, count) : new Int8Array(count);
  const codes = bytes(length);
  const packed = bytes(length / 2);
  return {
    ...{
      values: floats(),
      out: floats().fill(1),
      codes,
      codesOut: bytes(length).fill(1),
      nibbles: bytes(length),
    },
    packed: new Uint8Array(packed.buffer, packed.byteOffset, packed.length),
  };
}

interface Result {
  readonly kernel: string;
  readonly elements: number;
  readonly ms: Readonly<Record<string, number>>;
  readonly ratios: Readonly<Record<string, number>>;
  readonly coldMs: number;
  readonly met?: boolean;
}

async function measure(row: Row, arena: Arrays, array: Arrays, ort: OrtKernels): Promise<Result> {
  const { length } = array.values;
  const source = array.values.subarray(0, (length * row.copiedBytes) / 4);
  const target = array.out.subarray(0, source.length);
  const plain = (): unknown => {
    setSimdEnabled(false);
    try {
      return row.run(array);
    } finally {
      setSimdEnabled(true);
    }
  };
  const contenders: Record<string, () => unknown> = {
    arena: () => row.run(arena),
    array: () => row.run(array),
    copy: () => target.set(source),
    reference: plain,
    ...(row.ort === undefined ? {} : { ort: () => ort[row.ort!]() }),
  };
  const calls: Record<string, number> = {};
  const times: Record<string, number[]> = {};
  let coldMs = 0;
  for (const [name, run] of Object.entries(contenders)) {
    const first = await once(run, 1);
    if (name === "arena") coldMs = first;
    // Warm until the compilers are done: some calls and some time.
    const until = performance.now() + 150;
    let warm = await once(run, 1);
    while (performance.now() < until) warm = await once(run, 1);
    calls[name] = Math.max(1, Math.min(2000, Math.round(2 / warm)));
    times[name] = [];
  }
  // One after the other in each round, so that what disturbs the machine disturbs all of them.
  for (let r = 0; r < REPS; r++)
    for (const [name, run] of Object.entries(contenders)) {
      times[name]!.push(await once(run, calls[name]!));
      // What one contender allocated is not to be collected on another's time.
      if (length >= 2 ** 20) collect?.();
    }
  const ms = Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]));
  const ratios: Record<string, number> = {
    "arena/reference": ms.reference! / ms.arena!,
    "arena/copy": ms.copy! / ms.arena!,
    "array/reference": ms.reference! / ms.array!,
    "array/copy": ms.copy! / ms.array!,
    ...(ms.ort === undefined ? {} : { "arena/ort": ms.ort / ms.arena! }),
  };
  const [reference, runtime, copy] = row.wanted;
  const met =
    length === 2 ** 24
      ? ratios["arena/reference"]! >= reference &&
        (runtime === undefined || ratios["arena/ort"]! >= runtime) &&
        (copy === undefined || ratios["arena/copy"]! >= copy)
      : undefined;
  return { kernel: row.name, elements: length, ms, ratios, coldMs, ...(met === undefined ? {} : { met }) };
}

function print(row: Row, { elements, ms, ratios, coldMs, met }: Result): void {
  const times = (key: string, wanted?: number) => {
    const ratio = ratios[key];
    if (ratio === undefined) return "-".padStart(14);
    const text = `${ratio.toFixed(2)}x`;
    return (met === undefined || wanted === undefined ? text : `${text} (${wanted})`).padStart(14);
  };
  const rate = (name: string) =>
    (ms[name] === undefined ? "-" : (elements / ms[name] / 1e3).toFixed(0)).padStart(7);
  const [reference, runtime, copy] = row.wanted;
  console.log(
    [
      row.name.padEnd(34),
      ...["arena", "array", "reference", "ort", "copy"].map(rate),
      times("arena/reference", reference),
      times("arena/ort", runtime),
      times("arena/copy", copy),
      times("array/reference"),
      times("array/copy"),
      coldMs.toFixed(2).padStart(9),
      met === undefined ? "" : met ? "  met" : "  MISSED",
    ].join(" "),
  );
}

const results: Result[] = [];
for (const length of args.sizes.split(",").map(Number)) {
  const arena = new TensorArena({ maxBytes: Math.ceil(length * 11.5) + 4096 });
  const inArena = makeArrays(length, "arena", arena);
  const ordinary = makeArrays(length, "array", arena);
  let seed = 1;
  for (let i = 0; i < length; i++) {
    // A sum of three uniform numbers: near enough to weights, and quick.
    let sum = -1.5;
    for (let k = 0; k < 3; k++) {
      seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
      sum += (seed >>> 8) / 2 ** 24;
    }
    ordinary.values[i] = sum * 2;
    ordinary.codes[i] = seed >> 24;
    ordinary.nibbles[i] = seed >> 28;
  }
  for (const key of ["values", "codes", "nibbles"] as const) inArena[key].set(ordinary[key]);
  for (const { nibbles, packed } of [inArena, ordinary]) packBits(nibbles, 4, packed);
  const ort = await ortKernels(ordinary.values, ordinary.codes, SCALE, CHANNELS);
  console.log(
    `\n${length} elements, medians of ${REPS}; million elements a second, then ratios (at 16 Mi: and what is wanted), first call in ms`,
  );
  console.log(
    [
      "kernel".padEnd(34),
      ...["arena", "array", "TS", "ORT", "copy"].map((h) => h.padStart(7)),
      ...["arena/TS", "arena/ORT", "arena/copy", "array/TS", "array/copy"].map((h) => h.padStart(14)),
      "cold ms".padStart(9),
    ].join(" "),
  );
  for (const row of ROWS) {
    if (!row.name.includes(args.only) || length > (row.most ?? Number.POSITIVE_INFINITY)) continue;
    const result = await measure(row, inArena, ordinary, ort);
    results.push(result);
    print(row, result);
  }
  arena.dispose();
}
const noise = args.zoo === undefined ? undefined : await noiseTableRow(args.zoo, now);
if (noise !== undefined)
  console.log(
    `\nnoise table of shakespeare-gpt: before ${noise.beforeMs.toFixed(0)} ms, now ${noise.nowMs.toFixed(0)} ms, ${(noise.beforeMs / noise.nowMs).toFixed(1)}x (10); same figures: ${noise.same}`,
  );
if (args.json !== undefined) {
  const host = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
  writeFileSync(args.json, `${JSON.stringify({ host, repetitions: REPS, results, noise }, null, 2)}\n`);
}
