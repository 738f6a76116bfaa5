//   npm run bench:kernels -- [--sizes 4096,16777216] [--reps 7] [--json FILE] [--zoo DIR]
//   [--clock cpu]
// Ratios of the kernels, all measured in this run. The kernels run in an arena and on ordinary
// arrays. They are compared with the plain TypeScript reference, a memory copy of as many bytes,
// block copies into WebAssembly memory and back, and ONNX Runtime on one thread.
// docs/performance.md has the method.
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import {
  calibrate,
  calibrateAndQuantize,
  createObserver,
  tensorStatistics,
} from "quantevo/calibration";
import {
  dequantize,
  fakeQuantize,
  fakeQuantizeError,
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
  /** Bytes that the kernel reads and writes for each element; the copy moves the larger of them. */
  readonly bytes: readonly [number, number];
  /** The kernel on these arrays, with what a caller makes once made. */
  readonly on: (arrays: Arrays) => () => unknown;
  readonly ort?: keyof OrtKernels;
  /**
   * At 16 Mi elements in the arena: at least so many times the reference, ONNX Runtime, the copy;
   * none for rows that were not asked for.
   */
  readonly wanted?: readonly [number, number | undefined, number | undefined];
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
  ...({
    bits: 8,
    scheme: "symmetric",
    method: "min-max",
    granularity: "per-group",
    groupSize,
  } as const),
});

const ROWS: readonly Row[] = [
  {
    name: "quantize int8, per-tensor",
    ...{ bytes: [4, 1], ort: "quantize", wanted: [8, 2, 0.5] },
    on: ({ values, codesOut }) => {
      const p = params(values.length);
      return () => quantize(values, p, codesOut);
    },
  },
  {
    name: "quantize int8, per-channel axis 0",
    ...{ bytes: [4, 1], ort: "quantizePerChannel", wanted: [8, 2, 0.5] },
    on: ({ values, codesOut }) => {
      const p = channels(values.length, 0);
      return () => quantize(values, p, codesOut);
    },
  },
  {
    name: "quantize int8, per-channel axis 1",
    ...{ bytes: [4, 1], wanted: [8, undefined, 0.5] },
    on: ({ values, codesOut }) => {
      const p = channels(values.length, 1);
      return () => quantize(values, p, codesOut);
    },
  },
  ...[32, 128].map(
    (groupSize): Row => ({
      name: `absmax + quantize, groups of ${groupSize}`,
      ...{ bytes: [4, 1], wanted: [6, undefined, 0.4] },
      on: ({ values, codesOut }) => {
        const options = groups(groupSize);
        return () => calibrateAndQuantize(values, options, codesOut);
      },
    }),
  ),
  {
    name: "fake-quantize int8",
    ...{ bytes: [4, 4], ort: "quantizeDequantize", wanted: [8, 4, 0.8] },
    on: ({ values, out }) => {
      const p = params(values.length);
      return () => fakeQuantize(values, p, out);
    },
  },
  {
    name: "dequantize int8",
    ...{ bytes: [1, 4], ort: "dequantize", wanted: [5, 4, 0.7] },
    on: ({ codes, out }) => {
      const p = params(codes.length);
      return () => dequantize(codes, p, out);
    },
  },
  {
    name: "min and max",
    ...{ bytes: [4, 0], ort: "minMax", wanted: [6, 1.5, 0.7] },
    on:
      ({ values }) =>
      () =>
        valueRange(values),
  },
  {
    name: "pack 4 bits",
    ...{ bytes: [1, 0.5], wanted: [6, undefined, 0.7] },
    on:
      ({ nibbles, packed }) =>
      () =>
        packBits(nibbles, 4, packed),
  },
  {
    name: "unpack 4 bits",
    ...{ bytes: [0.5, 1], wanted: [6, undefined, 0.7] },
    on:
      ({ packed, codesOut }) =>
      () =>
        unpackBits(packed, 4, codesOut.length, true, codesOut),
  },
  {
    name: "histogram, 2,048 bins (observer)",
    ...{ bytes: [4, 0], wanted: [2, undefined, undefined] },
    on:
      ({ values }) =>
      () =>
        createObserver("percentile", { bins: 1024 }).observe(values),
  },
  {
    name: "MSE range search, 140 candidates",
    ...{ bytes: [4, 0], wanted: [15, undefined, undefined], most: 2 ** 24 },
    on:
      ({ values }) =>
      () =>
        calibrate(values, { bits: 8, scheme: "symmetric", method: "mse" }),
  },
  {
    name: "fake-quantize + squared error",
    ...{ bytes: [4, 4] },
    on: ({ values, out }) => {
      const p = params(values.length);
      return () => fakeQuantizeError(values, p, out);
    },
  },
  {
    name: "extremes and sums",
    ...{ bytes: [4, 0] },
    on:
      ({ values }) =>
      () =>
        tensorStatistics(values),
  },
  {
    name: "ternary scale, exact threshold",
    ...{ bytes: [4, 0], most: 2 ** 20 },
    on:
      ({ values }) =>
      () =>
        calibrate(values, { bits: 1.58, scheme: "symmetric", method: "min-max" }),
  },
];

