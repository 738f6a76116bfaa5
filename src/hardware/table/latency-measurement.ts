import { z } from "zod";
import { listOf } from "../../check/list-of.js";
import { readJson } from "../../check/read-json.js";
import { InvalidDocumentError } from "../../errors.js";
import { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import { QuantizationGenome } from "../../genome/quantization-genome.js";
import { checkLayers } from "../../model/check-layers.js";
import { LayerKind, type LayerSpec, type ModelSpec } from "../../model/layer-spec.js";

/** One measured latency of a whole model or of a single layer. */
export interface LatencyMeasurement {
  /** Name in reports. */
  readonly name: string;
  /** The model that ran. A single layer is a model of one layer. */
  readonly model: ModelSpec;
  readonly genome: QuantizationGenome;
  /** Milliseconds of one inference at batch 1, above 0. */
  readonly latencyMs: number;
  /**
   * Interquartile range of the runs in milliseconds. Noisy measurements weigh less. Default:
   * unknown.
   */
  readonly spreadMs?: number | undefined;
  /**
   * `layer`: measured within a run, without the cost that occurs once per graph. Default `model`.
   */
  readonly scope?: "model" | "layer" | undefined;
  /**
   * Cross-validation leaves out the measurements of one group together, such as all of one model.
   * Default: each is its own group.
   */
  readonly group?: string | undefined;
}

const count = z.number().min(0).max(1e18);
const shape = z.array(z.int().min(0).max(1e12)).max(16);
const layerSchema = z.strictObject({
  name: z.string().min(1).max(1000),
  kind: z.enum(LayerKind),
  parameterCount: count,
  macs: count,
  inputShape: shape,
  outputShape: shape,
  inputs: listOf(z.string().max(1000), { max: 10_000 }).optional(),
  followedBy: listOf(z.string().max(100), { max: 100 }).optional(),
});
/** Settings as {@link LayerQuantConfig.toDict} writes them. The class checks them. */
const settings = z.record(z.string(), z.unknown());

const tableSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** The device that was measured, and how. */
  device: z.string().trim().min(1).max(500),
  runtime: z.string().trim().min(1).max(500),
  models: listOf(
    z.strictObject({
      name: z.string().min(1).max(200),
      layers: listOf(layerSchema, { min: 1, max: 100_000 }),
      floatParameterCount: z.int().min(0).optional(),
    }),
    { min: 1, max: 10_000 },
  ),
  measurements: listOf(
    z.strictObject({
      name: z.string().min(1).max(200).optional(),
      /** Name of an entry of `models`. */
      model: z.string(),
      /** The layer that was measured; absent for the whole model. */
      layer: z.string().optional(),
      /** Settings of every layer that `layers` does not name. */
      settings: settings.optional(),
      // Not z.record, which loses a layer named __proto__.
      layers: z
        .custom<Readonly<Record<string, unknown>>>(
          (value) => typeof value === "object" && value !== null && !Array.isArray(value),
          "is no object of settings by layer name",
        )
        .optional(),
      latencyMs: z.number().positive().max(1e9),
      spreadMs: z.number().min(0).max(1e9).optional(),
      group: z.string().max(200).optional(),
    }),
    { min: 1, max: 1_000_000 },
  ),
});

/**
 * Settings of layers that a table stands for, over all measurements. A short text can ask for
 * thousands of layers in each of thousands of rows.
 */
const MOST_CONFIGS = 500_000;

/** Measured latencies of one device and runtime. */
export interface MeasurementTable {
  readonly device: string;
  readonly runtime: string;
  readonly measurements: readonly LatencyMeasurement[];
}

/**
 * Reads a table of measurements from data or JSON text. docs/latency-tables.md has the format.
 * @throws InvalidDocumentError whose path is the field at fault
 */
export function parseMeasurementTable(data: unknown): MeasurementTable {
  const parsed = tableSchema.safeParse(typeof data === "string" ? readJson(data) : data);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const path = (issue?.path ?? []).map(String).join(".");
    throw fail(path, issue?.message ?? "is not valid");
  }
  const { device, runtime } = parsed.data;
  const models = new Map<string, ModelSpec>();
  parsed.data.models.forEach(({ name, layers, floatParameterCount }, index) => {
    if (models.has(name))
      throw fail(`models.${index}.name`, `the name ${JSON.stringify(name)} is taken`);
    const specs = layers.map(toLayer);
    attempt(`models.${index}`, () => checkLayers(specs));
    models.set(name, {
      name,
      source: "user",
      layers: specs,
      floatParameterCount: floatParameterCount ?? 0,
    });
  });
  const layerNames = new Map(
    [...models].map(([name, { layers }]) => [name, new Set(layers.map((layer) => layer.name))]),
  );
  const singles = new Map<string, ModelSpec>();
  let configCount = 0;
  const measurements = parsed.data.measurements.map((row, index): LatencyMeasurement => {
    const path = `measurements.${index}`;
    const whole = models.get(row.model);
    if (whole === undefined)
      throw fail(`${path}.model`, `there is no model ${JSON.stringify(row.model)}`);
    const model = row.layer === undefined ? whole : singleLayer(whole, row.layer, path, singles);
    const named = new Map(Object.entries(row.layers ?? {}));
    configCount += model.layers.length;
    if (configCount > MOST_CONFIGS)
      throw fail(path, `the measurements have more layers in all than allowed: ${MOST_CONFIGS}`);
    const known = layerNames.get(row.model)!;
    for (const name of named.keys())
      if (!known.has(name)) throw fail(`${path}.layers.${name}`, `the model has no such layer`);
    const configs = model.layers.map(({ name }): [string, LayerQuantConfig] => {
      const fields = named.get(name) ?? row.settings;
      if (fields === undefined)
        throw fail(
          `${path}.settings`,
          `is missing, and layers has none for ${JSON.stringify(name)}`,
        );
      const at = named.has(name) ? `${path}.layers.${name}` : `${path}.settings`;
      return [name, attempt(at, () => LayerQuantConfig.fromDict(fields))];
    });
    return {
      name: row.name ?? `${row.model}${row.layer === undefined ? "" : `/${row.layer}`} #${index}`,
      model,
      genome: new QuantizationGenome({ layerConfigs: new Map(configs) }),
      latencyMs: row.latencyMs,
      spreadMs: row.spreadMs,
      scope: row.layer === undefined ? "model" : "layer",
      group: row.group,
    };
  });
  return { device, runtime, measurements };
}

function toLayer({ inputs, followedBy, ...rest }: z.infer<typeof layerSchema>): LayerSpec {
  return {
    ...rest,
    ...(inputs !== undefined && { inputs }),
    ...(followedBy !== undefined && { followedBy }),
  };
}

function singleLayer(
  model: ModelSpec,
  name: string,
  path: string,
  known: Map<string, ModelSpec>,
): ModelSpec {
  const key = JSON.stringify([model.name, name]);
  const found = known.get(key);
  if (found !== undefined) return found;
  const layer = model.layers.find((one) => one.name === name);
  if (layer === undefined)
    throw fail(`${path}.layer`, `the model has no layer ${JSON.stringify(name)}`);
  const single: ModelSpec = {
    name: `${model.name}/${name}`,
    source: "user",
    layers: [{ ...layer, inputs: [] }],
  };
  known.set(key, single);
  return single;
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw fail(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function fail(path: string, message: string, cause?: unknown): InvalidDocumentError {
  return new InvalidDocumentError(
    path,
    `measurement table: ${path || "the document"}: ${message}`,
    {
      cause,
    },
  );
}
