import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Batch } from "../src/formats/onnx/index.js";

/** A model of the zoo, and what it is fed. */
export interface ZooModel {
  readonly name: string;
  readonly path: string;
  /** The first `samples` samples of its calibration data. */
  calibration(samples: number): Promise<Batch>;
}

/** The models of a zoo folder (its README.md says what they are). */
export function zooModels(folder: string): readonly ZooModel[] {
  const at = (...parts: string[]) => join(folder, ...parts);
  const cifar = async (samples: number): Promise<Batch> => {
    const { data } = await readNpy(at("cifar10", "calibration-images.npy"));
    const mean = [0.485, 0.456, 0.406];
    const deviation = [0.229, 0.224, 0.225];
    const input = Float32Array.from({ length: samples * 3 * 1024 }, (_, i) => {
      const channel = Math.floor(i / 1024) % 3;
      return (data[i]! / 255 - mean[channel]!) / deviation[channel]!;
    });
    return { input: { data: input, dims: [samples, 3, 32, 32] } };
  };
  return [
    { name: "cifar10-resnet20", path: at("cifar10-resnet20", "model.onnx"), calibration: cifar },
    {
      name: "cifar10-mobilenetv2",
      path: at("cifar10-mobilenetv2", "model.onnx"),
      calibration: cifar,
    },
    {
      name: "kws-dscnn",
      path: at("kws-dscnn", "model.onnx"),
      calibration: async (samples) => {
        const { data } = await readNpy(at("kws-dscnn", "calibration-features.npy"));
        return {
          mfcc: {
            data: Float32Array.from(data.subarray(0, samples * 490)),
            dims: [samples, 1, 49, 10],
          },
        };
      },
    },
    {
      name: "shakespeare-gpt",
      path: at("shakespeare-gpt", "model.onnx"),
      calibration: async (samples) => {
        const { data } = await readNpy(at("shakespeare-gpt", "calibration-tokens.npy"));
        const tokens = BigInt64Array.from({ length: samples * 128 }, (_, i) => BigInt(data[i]!));
        return { tokens: { data: tokens, dims: [samples, 128] } };
      },
    },
  ];
}

/** Reads an uint8 or float32 NumPy array of version 1.0 or 2.0. */
export async function readNpy(
  path: string,
): Promise<{ data: Uint8Array | Float32Array; shape: number[] }> {
  const bytes = await readFile(path);
  const start = bytes[6] === 1 ? 10 + bytes.readUInt16LE(8) : 12 + bytes.readUInt32LE(8);
  const head = bytes.toString("latin1", 10, start);
  const type = /'descr': '([^']+)'/.exec(head)?.[1];
  const shape = (/'shape': \(([^)]*)\)/.exec(head)?.[1] ?? "")
    .split(",")
    .filter((part) => part.trim() !== "");
  const raw = bytes.buffer.slice(
    bytes.byteOffset + start,
    bytes.byteOffset + bytes.length,
  ) as ArrayBuffer;
  if (type === "|u1") return { data: new Uint8Array(raw), shape: shape.map(Number) };
  if (type === "<f4") return { data: new Float32Array(raw), shape: shape.map(Number) };
  throw new Error(`${path} holds ${type}; this reads uint8 and float32`);
}
