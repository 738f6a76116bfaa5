// A program in Node.js, Bun or Deno. Arguments: the path of an ONNX model; `node` or `web`, or
// nothing for the default. Prints what it found as a line of JSON, and then has to end by itself.
import { readFileSync } from "node:fs";
import * as core from "quantevo";
import * as onnx from "quantevo/onnx";
import { study } from "./study.mjs";

const [path, runtime] = process.argv.slice(2);
const warnings = [];
process.on("warning", ({ code }) => warnings.push(code));
try {
  const bytes = new Uint8Array(readFileSync(path));
  const found = await study(core, onnx, bytes, {
    workers: 2,
    ...(runtime && { session: { runtime } }),
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  console.log(JSON.stringify({ ...found, warnings }));
} catch (error) {
  console.log(JSON.stringify({ error: error.name, code: error.code, message: error.message }));
}
