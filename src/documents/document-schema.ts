import { z } from "zod";
import { listOf } from "../check/list-of.js";
import { settingSchema, valueSchema } from "../genes/layer-setting.js";
import {
  LAYER_SETTINGS,
  type LayerQuantConfigFields,
  SETTING_NAMES,
  type SettingName,
  settingOf,
} from "../genes/precision.js";
import { intervalRule, metricFields } from "../genome/metric-fields.js";
import { QuantizationScheme } from "../quantization/scheme.js";

/** Version of the documents that this library writes, and the only one that it reads. */
export const SCHEMA_VERSION = 1;

const zeroPoint = z.int().min(-32_768).max(65_535);

const parametersSchema = z
  .strictObject({
    scale: listOf(z.number().gt(0), { min: 1 }),
    zeroPoint: listOf(zeroPoint, { min: 1 }),
  })
  .refine((tensor) => tensor.scale.length === tensor.zeroPoint.length, {
    error: "as many zero points as scales",
    path: ["zeroPoint"],
  });

/** Settings that a document writes of every layer. */
type RequiredSetting = {
  [K in SettingName]: undefined extends LayerQuantConfigFields[K] ? never : K;
}[SettingName];

const layerSchema = z.strictObject({
  name: z.string().min(1),
  parameterCount: z.number().min(0).optional(),
  ...(Object.fromEntries(SETTING_NAMES.map((name) => [name, settingSchema(settingOf(name))])) as {
    [K in RequiredSetting]: z.ZodType<LayerQuantConfigFields[K]>;
  } & {
    [K in Exclude<SettingName, RequiredSetting>]: z.ZodOptional<
      z.ZodType<NonNullable<LayerQuantConfigFields[K]>>
    >;
  }),
  weight: parametersSchema.optional(),
  activation: z.strictObject({ scale: z.number().gt(0), zeroPoint }).optional(),
});

/** The value of a gene that is no setting of a layer. */
const geneSchema = z.strictObject({
  gene: z.string().min(1),
  owner: z.string(),
  value: z.union([z.string(), z.number(), z.boolean()]),
});

const metricsSchema = z
  .strictObject({
    ...metricFields,
    violations: listOf(z.strictObject({ limit: z.string(), excess: z.number() })),
  })
  .refine(...intervalRule);

const generatorSchema = z.strictObject({ name: z.string(), version: z.string() });

const genomeFields = {
  globalScheme: z.enum(QuantizationScheme),
  calibrationMethod: valueSchema(LAYER_SETTINGS.calibrationMethod),
  metrics: metricsSchema.optional(),
  layers: listOf(layerSchema, { min: 1 }),
  genes: listOf(geneSchema).optional(),
};

/** Document of one genome. */
export const quantizationDocumentSchema = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  kind: z.literal("quantization-config"),
  generator: generatorSchema.optional(),
  target: z.string().min(1).optional(),
  model: z.string().optional(),
  ...genomeFields,
  notes: listOf(z.string()).optional(),
});

/** Document of a whole archive. */
export const archiveDocumentSchema = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  kind: z.literal("quantization-archive"),
  generator: generatorSchema.optional(),
  target: z.string().min(1).optional(),
  evaluatorIdentity: z.string().optional(),
  seed: z.union([z.string(), z.number()]).optional(),
  notes: listOf(z.string()).optional(),
  genomes: listOf(z.strictObject(genomeFields)),
});

/** Plain data of a {@link quantizationDocumentSchema}. */
export type QuantizationDocumentData = z.infer<typeof quantizationDocumentSchema>;
/** Plain data of an {@link archiveDocumentSchema}. */
export type ArchiveDocumentData = z.infer<typeof archiveDocumentSchema>;
/** Plain data of one genome within either. */
export type GenomeData = ArchiveDocumentData["genomes"][number];
/** Plain data of one layer within a genome. */
export type LayerData = GenomeData["layers"][number];
