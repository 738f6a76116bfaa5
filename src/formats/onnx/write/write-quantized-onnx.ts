import { describeValue } from "../../../check/describe-value.js";
import { InvalidArgumentError } from "../../../errors.js";
import type { QuantizationGenome } from "../../../genome/quantization-genome.js";
import type { OnnxModel } from "../read/onnx-model.js";
import { type QuantizedOnnx, type QuantizeOnnxOptions, quantizeAs } from "./quantize-onnx.js";

/**
 * Writes the model as the genome says to a file (Node only), see `quantizeOnnx`. A result above
 * 1.5 GB, or with `externalData`, becomes two files in one folder: `model.onnx` and
 * `model.onnx.data`. Each is written whole or not at all, the data first.
 * @param path an existing folder and a file name; a file that is there is replaced
 * @throws FileError when a file cannot be written; what `quantizeOnnxWithReport` throws
 * @example
 * ```ts fragment
 * import { writeQuantizedOnnx } from "quantevo/onnx";
 *
 * const { externalData } = await writeQuantizedOnnx(model, genome, "small.onnx", {
 *   calibration: batches,
 *   externalData: true,
 * });
 * console.log(externalData?.location); // small.onnx.data
 * ```
 */
export async function writeQuantizedOnnx(
  model: OnnxModel,
  genome: QuantizationGenome,
  path: string,
  options: QuantizeOnnxOptions = {},
): Promise<QuantizedOnnx> {
  if (typeof path !== "string" || path === "")
    throw new InvalidArgumentError(
      "path",
      `path is ${path === "" ? "empty" : describeValue(path)}; allowed: the path of a file`,
    );
  const { basename, dirname, join } = await import("node:path");
  const { writeFileAtomically } = await import("../../../files/write-file-atomically.js");
  const written = await quantizeAs(model, genome, options, `${basename(path)}.data`);
  const { bytes, externalData } = written;
  if (externalData !== undefined)
    await writeFileAtomically(join(dirname(path), externalData.location), externalData.bytes);
  await writeFileAtomically(path, bytes);
  return written;
}
