import { SCRATCH_BYTES, SimdInstance } from "./simd-instance.js";
import type { SimdKernels } from "./simd-kernels.js";
import { WASM_HEX } from "./wasm-bytes.js";

const PAGE_BYTES = 65_536;

/**
 * By whether their memory is shared by threads. Null: this host cannot (SIMD or compiling at once
 * is missing).
 */
const modules = new Map<boolean, WebAssembly.Module | null>();
let staging: SimdInstance | undefined;
let enabled = true;
const instances = new WeakMap<ArrayBufferLike, SimdInstance>();

/**
 * Compiles the SIMD kernels without blocking. Only needed where a host refuses to compile modules
 * of some kilobytes at once (the main thread of older browsers). There, and where WebAssembly SIMD
 * is missing, the plain kernels run, with the same results. Elsewhere the kernels are compiled when
 * they are first used.
 * @returns whether the SIMD kernels run from now on
 */
export async function initSimd(): Promise<boolean> {
  if (moduleFor(false) === null) {
    try {
      modules.set(false, await WebAssembly.compile(wasmBytes(false)));
    } catch {
      return false;
    }
  }
  return simdEnabled();
}

/** Whether the SIMD kernels run: they are supported here and not switched off. */
export function simdEnabled(): boolean {
  return enabled && moduleFor(false) !== null;
}

/** Switches the SIMD kernels off or on again, for comparison: results are the same, bit for bit. */
export function setSimdEnabled(on: boolean): void {
  enabled = on;
}

/** Kernels in a memory that only holds what is staged, or undefined where there is no SIMD. */
export function stagingInstance(): SimdInstance | undefined {
  if (!enabled) return undefined;
  staging ??= createInstance(SCRATCH_BYTES);
  return staging;
}

/**
 * The kernels in whose memory one of the arrays lies (the first that lies in any), else the staging
 * ones.
 */
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
 * @param shared the memory can be given to other threads
 * @returns undefined where there is no SIMD @throws RangeError when the memory is not to be had
 */
export function createInstance(bytes: number, shared = false): SimdInstance | undefined {
  const module = moduleFor(shared);
  if (module === null) return undefined;
  const pages = Math.ceil(bytes / PAGE_BYTES);
  return bind(module, new WebAssembly.Memory({ initial: pages, maximum: pages, shared }), 0);
}

/**
 * Binds this thread's kernels to a shared memory that another thread made; {@link instanceFor}
 * finds them from then on.
 * @param base where the scratch of this thread begins; tensors lie behind that of all threads
 */
export function bindShared(memory: WebAssembly.Memory, base: number): void {
  const module = moduleFor(true);
  if (module !== null) bind(module, memory, base);
}

/** The memory that an array lies in, if it is one that kernels of this thread are bound to. */
export function memoryOf(array: ArrayBufferView): WebAssembly.Memory | undefined {
  return instances.get(array.buffer)?.memory;
}

function bind(module: WebAssembly.Module, memory: WebAssembly.Memory, base: number): SimdInstance {
  const exports = new WebAssembly.Instance(module, { env: { memory, base } }).exports;
  const instance = new SimdInstance(exports as unknown as SimdKernels, memory, base);
  instances.set(memory.buffer, instance);
  return instance;
}

function moduleFor(shared: boolean): WebAssembly.Module | null {
  let module = modules.get(shared);
  if (module === undefined) {
    try {
      module = new WebAssembly.Module(wasmBytes(shared));
    } catch {
      module = null;
    }
    modules.set(shared, module);
  }
  return module;
}

/**
 * The module; it imports a memory that threads share when one bit is set in the flags that follow
 * the import's name.
 */
function wasmBytes(shared: boolean): Uint8Array<ArrayBuffer> {
  const hex = shared ? WASM_HEX.replace("6d656d6f72790201", "6d656d6f72790203") : WASM_HEX;
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
