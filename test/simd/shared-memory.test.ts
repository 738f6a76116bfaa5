import { afterEach, describe, expect, it, vi } from "vitest";
import { InvalidArgumentError, UnsupportedError } from "../../src/errors.js";
import {
  fakeQuantize,
  openSharedMemory,
  type QuantizationParams,
  TensorArena,
} from "../../src/quantization/index.js";
import { joinSharedMemory, leaveSharedMemory, nextOwner } from "../../src/simd/shared-memory.js";
import { posted } from "./posted.js";

const MIB = 2 ** 20;
const params: QuantizationParams = {
  bits: 4,
  signed: true,
  narrowRange: false,
  granularity: "per-tensor",
  shape: [1000],
  axis: 0,
  groupSize: 0,
  scheme: "symmetric",
  scale: Float32Array.of(0.25),
  zeroPoint: Int32Array.of(0),
};

/** An arena of this thread, 1,000 values in it, and those values as another thread sees them. */
function twoSides(threads: number) {
  const arena = new TensorArena({ maxBytes: MIB, shared: true, threads });
  const here = arena.put(Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i)));
  const buffer = openSharedMemory(posted(arena.memory!));
  return { arena, here, there: new Float32Array(buffer, here.byteOffset, here.length) };
}

/** The scratch of a thread, by its place. */
const scratch = ({ buffer }: Float32Array, place: number) =>
  new Uint8Array(buffer, place * MIB + 4096, MIB - 4096);
const written = (bytes: Uint8Array) => bytes.some((byte) => byte !== 0);

describe("a shared arena", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("is one memory for all threads, each with scratch of its own", () => {
    const { here, there } = twoSides(3);
    const expected = fakeQuantize(here.slice(), params);
    expect(fakeQuantize(there, params)).toEqual(expected);
    expect([0, 1, 2].map((place) => written(scratch(here, place)))).toEqual([false, true, false]);
    expect(fakeQuantize(here, params)).toEqual(expected);
    expect([0, 1, 2].map((place) => written(scratch(here, place)))).toEqual([true, true, false]);
    fakeQuantize(there, params, there);
    expect(here.slice()).toEqual(expected);
  });

  it("serves more threads than it has places for, by staging", () => {
    const { here, there } = twoSides(1);
    const expected = fakeQuantize(here.slice(), params);
    expect(fakeQuantize(there, params)).toEqual(expected);
    expect(written(scratch(here, 0))).toBe(false);
  });

  it("gives a thread that opens the same memory again no second place", () => {
    const { arena, here } = twoSides(4);
    const memory = posted(arena.memory!);
    expect(openSharedMemory(memory)).toBe(openSharedMemory(memory));
    expect(openSharedMemory(arena.memory!)).toBe(here.buffer);
    expect([...new Int32Array(here.buffer, 0, 4)]).toEqual([4, 1, 1, 0]);
  });

  it("gives places back when their owner leaves", () => {
    const { arena, here } = twoSides(4);
    const owners = [nextOwner(arena.memory!), nextOwner(arena.memory!)];
    for (const owner of owners) joinSharedMemory(posted(arena.memory!), owner);
    leaveSharedMemory(arena.memory!, owners[0]!);
    expect([...new Int32Array(here.buffer, 0, 4)]).toEqual([4, 1, 0, owners[1]]);
  });

  it("refuses what cannot be, and ends with dispose", () => {
    for (const threads of [0, 1.5, 257])
      expect(() => new TensorArena({ maxBytes: MIB, shared: true, threads })).toThrow(
        InvalidArgumentError,
      );
    expect(() => new TensorArena({ maxBytes: 2 ** 32 - MIB, shared: true, threads: 2 })).toThrow(
      /^maxBytes is/,
    );
    const { arena } = twoSides(2);
    arena.dispose();
    expect(arena.memory).toBeUndefined();
    expect(new TensorArena({ maxBytes: MIB }).memory).toBeUndefined();
    vi.stubGlobal("SharedArrayBuffer", undefined);
    expect(() => new TensorArena({ maxBytes: MIB, shared: true })).toThrow(UnsupportedError);
  });
});
