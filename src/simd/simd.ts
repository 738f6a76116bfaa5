import { SCRATCH_BYTES, SimdInstance } from "./simd-instance.js";
import type { SimdKernels } from "./simd-kernels.js";
import { WASM_HEX } from "./wasm-bytes.js";

const PAGE_BYTES = 65_536;

/** Undefined: not tried yet; null: this host cannot (SIMD or compiling at once is missing). */
let compiled: WebAssembly.Module | null | undefined;
let shared: SimdInstance | undefined;
let enabled = true;
const instances = new WeakMap<ArrayBufferLike, SimdInstance>();

/**
 * Compiles the SIMD kernels without blocking. Only needed where a host refuses to compile modules of some kilobytes
 * at once (the main thread of older browsers): there, and where WebAssembly SIMD is missing, the plain kernels
 * run, with the same results. Elsewhere the kernels are compiled when they are first used.
 * @returns whether the SIMD kernels run from now on
 */
export async function initSimd(): Promise<boolean> {
  if (moduleNow() === null) {
    try {
      compiled = await WebAssembly.compile(wasmBytes());
    } catch {
      return false;
    }
  }
  return simdEnabled();
}

/** Whether the SIMD kernels run: they are supported here and not switched off. */
export function simdEnabled(): boolean {
  return enabled && moduleNow() !== null;
}

/** Switches the SIMD kernels off or on again, for comparison: results are the same, bit for bit. */
export function setSimdEnabled(on: boolean): void {
  enabled = on;
}

/** Kernels in a memory that only holds what is staged, or undefined where there is no SIMD. */
export function stagingInstance(): SimdInstance | undefined {
  if (!enabled) return undefined;
  shared ??= createInstance(SCRATCH_BYTES);
  return shared;
}

/** The kernels in whose memory one of the arrays lies (the first that lies in any), else the staging ones. */
export function instanceFor(...arrays: readonly ArrayBufferView[]): SimdInstance | undefined {
  if (!enabled) return undefined;
  for (const array of arrays) {
    const found = instances.get(array.buffer);
    if (found !== undefined) return found;
  }
  return stagingInstance();
}

/**
 * Kernels in a memory of their own; {@link instanceFor} finds them by its buffer.
 * @returns undefined where there is no SIMD @throws RangeError when the memory is not to be had
 */
export function createInstance(bytes: number): SimdInstance | undefined {
  const module = moduleNow();
  if (module === null) return undefined;
  const pages = Math.ceil(bytes / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const exports = new WebAssembly.Instance(module, { env: { memory } }).exports;
  const instance = new SimdInstance(exports as unknown as SimdKernels, memory);
  instances.set(memory.buffer, instance);
  return instance;
}

function moduleNow(): WebAssembly.Module | null {
  if (compiled === undefined) {
    try {
      compiled = new WebAssembly.Module(wasmBytes());
    } catch {
      compiled = null;
    }
  }
  return compiled;
}

function wasmBytes(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(WASM_HEX.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(WASM_HEX.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
