// A page in a browser, bundled. Posts what it found to the server that it came from.
import * as ort from "onnxruntime-web";
import * as core from "quantevo";
import * as onnx from "quantevo/onnx";
import { study } from "./study.mjs";

const post = (result) => fetch("/result", { method: "POST", body: JSON.stringify(result) });
try {
  ort.env.wasm.wasmPaths = "/wasm/";
  const bytes = new Uint8Array(await (await fetch("/model.onnx")).arrayBuffer());
  await post({ ...(await study(core, onnx, bytes, {})), warnings: [] });
} catch (error) {
  await post({ error: error.name, message: error.message, stack: error.stack });
}
