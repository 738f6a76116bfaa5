import { expect } from "vitest";
import {
  type LoadOnnxOptions,
  loadOnnxModel,
} from "../../../src/formats/onnx/read/load-onnx-model.js";
import type { OnnxModel } from "../../../src/formats/onnx/read/onnx-model.js";
import { quantizeOnnx } from "../../../src/formats/onnx/write/quantize-onnx.js";
import type { Batch } from "../../../src/measure/batches/tensor-data.js";
import { relativeDifference, runModel, uniform } from "./run-model.js";

/**
 * Loads a file, quantizes all layers with 8 bit weights, with float and with 8 bit activations, and
 * checks that the folded and the quantized files run at the levels `disabled` and `all` and give
 * what the file gives.
 */
export async function expectAgreement(
  bytes: Uint8Array,
  inputs: Batch,
  options: LoadOnnxOptions & { readonly tolerance?: number } = {},
): Promise<OnnxModel> {
  const { tolerance = 0.04, ...rest } = options;
  const wanted = await runModel(bytes, inputs, "disabled");
  const loaded = await loadOnnxModel(bytes, rest);
  expect(relativeDifference(await runModel(loaded.bytes, inputs, "disabled"), wanted)).toBeLessThan(
    1e-4,
  );
  for (const activationBits of [32, 8] as const) {
    const genome = uniform(loaded, { weightBits: 8, activationBits, calibrationMethod: "min-max" });
    const quantized = await quantizeOnnx(loaded, genome, { calibration: [inputs] });
    for (const level of ["disabled", "all"] as const) {
      const found = await runModel(quantized, inputs, level);
      expect(relativeDifference(found, wanted), `${activationBits} ${level}`).toBeLessThan(
        tolerance,
      );
    }
  }
  return loaded;
}
