import { z } from "zod";
import { listOf } from "../../check/list-of.js";
import { readJson } from "../../check/read-json.js";
import { InvalidArgumentError, InvalidDocumentError } from "../../errors.js";
import { LayerKind } from "../../model/layer-spec.js";

const extents = z.array(z.int().min(0).max(1e12)).max(16);

const entrySchema = z.strictObject({
  /** Name of the layer. An entry has either `layer` or `shape`. */
  layer: z.string().min(1).max(1000).optional(),
  /** Shape of the layers that the entry holds for. */
  shape: z
    .strictObject({
      kind: z.enum(LayerKind),
      inputShape: extents,
      outputShape: extents,
      parameterCount: z.int().min(0).max(1e15),
    })
    .optional(),
  /** Measured widths. They may include widths that no layer can have, for interpolation. */
  weightBits: z.number().min(1).max(64),
  activationBits: z.number().min(1).max(64),
  latencyMs: z.number().positive().max(1e9),
  energyMj: z.number().positive().max(1e12).optional(),
});

const latencyTableSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    /** A built-in target, or a custom name. */
    target: z.string().trim().min(1).max(100),
    device: z.string().trim().min(1).max(500),
    /** Who measured or simulated it, and how. */
    source: z.string().trim().min(8).max(1000),
    /** Samples of a run, which the latencies and energies are divided by. */
    batch: z.int().min(1).max(65_536).default(1),
    /** Latency of a graph besides its layers. */
    overheadPerGraphMs: z.number().min(0).max(1e6).default(0),
    /** Average power. Entries without an energy get this times their latency. */
    averagePowerW: z.number().positive().max(1e5).optional(),
    entries: listOf(entrySchema, { min: 1, max: 1_000_000 }),
  })
  .superRefine(({ entries, averagePowerW }, context) => {
    const seen = new Set<string>();
    entries.forEach(({ layer, shape, weightBits, activationBits, energyMj }, index) => {
      const fail = (path: (string | number)[], message: string) =>
        context.addIssue({ code: "custom", path: ["entries", index, ...path], message });
      if ((layer === undefined) === (shape === undefined))
        fail([], "has layer or shape, one of the two");
      if (energyMj === undefined && averagePowerW === undefined)
        fail(["energyMj"], "is missing, and the table has no averagePowerW");
      const key = JSON.stringify([layer, shape, weightBits, activationBits]);
      if (seen.has(key)) fail([], "says again what an entry before it says");
      seen.add(key);
    });
  });

/** Measured costs of layers, by name or shape, and by bits of weights and activations. */
export type LatencyTable = z.infer<typeof latencyTableSchema>;
/** A row of a {@link LatencyTable}. */
export type LatencyTableEntry = LatencyTable["entries"][number];

/**
 * Reads a latency table from data or JSON text. docs/latency-tables.md has the format.
 * @throws InvalidDocumentError whose path is the field at fault
 */
export function parseLatencyTable(data: unknown): LatencyTable {
  const value = typeof data === "string" ? readJson(data) : data;
  const parsed = latencyTableSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = (issue?.path ?? []).map(String).join(".");
  throw new InvalidDocumentError(
    path,
    `latency table: ${path || "the document"}: ${issue?.message ?? "is not valid"}`,
  );
}

/** What a published table does not state. */
export interface LatencyTableOrigin {
  readonly target: string;
  readonly device: string;
  readonly source: string;
  /** Average power in watts, for a table without energies. */
  readonly averagePowerW?: number;
}

/**
 * Converts a latency table of HAQ (Wang et al. 2019, `lib/simulator/lookup_tables/*.npy`). Its axes
 * are the quantizable layers in model order, the weight bits less 1, and the activation bits less
 * 1. The table of MobileNetV2 is 53 x 8 x 8.
 * @param values the array, row-major
 * @param layers names of the layers, in order
 * @param unitMs milliseconds of one unit of the table, which the files do not state
 * @param batch samples of a run, which the file names state (`batch16`); default 16
 * @param widths number of widths of each axis; default 8
 * @throws InvalidArgumentError when the sizes disagree; InvalidDocumentError for values that are no
 *   latencies
 */
export function latencyTableFromHaq(
  values: ArrayLike<number | bigint>,
  layers: readonly string[],
  {
    unitMs,
    batch = 16,
    widths = 8,
    ...origin
  }: LatencyTableOrigin & {
    readonly unitMs: number;
    readonly batch?: number;
    readonly widths?: number;
  },
): LatencyTable {
  if (values.length !== layers.length * widths * widths)
    throw new InvalidArgumentError(
      "values",
      `values has ${values.length} entries; allowed: ${layers.length * widths * widths}, ` +
        `${layers.length} layers by ${widths} by ${widths}`,
    );
  const entries = Array.from(values, (value, index) => ({
    layer: layers[Math.floor(index / (widths * widths))],
    weightBits: (Math.floor(index / widths) % widths) + 1,
    activationBits: (index % widths) + 1,
    latencyMs: Number(value) * unitMs,
  }));
  return parseLatencyTable({ schemaVersion: 1, batch, ...origin, entries });
}

/**
 * A key of APQ: input channels, output channels, size, kernel, stride, padding, groups and bits.
 */
const APQ_KEY = /^\((\d+), (\d+), (\d+), (\d+), (\d+), (\d+), (\d+)\)-W(\d+)A(\d+)$/;

/**
 * Converts a table of APQ (Wang et al. 2020, `lut/BitFusion_new.b1.dict`). An entry such as
 * `"(96, 456, 14, 1, 1, 0, 1)-W4A4": { "energy": 0.107, "latency": 0.0622 }` is in milliseconds and
 * millijoules for one sample. The entries `head` and `tail`, which are not quantized, become the
 * overhead of the graph.
 * @param table the parsed file
 * @throws InvalidDocumentError naming a key that is none, or an entry that is not valid
 */
export function latencyTableFromApq(
  table: Readonly<Record<string, { readonly latency: number; readonly energy: number }>>,
  origin: LatencyTableOrigin,
): LatencyTable {
  let overheadPerGraphMs = 0;
  const entries: object[] = [];
  for (const [key, value] of Object.entries(table)) {
    if (key === "head" || key === "tail") {
      overheadPerGraphMs += value.latency;
      continue;
    }
    const numbers = APQ_KEY.exec(key)?.slice(1).map(Number);
    if (numbers === undefined)
      throw new InvalidDocumentError(
        key,
        `latency table: ${JSON.stringify(key)} is no key of APQ; allowed: "(in, out, size, ` +
          `kernel, stride, padding, groups)-WxAy", head, tail`,
      );
    const [inputs, outputs, size, kernel, stride, padding, groups, weightBits, activationBits] =
      numbers as [number, number, number, number, number, number, number, number, number];
    const extent = Math.floor((size + 2 * padding - kernel) / stride) + 1;
    entries.push({
      shape: {
        kind: groups > 1 && groups === inputs ? "depthwise-conv" : "conv",
        inputShape: [1, inputs, size, size],
        outputShape: [1, outputs, extent, extent],
        parameterCount: ((inputs * outputs) / groups) * kernel * kernel,
      },
      weightBits,
      activationBits,
      latencyMs: value.latency,
      energyMj: value.energy,
    });
  }
  return parseLatencyTable({ schemaVersion: 1, ...origin, overheadPerGraphMs, entries });
}
