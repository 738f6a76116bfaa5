/** How a kind of file begins: ASCII text, or bytes, at an offset. */
interface FileKind {
  readonly kind: string;
  readonly magic: string | readonly number[];
  readonly at?: number;
}

/** Files that people take for ONNX files, by the signatures of their formats. */
const KINDS: readonly FileKind[] = [
  { kind: "a zip file (a PyTorch checkpoint or a Keras model?)", magic: [0x50, 0x4b, 3, 4] },
  { kind: "an empty zip file", magic: [0x50, 0x4b, 5, 6] },
  { kind: "a GGUF file", magic: "GGUF" },
  { kind: "a TensorFlow Lite model", magic: "TFL3", at: 4 },
  { kind: "a model in ONNX Runtime's own ORT format", magic: "ORTM", at: 4 },
  { kind: "an HDF5 file (a Keras model?)", magic: [0x89, 0x48, 0x44, 0x46] },
  { kind: "a NumPy array", magic: [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] },
  { kind: "gzip-compressed", magic: [0x1f, 0x8b] },
  { kind: "zstd-compressed", magic: [0x28, 0xb5, 0x2f, 0xfd] },
  { kind: "a 7-Zip archive", magic: [0x37, 0x7a, 0xbc, 0xaf] },
  { kind: "a tar archive", magic: "ustar", at: 257 },
  {
    kind: "the pointer of a Git LFS file (git lfs pull brings the file)",
    magic: "version https://git-lfs",
  },
];

const ascii = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

function beginsWith(bytes: Uint8Array, { magic, at = 0 }: FileKind): boolean {
  const wanted = typeof magic === "string" ? [...magic].map((c) => c.charCodeAt(0)) : magic;
  return wanted.every((byte, i) => bytes[at + i] === byte);
}

/**
 * What a file that is no ONNX model is, from its first bytes; undefined where they do not tell. For
 * messages: ask only about bytes that do not decode, as a model may begin like another file.
 */
export function fileKind(bytes: Uint8Array): string | undefined {
  const known = KINDS.find((one) => beginsWith(bytes, one));
  if (known !== undefined) return known.kind;
  // Protocol 2 or later begins with its number, protocol 0 and 1 with text.
  if (bytes[0] === 0x80 && bytes[1]! >= 2 && bytes[1]! <= 5)
    return "a Python pickle (a PyTorch or scikit-learn model?)";
  if (isSafetensors(bytes)) return "a safetensors file: weights without a graph";
  return textKind(bytes);
}

/** Eight bytes that say how long the JSON header behind them is. */
function isSafetensors(bytes: Uint8Array): boolean {
  if (bytes.length < 10 || ascii(bytes.subarray(8, 10)) !== '{"') return false;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  return length <= BigInt(bytes.length - 8);
}

/** Enough to tell text from bytes. */
const SEEN = 512;

function textKind(bytes: Uint8Array): string | undefined {
  const text = utf8(bytes.subarray(0, SEEN))?.trimStart();
  if (text === undefined || !isPrintable(text)) return undefined;
  if (/^<(!doctype html|html)/i.test(text)) return "a web page (an error page of a download?)";
  if (text.startsWith("<")) return "an XML text";
  return /^[{[]/.test(text) ? "a JSON text" : "a text";
}

/** Without a byte order mark; a character that is cut off at the end is left out. */
function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return undefined;
  }
}

/** No control character but tabs, line ends and the like. */
function isPrintable(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 32 && !(code >= 9 && code <= 13)) return false;
  }
  return true;
}
