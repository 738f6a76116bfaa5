import { InferenceSession, Tensor } from "onnxruntime-node";

/**
 * Top-1 accuracy of an ONNX classifier on labelled images, by ONNX Runtime alone: what a deployment
 * would see.
 */
export async function runOnnxAlone(
  path: string,
  data: { readonly images: Float32Array; readonly labels: Uint8Array },
): Promise<number> {
  const session = await InferenceSession.create(path, { intraOpNumThreads: 1 });
  const [input, output] = [session.inputNames[0] as string, session.outputNames[0] as string];
  const meta = session.inputMetadata[0];
  const dims = meta?.isTensor ? meta.shape.slice(1).map(Number) : [];
  const size = dims.reduce((a, b) => a * b, 1);
  let right = 0;
  for (let at = 0; at < data.labels.length; at += 100) {
    const count = Math.min(100, data.labels.length - at);
    const images = new Tensor("float32", data.images.slice(at * size, (at + count) * size), [
      count,
      ...dims,
    ]);
    const scores = (await session.run({ [input]: images }))[output]?.data as Float32Array;
    const classes = scores.length / count;
    for (let i = 0; i < count; i++) {
      const row = scores.subarray(i * classes, (i + 1) * classes);
      if (row.indexOf(Math.max(...row)) === data.labels[at + i]) right++;
    }
  }
  await session.release();
  return right / data.labels.length;
}
