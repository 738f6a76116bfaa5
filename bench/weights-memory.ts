//   npm run bench:weights -- [--gib 4] [--json FILE]
// Quantizes, packs and evaluates 4 GiB of weights in a process that never holds twice that, in
// arenas and on ordinary arrays, and one tensor that is larger than its arena. It fails when the
// peak passes the bound or memory is not freed.
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type CalibrateOptions, calibrate } from "../src/calibration/index.js";
import {
  fakeQuantizeError,
  type QuantizationParams,
  quantizeAndPack,
  TensorArena,
} from "../src/quantization/index.js";

const { values: args } = parseArgs({
  options: { gib: { type: "string", default: "4" }, json: { type: "string" } },
});
const GIB = 2 ** 30;
const gib = Number(args.gib);
const TENSOR = 2 ** 27;
const tensors = Math.round((gib * GIB) / TENSOR);
const pattern = Float32Array.from(
  { length: 2 ** 20 },
  (_, i) => Math.sin(i * 12.9898) * Math.exp(-(i % 97) / 30),
);

function fill(values: Float32Array, seed: number): Float32Array {
  for (let at = 0; at < values.length; at += pattern.length)
    values.set(pattern.subarray(0, Math.min(pattern.length, values.length - at)), at);
  // No two tensors are the same.
  for (let i = 0; i < values.length; i += 4096) values[i] = seed + i / values.length;
  return values;
}

const optionsOf = (length: number): CalibrateOptions => ({
  bits: 4,
  scheme: "symmetric",
  method: "min-max",
  granularity: "per-group",
  shape: [length / 4096, 4096],
  axis: 1,
  groupSize: 128,
});

interface Outcome {
  readonly what: string;
  readonly seconds: number;
  readonly peakGib: number;
  /** Resident once the weights are let go. */
  readonly freedGib: number;
  /** Of all packed bytes. */
  readonly sha256: string;
  readonly sqnrDb: number;
}

const residentGib = () => process.memoryUsage.rss() / GIB;
let peakGib = 0;
const notePeak = () => {
  peakGib = Math.max(peakGib, residentGib());
};

/** Quantizes a model's tensors, keeps the packed bytes of all, and judges each. */
function work(weights: readonly Float32Array[]): { sha256: string; sqnrDb: number } {
  const packed: { bytes: Uint8Array; params: QuantizationParams }[] = [];
  let decibels = 0;
  for (const values of weights) {
    const params = calibrate(values, optionsOf(values.length));
    packed.push({ bytes: quantizeAndPack(values, params), params });
    decibels += fakeQuantizeError(values, params).sqnrDb;
    notePeak();
  }
  const hash = createHash("sha256");
  for (const { bytes } of packed) hash.update(bytes);
  return { sha256: hash.digest("hex"), sqnrDb: decibels / weights.length };
}

async function measure(
  what: string,
  run: () => { sha256: string; sqnrDb: number },
): Promise<Outcome> {
  peakGib = 0;
  const start = performance.now();
  const found = run();
  const seconds = (performance.now() - start) / 1000;
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await sleep(50);
  }
  const outcome = { what, seconds, peakGib, freedGib: residentGib(), ...found };
  console.log(
    `${what}: ${seconds.toFixed(1)} s, peak ${peakGib.toFixed(2)} GiB resident, ` +
      `${outcome.freedGib.toFixed(2)} GiB afterwards, SQNR ${found.sqnrDb.toFixed(2)} dB, ` +
      `sha256 ${found.sha256.slice(0, 16)}`,
  );
  return outcome;
}

const inArenas = await measure(`${gib} GiB of weights in arenas of 2 GiB`, () => {
  const perArena = (2 * GIB) / TENSOR;
  const arenas = Array.from(
    { length: Math.ceil(tensors / perArena) },
    () => new TensorArena({ maxBytes: 2 * GIB }),
  );
  const weights = Array.from({ length: tensors }, (_, i) =>
    fill(arenas[Math.floor(i / perArena)]!.allocate(Float32Array, TENSOR / 4), i),
  );
  const found = work(weights);
  for (const arena of arenas) arena.dispose();
  return found;
});
const ordinary = await measure(`${gib} GiB of weights in ordinary arrays`, () =>
  work(Array.from({ length: tensors }, (_, i) => fill(new Float32Array(TENSOR / 4), i))),
);
const large = await measure("one tensor of 1 GiB beside an arena of 64 MiB", () => {
  const values = fill(new Float32Array(GIB / 4), 1);
  const params = calibrate(values, optionsOf(values.length));
  const whole = quantizeAndPack(values, params);
  const { sqnrDb } = fakeQuantizeError(values, params);
  notePeak();
  // The same in pieces of whole rows that an arena can hold: the same bytes.
  const arena = new TensorArena({ maxBytes: 2 ** 26 });
  const hash = createHash("sha256");
  const piece = 2 ** 22;
  const staged = arena.allocate(Float32Array, piece);
  const out = arena.allocate(Uint8Array, piece / 2);
  for (let at = 0; at < values.length; at += piece) {
    staged.set(values.subarray(at, at + piece));
    hash.update(quantizeAndPack(staged, calibrate(staged, optionsOf(piece)), out));
  }
  notePeak();
  arena.dispose();
  const sha256 = hash.digest("hex");
  if (sha256 !== createHash("sha256").update(whole).digest("hex"))
    throw new Error("pieces differ from the whole");
  return { sha256, sqnrDb };
});

const outcomes = [inArenas, ordinary, large];
if (args.json !== undefined) writeFileSync(args.json, JSON.stringify(outcomes));
if (inArenas.sha256 !== ordinary.sha256)
  throw new Error("arenas and ordinary arrays give different bytes");
const bound = 2 * gib;
for (const { what, peakGib, freedGib } of outcomes) {
  if (peakGib >= bound) throw new Error(`${what}: peak ${peakGib} GiB, allowed: below ${bound}`);
  if (freedGib > 1) throw new Error(`${what}: ${freedGib} GiB are left, allowed: 1`);
}
const most = process.resourceUsage().maxRSS / 2 ** 20;
if (most >= bound)
  throw new Error(`the process held ${most} GiB at its peak, allowed: below ${bound}`);
console.log(
  `peak of the process ${most.toFixed(2)} GiB, below ${bound}; the same bytes in arenas and ` +
    "out of them",
);
