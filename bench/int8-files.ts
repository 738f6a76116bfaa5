// npm run bench:int8 -- --folder DIR [--models a,b] [--threads 1,2]
//   [--formats int8,w4a8,weight-only] [--markdown] [--json FILE]
// Our files of real models beside ONNX Runtime's own static quantization of the same data: speed
// over float32 in alternating runs, SQNR of the worst output, file sizes, and the speed that
// `onnxRuntimeCostModel` predicts for one thread. `python3 bench/int8/prepare.py DIR` sets the
// folder up. Each model runs in a process of its own, since the runtime ends some.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  type FileFigures,
  FORMATS,
  type Format,
  type ModelFigures,
  measured,
  type Peer,
  peerOf,
  summary,
} from "./int8/figures.js";
import { measureModel } from "./int8/measure-model.js";

/** Of one model; it ends a run that hangs. */
const MOST_MS = 600_000;
const LABELS: Readonly<Record<Format, string>> = {
  int8: "INT8",
  w4a8: "W4A8",
  "weight-only": "W4",
};

const PEER_LABELS: Readonly<Record<Peer, string>> = { own: "plain", own2: "prepared" };

const { values: flags } = parseArgs({
  options: {
    folder: { type: "string" },
    models: { type: "string" },
    threads: { type: "string", default: "1,2" },
    formats: { type: "string", default: FORMATS.join() },
    markdown: { type: "boolean", default: false },
    json: { type: "string" },
    child: { type: "string" },
  },
});
const { folder } = flags;
if (folder === undefined) throw new Error("--folder is missing; see the head of this file");
const threads = flags.threads.split(",").map(Number);
if (!threads.every((count) => Number.isInteger(count) && count > 0))
  throw new Error(`--threads is ${flags.threads}; allowed: whole numbers from 1, as in 1,2`);
const formats = flags.formats.split(",").map((format) => {
  if (!FORMATS.includes(format as Format))
    throw new Error(`--formats has ${format}; allowed: ${FORMATS.join(", ")}`);
  return format as Format;
});

if (flags.child !== undefined) {
  const figures = await measureModel(folder, flags.child, formats, threads);
  process.stdout.write(`\nFIGURES ${JSON.stringify(figures)}\n`, () => process.exit(0));
} else {
  benchAll(flags.models?.split(",") ?? allNames(folder));
}

/** Models with inputs, the smallest first. */
function allNames(folder: string): string[] {
  const bytesOf = (name: string) => statSync(`${folder}/models/${name}.onnx`).size;
  return readdirSync(`${folder}/models`)
    .filter((file) => file.endsWith(".onnx"))
    .map((file) => file.slice(0, -".onnx".length))
    .filter((name) => existsSync(`${folder}/data/${name}/test.json`))
    .sort((a, b) => bytesOf(a) - bytesOf(b));
}

function inChild(name: string): ModelFigures {
  const program = fileURLToPath(import.meta.url);
  const options = ["--threads", flags.threads, "--formats", flags.formats, "--child", name];
  try {
    const output = execFileSync(
      process.execPath,
      ["--import", "tsx", program, "--folder", folder!, ...options],
      { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: MOST_MS, maxBuffer: 2 ** 26 },
    );
    return JSON.parse(/^FIGURES (.*)$/m.exec(output)![1]!) as ModelFigures;
  } catch (error) {
    const { stderr = "", signal, message } = error as Error & { stderr?: string; signal?: string };
    const said = /^\w*Error\b.*$/m.exec(stderr)?.[0] ?? message.split("\n")[0]!;
    return { name, error: (signal ? `the process ended by ${signal}` : said).slice(0, 200) };
  }
}

function benchAll(names: readonly string[]): void {
  const show = (value: number | null | undefined, digits = 2) =>
    value === undefined || value === null ? "-" : value.toFixed(digits);
  const print = (cells: readonly string[]) =>
    console.log(
      flags.markdown
        ? `| ${cells.join(" | ")} |`
        : cells.map((cell, i) => (i === 0 ? cell.padEnd(18) : cell.padStart(10))).join(" "),
    );
  const columns = (title: (label: string) => string) => formats.map((one) => title(LABELS[one]));
  const head = [
    ...["model", "float ms", "peer"],
    ...threads.flatMap((t) => [`own x${t}`, ...columns((label) => `${label} x${t}`)]),
    ...columns((label) => `${label} pred.`),
    ...["own dB", ...columns((label) => `${label} dB`)],
    ...["float KB", "own KB", ...columns((label) => `${label} KB`)],
  ];
  print(head);
  if (flags.markdown) print(head.map((_, i) => (i === 0 ? "---" : "---:")));

  const all = names.map((name) => {
    const model = inChild(name);
    if (model.error !== undefined) {
      print([name, model.error, ...(flags.markdown ? head.slice(2).map(() => "") : [])]);
      return model;
    }
    const { float, ours, predicted } = model;
    const peer = peerOf(model, threads[0]!);
    const files = [peer?.figures, ...formats.map((format) => measured(ours?.[format]))];
    const each = (cell: (file: FileFigures | undefined) => string) => files.map(cell);
    const kilobytes = (file: FileFigures | undefined) => show(file && file.bytes / 1000, 0);
    print([
      ...[name, show(float?.ms[threads[0]!]), peer === undefined ? "-" : PEER_LABELS[peer.peer]],
      ...threads.flatMap((t) => each((file) => show(file?.speed[t]))),
      ...formats.map((format) => {
        const [before, after] = [predicted?.float, predicted?.[format]];
        return show(before && after && before[threads[0]!]! / after[threads[0]!]!);
      }),
      ...each((file) => show(file?.sqnrDb, 1)),
      ...[kilobytes(float), ...each(kilobytes)],
    ]);
    return model;
  });

  console.log();
  for (const line of summary(all, threads)) console.log(flags.markdown ? `- ${line}` : line);
  for (const { name, peers, ours } of all)
    for (const [file, figures] of Object.entries({ ...peers, ...ours }))
      if ("error" in figures)
        console.log(`${flags.markdown ? "- " : ""}${name}, ${file}: ${figures.error}`);
  if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(all, null, 1)}\n`);
}