/**
 * Outside the arena every kernel is to reach so many times the reference and the copy, but those
 * that compute longer than a copy takes.
 */
const WANTED_OF_ARRAYS = [4, 0.35] as const;

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
    place === "arena"
      ? arena.allocate<Int8Array<ArrayBuffer>>(Int8Array, count)
      : new Int8Array(count);
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
  /** In the arena at 16 Mi elements; at 4 Ki never slower than the reference, in both places. */
  readonly met?: boolean;
  /** On ordinary arrays at 16 Mi elements. */
  readonly arraysMet?: boolean;
}

/** Blocks of ordinary arrays, as the kernels stage them. */
const STAGED = 65_536;

/**
 * Copying in blocks into the memory of the kernels and out of it, as they do for ordinary arrays:
 * their floor.
 */
function stage(arena: TensorArena, source: Float32Array, target: Float32Array): () => void {
  const bytes = (array: Float32Array) =>
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const [from, to] = [bytes(source), bytes(target)];
  const block = arena.allocate<Uint8Array<ArrayBuffer>>(Uint8Array, STAGED);
  const blocks = Math.ceil(Math.max(from.length, to.length) / STAGED);
  const inStep = Math.ceil(from.length / blocks);
  const outStep = Math.ceil(to.length / blocks);
  return () => {
    for (let b = 0; b < blocks; b++) {
      block.set(from.subarray(b * inStep, (b + 1) * inStep));
      const end = Math.min(to.length, (b + 1) * outStep);
      to.set(block.subarray(0, Math.max(0, end - b * outStep)), Math.min(to.length, b * outStep));
    }
  };
}

async function measure(
  row: Row,
  arena: Arrays,
  array: Arrays,
  ort: OrtKernels,
  room: TensorArena,
): Promise<Result> {
  const { length } = array.values;
  const part = (bytes: number) => (length * bytes) / 4;
  const most = part(Math.max(...row.bytes));
  const source = array.values.subarray(0, most);
  const target = array.out.subarray(0, most);
  const onArrays = row.on(array);
  const plain = (): unknown => {
    setSimdEnabled(false);
    try {
      return onArrays();
    } finally {
      setSimdEnabled(true);
    }
  };
  const contenders: Record<string, () => unknown> = {
    arena: row.on(arena),
    array: onArrays,
    copy: () => target.set(source),
    staging: stage(
      room,
      array.values.subarray(0, part(row.bytes[0])),
      array.out.subarray(0, part(row.bytes[1])),
    ),
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
    // The least: a call that something disturbed would leave a turn with a single cold call.
    while (performance.now() < until) warm = Math.min(warm, await once(run, 1));
    calls[name] = Math.max(1, Math.min(2000, Math.round(2 / warm)));
    times[name] = [];
  }
  // One after the other in each round, so that what disturbs the machine disturbs all of them.
  // Small kernels take so little time that more rounds cost nothing; others on the machine disturb
  // some of them.
  const rounds = length < 2 ** 16 ? Math.max(41, REPS) : REPS;
  for (let r = 0; r < rounds; r++)
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
    "staging/copy": ms.copy! / ms.staging!,
    ...(ms.ort === undefined ? {} : { "arena/ort": ms.ort / ms.arena! }),
  };
  return { kernel: row.name, elements: length, ms, ratios, coldMs, ...judged(row, length, ratios) };
}

