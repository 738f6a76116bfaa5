// Compiles this folder to WebAssembly and embeds the bytes in ../wasm-bytes.ts. With --check it
// writes nothing and fails when the committed file is not what the source compiles to.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const here = fileURLToPath(new URL(".", import.meta.url));
const target = new URL("../wasm-bytes.ts", import.meta.url);

/** The text of src/simd/wasm-bytes.ts for the committed source. */
export async function compile() {
  let bytes;
  const options =
    "-O3 --enable simd --runtime stub --noAssert --importMemory --maximumMemory 65536 " +
    "--memoryBase 1024 --use abort=";
  const { error, stderr } = await asc.main(
    ["index.ts", ...options.split(" "), "--outFile", "kernels.wasm"],
    {
      readFile: (name, base) => {
        try {
          const folder = base === "." ? "" : `${base}/`;
          return readFileSync(new URL(name, `file://${here}${folder}`), "utf8");
        } catch {
          return null;
        }
      },
      writeFile: (_, contents) => {
        bytes = contents;
      },
      listFiles: () => [],
    },
  );
  if (error !== null) throw new Error(`${error.message}\n${stderr.toString()}`);
  const lines = Buffer.from(bytes)
    .toString("hex")
    .match(/.{1,100}/g);
  return [
    "// Generated from src/simd/assembly/ by `npm run build:wasm`; do not edit.",
    "",
    "/**",
    ` * The kernels' WebAssembly module (${bytes.length} bytes), in hexadecimal: it compresses`,
    " * better than base64.",
    " */",
    "export const WASM_HEX =",
    ...lines.map((line, i) => `  "${line}"${i === lines.length - 1 ? ";" : " +"}`),
    "",
  ].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = await compile();
  if (!process.argv.includes("--check")) {
    writeFileSync(target, text);
    process.stdout.write(`src/simd/wasm-bytes.ts: ${text.length} characters\n`);
  } else if (readFileSync(target, "utf8") !== text) {
    process.stderr.write(
      "src/simd/wasm-bytes.ts is not what src/simd/assembly/ compiles to; run npm run build:wasm\n",
    );
    process.exitCode = 1;
  } else process.stdout.write("src/simd/wasm-bytes.ts is up to date\n");
}
