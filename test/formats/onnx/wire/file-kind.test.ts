import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadOnnxModel } from "../../../../src/formats/onnx/index.js";
import { decodeModel } from "../../../../src/formats/onnx/wire/decode-model.js";
import { fileKind } from "../../../../src/formats/onnx/wire/file-kind.js";

const MODEL = readFileSync(new URL("../../../../examples/model/model.onnx", import.meta.url));

const text = (...parts: string[]) => new TextEncoder().encode(parts.join(""));
const padded = (start: Uint8Array | readonly number[], length = 600) => {
  const bytes = new Uint8Array(Math.max(length, start.length));
  bytes.set(start);
  return bytes;
};

/** Eight bytes of length, then the header. */
function safetensors(): Uint8Array {
  const header = text('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}');
  const bytes = padded([], 8 + header.length + 4);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  return bytes;
}

function tar(): Uint8Array {
  const bytes = padded(text("model.onnx"));
  bytes.set(text("ustar"), 257);
  return bytes;
}

describe("a file of another kind, given as a model, is called what it is", () => {
  it.each<[string, Uint8Array, RegExp]>([
    [
      "zip",
      padded([0x50, 0x4b, 3, 4, 20]),
      /a zip file \(a PyTorch checkpoint or a Keras model\?\)/,
    ],
    ["pickle", padded([0x80, 2, 0x8a, 0x0a]), /a Python pickle/],
    ["gzip", gzipSync(MODEL), /gzip-compressed/],
    ["GGUF", padded(text("GGUF")), /a GGUF file/],
    ["TensorFlow Lite", padded(text("\u001c\0\0\0TFL3")), /a TensorFlow Lite model/],
    ["ORT", padded(text("\u0018\0\0\0ORTM")), /ONNX Runtime's own ORT format/],
    ["HDF5", padded([0x89, 0x48, 0x44, 0x46, 13, 10]), /an HDF5 file/],
    ["NumPy", padded([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]), /a NumPy array/],
    ["safetensors", safetensors(), /a safetensors file: weights without a graph/],
    ["tar", tar(), /a tar archive/],
    ["Git LFS", text("version https://git-lfs.github.com/spec/v1\noid sha256:1"), /git lfs pull/],
    ["JSON", text('\ufeff{ "layers": [] }'), /a JSON text/],
    ["XML", text('<?xml version="1.0"?><net/>'), /an XML text/],
    ["HTML", text("\n<!DOCTYPE html><title>404"), /a web page/],
    ["text", text("Grüße, no model here\n"), /a text; allowed/],
  ])("%s", async (_, bytes, kind) => {
    const error = await loadOnnxModel(bytes).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "INVALID_MODEL",
      message: expect.stringMatching(/^the model is .*; allowed: an ONNX file/),
    });
    expect((error as Error).message).toMatch(kind);
  });

  it("a model is never asked, and other bytes stay what they were called", () => {
    expect(fileKind(MODEL)).toBeUndefined();
    expect(() => decodeModel(padded([0, 1, 2, 3]))).toThrow(/wire|valid|tag|field/);
    // No beginning of any file makes the question fail.
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        const kind = fileKind(bytes);
        return kind === undefined || kind.length > 0;
      }),
    );
  });
});
