import { readCheckpoint } from "../../src/engine/checkpoint/checkpoint-lines.js";
import { QuantevoError } from "../../src/errors.js";
import {
  archiveToString,
  exportToString,
  parseArchive,
  parseQuantizationConfig,
} from "../../src/export.js";
import { visitTensors } from "../../src/formats/onnx/external/visit-tensors.js";
import { loadOnnxModel, type OnnxModel, quantizeOnnx } from "../../src/formats/onnx/index.js";
import { decodeModel } from "../../src/formats/onnx/wire/decode-model.js";
import { loadHardwareProfile } from "../../src/hardware/profile/load-hardware-profile.js";
import { hardwareProfiles } from "../../src/hardware/registry.js";
import { parseMeasurementTable } from "../../src/hardware/table/latency-measurement.js";
import { parseLatencyTable } from "../../src/hardware/table/latency-table.js";
import { QuantizationEvolutionEngine, type QuantizationGenome } from "../../src/index.js";
import { fingerprint } from "../../src/numeric/fingerprint.js";
import { Random } from "../../src/random/random.js";
import { memoryStore } from "../engine/checkpoint/stores.js";
import { SMALL_RUN, TINY_LAYERS } from "../engine/fakes.js";
import { bytesOf } from "../formats/onnx/graph-builder.js";
import { uniform } from "../formats/onnx/run-model.js";
import { SMALL_MODELS } from "../formats/onnx/small-models.js";
import { mutateBytes } from "./mutate-bytes.js";
import { mutateStructure } from "./mutate-structure.js";
import { mutateData, mutateText } from "./mutate-text.js";

/** Something that reads what comes from anywhere. */
export interface FuzzTarget {
  readonly name: string;
  /** Mutants of the long run. */
  readonly count: number;
  /**
   * Makes a mutant and reads it.
   * @returns whether it was accepted
   * @throws for any fault: an error that is not typed, or a result that cannot be
   */
  attempt(random: Random): Promise<"accepted" | "refused">;
}

/** Whether an action gives a value or a typed error; all else is thrown. */
async function typed<T>(action: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof QuantevoError)) throw error;
    if (error.message === "" || /\p{Cc}/u.test(error.message))
      throw new Error(`a message is empty or has control characters: ${error.code}`);
    return undefined;
  }
}

const models = Object.values(SMALL_MODELS).map((make) => make().proto);
const files = models.map(bytesOf);

/** Loads a mutant, checks what was found, and writes it quantized. */
async function readModel(bytes: Uint8Array): Promise<"accepted" | "refused"> {
  const options = bytes.length % 2 === 0 ? { readExternal: () => new Uint8Array(8192) } : {};
  const loaded = await typed(() => loadOnnxModel(bytes, options));
  if (loaded === undefined) return "refused";
  checkModel(loaded);
  const genome = uniform(loaded, { weightBits: 4, activationBits: 32 });
  const written = await typed(() => quantizeOnnx(loaded, genome, { threads: 0 }));
  if (written === undefined) return "accepted";
  visitTensors(decodeModel(written), ({ externalData }, name) => {
    if (externalData.length > 0) throw new Error(`the written file has ${name} elsewhere`);
  });
  return "accepted";
}

function checkModel({ layers, notes = [] }: OnnxModel): void {
  const odd = notes.find((note) => /\p{Cc}/u.test(note));
  if (odd !== undefined) throw new Error(`a note has control characters: ${odd}`);
  if (layers.length === 0) throw new Error("a model without layers was accepted");
  for (const { name, macs, weights, inputShape, outputShape, parameterCount } of layers) {
    const counts = [macs, parameterCount, ...inputShape, ...outputShape];
    if (!counts.every((count) => Number.isSafeInteger(count) && count >= 0))
      throw new Error(`layer ${name} has ${counts.join(", ")}`);
    if (weights?.length !== parameterCount) throw new Error(`layer ${name} has other weights`);
  }
}

let result: Promise<{ front: readonly QuantizationGenome[]; checkpoint: string }> | undefined;

/** A small run, whose documents are mutated. */
function smallRun() {
  const run = async () => {
    const store = memoryStore();
    const engine = new QuantizationEvolutionEngine({ ...SMALL_RUN, maxGenerations: 1 });
    const { paretoFront: front } = await engine.runEvolution(TINY_LAYERS, {
      checkpoint: { store },
    });
    return { front, checkpoint: store.text! };
  };
  result ??= run();
  return result;
}

