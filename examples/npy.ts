import { readFile } from "node:fs/promises";

/** A NumPy array as stored: C order, little endian. */
export interface NpyArray {
  readonly data: Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array | Int8Array;
  readonly shape: readonly number[];
}

const READERS = {
  "<f4": Float32Array,
  "<f8": Float64Array,
  "<i4": Int32Array,
  "<i8": BigInt64Array,
  "|u1": Uint8Array,
  "|i1": Int8Array,
} as const;

/**
 * Reads a .npy file (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
 * @throws Error naming the file when it is no .npy, is cut short, or has a type not listed in
 *   {@link NpyArray}
 */
export async function readNpy(path: string): Promise<NpyArray> {
  const file = await readFile(path);
  if (file.length < 12 || file.toString("latin1", 0, 6) !== "\x93NUMPY")
    throw new Error(`${path} is no .npy file`);
  const long = (file[6] as number) >= 2;
  const start = long ? 12 : 10;
  const end = start + (long ? file.readUInt32LE(8) : file.readUInt16LE(8));
  const header = file.toString("latin1", start, end);
  const type = /'descr':\s*'([^']+)'/.exec(header)?.[1] ?? "";
  const Reader = READERS[type as keyof typeof READERS];
  if (Reader === undefined || /'fortran_order':\s*True/.test(header))
    throw new Error(
      `${path} holds ${type || "no"} elements; readable: C order, ` +
        `${Object.keys(READERS).join(" ")}`,
    );
  const shape = (/'shape':\s*\(([^)]*)\)/.exec(header)?.[1] ?? "")
    .split(",")
    .filter((s) => s.trim())
    .map(Number);
  const bytes = shape.reduce((a, b) => a * b, 1) * Reader.BYTES_PER_ELEMENT;
  if (file.length - end < bytes)
    throw new Error(`${path} is cut short: ${file.length - end} of ${bytes} bytes`);
  const copy = new Uint8Array(bytes);
  copy.set(file.subarray(end, end + bytes));
  return { data: new Reader(copy.buffer), shape };
}
