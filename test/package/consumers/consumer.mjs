// An ESM consumer: imports every entry point and searches. Argument: the path of an ONNX model.
import names from "./names.cjs";
import search from "./search.cjs";

for (const name of names)
  if (Object.keys(await import(name)).length === 0) throw new Error(`${name} exports nothing`);
await search(await import("quantevo"));

// onnxruntime-node is not installed here: loading a model needs none of it, running one says how to
// install it.
const { createOnnxEvaluator, loadOnnxModel, outputAgreement } = await import("quantevo/onnx");
const model = await loadOnnxModel(process.argv[2]);
const [input] = model.inputs;
const dims = [1, ...input.dims.slice(1)];
const batch = {
  [input.name]: { data: new Float32Array(dims.reduce((product, dim) => product * dim, 1)), dims },
};
const metric = outputAgreement();
let failure;
try {
  await createOnnxEvaluator(model, { calibration: [batch], validation: [batch], metric });
} catch (error) {
  failure = error;
}
if (failure === undefined) throw new Error("ran without onnxruntime-node");
if (failure.code !== "MISSING_DEPENDENCY") throw failure;
if (!failure.message.includes("npm install onnxruntime-node")) throw failure;
console.log("esm ok");