const latencyTable = {
  schemaVersion: 1,
  target: "bitfusion",
  device: "BitFusion",
  source: "a simulator of the authors",
  averagePowerW: 2,
  entries: TINY_LAYERS.flatMap(({ name, kind, inputShape, outputShape, parameterCount }, i) => [
    { layer: name, weightBits: 8, activationBits: 8, latencyMs: i + 1 },
    {
      shape: { kind, inputShape, outputShape, parameterCount: parameterCount + i },
      weightBits: 4,
      activationBits: 8,
      latencyMs: 0.5,
      energyMj: 2,
    },
  ]),
};
const measurements = {
  schemaVersion: 1,
  device: "a board",
  runtime: "a runtime 1.0",
  models: [{ name: "net", layers: TINY_LAYERS, floatParameterCount: 64 }],
  measurements: [
    { model: "net", settings: { weightBits: 8 }, latencyMs: 1.5, spreadMs: 0.1, group: "g" },
    { model: "net", settings: {}, layers: { ffn: { weightBits: 4 } }, latencyMs: 1 },
    { model: "net", layer: "ffn", settings: {}, latencyMs: 0.4, name: "one" },
  ],
};

/** Reads mutants of JSON text: half of them of the data, half of the text. */
function json(
  name: string,
  original: () => unknown | Promise<unknown>,
  read: (text: string) => unknown,
): FuzzTarget {
  return {
    name,
    count: 10_000,
    attempt: async (random) => {
      const data = await original();
      const text = random.chance(0.5)
        ? (JSON.stringify(mutateData(data, random)) ?? "")
        : mutateText(JSON.stringify(data), random);
      return (await typed(() => read(text) ?? true)) === undefined ? "refused" : "accepted";
    },
  };
}

/** A checkpoint's line with a checksum that fits, so that what is behind it is tried. */
function sealed(line: string, random: Random): string {
  const bare = line.replace(/^\{"sum":"[0-9a-f]{16}",/, "{");
  const mutant = random.chance(0.5)
    ? JSON.stringify(mutateData(JSON.parse(bare), random))
    : mutateText(bare, random).replaceAll("\n", " ");
  return `{"sum":"${fingerprint(`{${mutant.slice(1)}`)}",${mutant.slice(1)}`;
}

/** Everything that is read from outside. */
export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  {
    name: "bytes of models",
    count: 20_000,
    attempt: (random) => readModel(mutateBytes(random.pick(files), random)),
  },
  {
    name: "structure of models",
    count: 20_000,
    attempt: (random) => readModel(bytesOf(mutateStructure(random.pick(models), random))),
  },
  json(
    "configurations in JSON",
    async () => JSON.parse(exportToString((await smallRun()).front[0]!, "json")),
    (text) => parseQuantizationConfig(text, "json"),
  ),
  {
    name: "configurations in YAML",
    count: 10_000,
    attempt: async (random) => {
      const text = mutateText(exportToString((await smallRun()).front[0]!, "yaml"), random);
      const found = await typed(() => parseQuantizationConfig(text, "yaml"));
      return found === undefined ? "refused" : "accepted";
    },
  },
  json(
    "archives",
    async () => JSON.parse(archiveToString((await smallRun()).front.slice(0, 3))),
    parseArchive,
  ),
  {
    name: "checkpoints",
    count: 10_000,
    attempt: async (random) => {
      const { checkpoint } = await smallRun();
      const lines = checkpoint.split("\n");
      const at = random.integer(lines.length - 1);
      if (random.chance(0.7)) lines[at] = sealed(lines[at]!, random);
      const text = random.chance(0.7) ? lines.join("\n") : mutateText(checkpoint, random);
      return (await typed(() => readCheckpoint(text))) === undefined ? "refused" : "accepted";
    },
  },
  json("latency tables", () => latencyTable, parseLatencyTable),
  json("measurement tables", () => measurements, parseMeasurementTable),
  json(
    "hardware profiles",
    () => hardwareProfiles[0],
    (text) => loadHardwareProfile(text),
  ),
];

/** The mutant of a number, the same each time. */
export function randomOf(target: FuzzTarget, seed: string, number: number): Random {
  return new Random(`fuzz ${seed} ${target.name} ${number}`);
}
