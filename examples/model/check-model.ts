// Float32 accuracy of the demo model on images it has never seen, on ONNX Runtime.
//   npx tsx examples/model/check-model.ts [MODEL.onnx ...]
import { fileURLToPath } from "node:url";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { CLASS_NAMES, generateImages, SEEDS } from "./generate-data.js";

const COUNT = 2_000;
const BATCH = 250;
const { images, labels, shape } = generateImages({ count: COUNT, seed: SEEDS.test });
const [, channels, height, width] = shape;
const size = channels * height * width;
const paths = process.argv.slice(2);
if (paths.length === 0) paths.push(fileURLToPath(new URL("./model.onnx", import.meta.url)));

for (const path of paths) {
  const session = await InferenceSession.create(path, { intraOpNumThreads: 1 });
  let right = 0;
  for (let first = 0; first < COUNT; first += BATCH) {
    const pixels = images.subarray(first * size, (first + BATCH) * size);
    const { logits } = await session.run({
      image: new Tensor("float32", pixels, [BATCH, channels, height, width]),
    });
    const values = logits?.data as Float32Array;
    for (let i = 0; i < BATCH; i++) {
      const row = values.subarray(i * CLASS_NAMES.length, (i + 1) * CLASS_NAMES.length);
      if (row.indexOf(Math.max(...row)) === labels[first + i]) right++;
    }
  }
  console.log(`${path}: ${right} of ${COUNT} right (${((100 * right) / COUNT).toFixed(2)}%)`);
}
