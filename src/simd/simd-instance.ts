import type { SimdKernels } from "./simd-kernels.js";

/**
 * Elements that are staged at a time: 64 KiB of float32, which stay in the second cache with what
 * they become.
 */
export const STAGED_ELEMENTS = 16_384;
/** Scales that fit into the tables of an instance. */
export const TABLE_ENTRIES = 16_384;

// The first mebibyte of every memory belongs to the kernels; of a memory that threads share, one
// mebibyte to those of each thread. Addresses are counted from its start. Byte offsets:
/** First table: scales, or least values. */
export const TABLE_A = 0x1000;
/** Second table: zero points, or greatest values. */
export const TABLE_B = 0x1_1000;
/** Room for a staged block of values. */
export const STAGE_IN = 0x2_1000;
/** Room for the staged block that it becomes. */
export const STAGE_OUT = 0x3_1000;
/** Counters and formats, {@link COUNTERS_BYTES} bytes. */
export const COUNTERS = 0x4_1000;
/** Bytes at {@link COUNTERS}. */
export const COUNTERS_BYTES = 0x8_0000;
/** Room for one slice of a tensor that a calibration reads again and again. */
export const SLICE = 0xc_1000;
/** Elements that fit into {@link SLICE}. */
export const SLICE_ELEMENTS = 64_512;
/** Where the memory's tensors begin, or the scratch of the next thread. */
export const SCRATCH_BYTES = 0x10_0000;

/** The kernels bound to one memory, with views of it from the scratch of this thread on. */
export class SimdInstance {
  readonly buffer: ArrayBufferLike;
  readonly u8: Uint8Array;
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;

  constructor(
    readonly kernels: SimdKernels,
    readonly memory: WebAssembly.Memory,
    base: number,
  ) {
    const buffer: ArrayBufferLike = memory.buffer;
    this.buffer = buffer;
    this.u8 = new Uint8Array(buffer, base);
    this.i32 = new Int32Array(buffer, base);
    this.u32 = new Uint32Array(buffer, base);
    this.f32 = new Float32Array(buffer, base);
    this.f64 = new Float64Array(buffer, base);
  }

  /** The address of an array in this memory, or -1 when it lies elsewhere. */
  addressOf(array: ArrayBufferView): number {
    return array.buffer === this.buffer ? array.byteOffset - this.u8.byteOffset : -1;
  }

  /** Copies part of an array to an address. */
  copyIn(array: ArrayBufferView, firstByte: number, bytes: number, address: number): void {
    this.u8.set(new Uint8Array(array.buffer, array.byteOffset + firstByte, bytes), address);
  }

  /** Copies from an address to part of an array. */
  copyOut(address: number, bytes: number, array: ArrayBufferView, firstByte: number): void {
    new Uint8Array(array.buffer, array.byteOffset + firstByte, bytes).set(
      this.u8.subarray(address, address + bytes),
    );
  }
}