function judged(
  { wanted }: Row,
  length: number,
  ratios: Readonly<Record<string, number>>,
): Pick<Result, "met" | "arraysMet"> {
  if (length === 4096)
    return { met: ratios["arena/reference"]! >= 1 && ratios["array/reference"]! >= 1 };
  if (length !== 2 ** 24 || wanted === undefined) return {};
  const reached = (key: string, least: number | undefined) =>
    least === undefined || ratios[key]! >= least;
  const [reference, runtime, copy] = wanted;
  const met =
    reached("arena/reference", reference) &&
    reached("arena/ort", runtime) &&
    reached("arena/copy", copy);
  const [ofReference, ofCopy] = WANTED_OF_ARRAYS;
  return {
    met,
    arraysMet:
      reached("array/reference", ofReference) &&
      (copy === undefined || reached("array/copy", ofCopy)),
  };
}

function print(row: Row, { elements, ms, ratios, coldMs, met, arraysMet }: Result): void {
  const atGoal = elements === 2 ** 24 && row.wanted !== undefined;
  const times = (key: string, wanted?: number) => {
    const ratio = ratios[key];
    if (ratio === undefined) return "-".padStart(14);
    const text = `${ratio.toFixed(2)}x`;
    return (atGoal && wanted !== undefined ? `${text} (${wanted})` : text).padStart(14);
  };
  const verdict = (reached: boolean | undefined) =>
    (reached === undefined ? "" : reached ? "met" : "MISSED").padStart(7);
  const rate = (name: string) =>
    (ms[name] === undefined ? "-" : (elements / ms[name] / 1e3).toFixed(0)).padStart(7);
  const [reference, runtime, copy] = row.wanted ?? [];
  console.log(
    [
      row.name.padEnd(34),
      ...["arena", "array", "reference", "ort", "copy"].map(rate),
      times("arena/reference", reference),
      times("arena/ort", runtime),
      times("arena/copy", copy),
      verdict(met),
      times("array/reference", WANTED_OF_ARRAYS[0]),
      times("array/copy", copy === undefined ? undefined : WANTED_OF_ARRAYS[1]),
      times("staging/copy"),
      verdict(arraysMet),
      coldMs.toFixed(2).padStart(9),
    ].join(" "),
  );
}

const results: Result[] = [];
for (const length of args.sizes.split(",").map(Number)) {
  const arena = new TensorArena({
    maxBytes: Math.ceil(length * 11.5) + 4096 + ROWS.length * STAGED,
  });
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
    `\n${length} elements, medians of ${REPS}; million elements a second, then ratios (at 16 ` +
      "Mi: and what is wanted), first call in ms",
  );
  console.log(
    [
      "kernel".padEnd(34),
      ...["arena", "array", "TS", "ORT", "copy"].map((h) => h.padStart(7)),
      ...["arena/TS", "arena/ORT", "arena/copy"].map((h) => h.padStart(14)),
      "".padStart(7),
      ...["array/TS", "array/copy", "staging/copy"].map((h) => h.padStart(14)),
      "".padStart(7),
      "cold ms".padStart(9),
    ].join(" "),
  );
  for (const row of ROWS) {
    if (!row.name.includes(args.only) || length > (row.most ?? Number.POSITIVE_INFINITY)) continue;
    const result = await measure(row, inArena, ordinary, ort, arena);
    results.push(result);
    print(row, result);
  }
  arena.dispose();
}
const noise = args.zoo === undefined ? undefined : await noiseTableRow(args.zoo, now);
if (noise !== undefined)
  console.log(
    `\nnoise table of shakespeare-gpt: before ${noise.beforeMs.toFixed(0)} ms, now ` +
      `${noise.nowMs.toFixed(0)} ms, ${(noise.beforeMs / noise.nowMs).toFixed(1)}x ` +
      `(10)${noise.beforeMs >= 10 * noise.nowMs ? " met" : " MISSED"}; other figures than ` +
      `then: ${noise.changed.join(", ") || "none"}`,
  );
if (args.json !== undefined) {
  const host = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
  writeFileSync(
    args.json,
    `${JSON.stringify({ host, repetitions: REPS, results, noise }, null, 2)}\n`,
  );
}
