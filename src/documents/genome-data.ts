import { describeValue } from "../check/describe-value.js";
import { InvalidDocumentError } from "../errors.js";
import { geneValueList, geneValuesOf } from "../genome/gene-values.js";
import { LayerQuantConfig } from "../genome/layer-quant-config.js";
import { type GenomeMetrics, QuantizationGenome } from "../genome/quantization-genome.js";
import type { GenomeData, LayerData } from "./document-schema.js";

/**
 * What calibration found for one layer: scales are positive, zero points integers, one of each per
 * tensor, channel or block.
 */
export interface LayerCalibration {
  /** Weight parameters, row-major over the scale's shape, see QuantizationParams. */
  readonly weight?:
    | { readonly scale: ArrayLike<number>; readonly zeroPoint: ArrayLike<number> }
    | undefined;
  /** Per-tensor parameters of the activation that comes in. */
  readonly activation?: { readonly scale: number; readonly zeroPoint: number } | undefined;
}

/** Plain data of a genome. Layers are a list, so their order and any name survive. */
export function genomeToData(
  genome: QuantizationGenome,
  calibrated?: ReadonlyMap<string, LayerCalibration>,
): GenomeData {
  const genes = geneValueList(genome.geneValues);
  return {
    globalScheme: genome.globalScheme,
    calibrationMethod: genome.calibrationMethod,
    ...(genome.metrics && { metrics: metricsToData(genome.metrics) }),
    layers: [...genome.layerConfigs].map(([name, config]): LayerData => {
      const count = genome.parameterCounts?.get(name);
      const found = calibrated?.get(name);
      return {
        name,
        ...(count !== undefined && { parameterCount: count }),
        ...config.toDict(),
        ...(found?.weight && {
          weight: {
            scale: Array.from(found.weight.scale),
            zeroPoint: Array.from(found.weight.zeroPoint),
          },
        }),
        ...(found?.activation && {
          activation: { scale: found.activation.scale, zeroPoint: found.activation.zeroPoint },
        }),
      };
    }),
    ...(genes.length > 0 && {
      genes: genes.map(([gene, owner, value]) => ({ gene, owner, value })),
    }),
  };
}

function metricsToData(metrics: GenomeMetrics): NonNullable<GenomeData["metrics"]> {
  return {
    accuracy: metrics.accuracy,
    accuracyKind: metrics.accuracyKind,
    accuracyMetric: metrics.accuracyMetric,
    accuracyMetricValue: metrics.accuracyMetricValue,
    ...(metrics.accuracySamples !== undefined && { accuracySamples: metrics.accuracySamples }),
    ...(metrics.accuracyStandardError !== undefined && {
      accuracyStandardError: metrics.accuracyStandardError,
    }),
    ...(metrics.accuracyInterval && {
      accuracyInterval: [metrics.accuracyInterval[0], metrics.accuracyInterval[1]] as [
        number,
        number,
      ],
    }),
    compressionRatio: metrics.compressionRatio,
    sizeBytes: metrics.sizeBytes,
    storedBytes: metrics.storedBytes,
    ...(metrics.fileBytes !== undefined && { fileBytes: metrics.fileBytes }),
    inferenceLatencyMs: metrics.inferenceLatencyMs,
    memoryFootprintMb: metrics.memoryFootprintMb,
    energyPerInferenceMj: metrics.energyPerInferenceMj,
    ...(metrics.latencyRelativeError !== undefined && {
      latencyRelativeError: metrics.latencyRelativeError,
    }),
    ...(metrics.energyRelativeError !== undefined && {
      energyRelativeError: metrics.energyRelativeError,
    }),
    costKind: metrics.costKind,
    fitnessScore: metrics.fitnessScore,
    violations: Object.entries(metrics.violations).map(([limit, excess]) => ({ limit, excess })),
  };
}

/**
 * The genome and calibration that plain data stands for.
 * @param path where the data lies in its document, with a dot at the end, or empty
 * @throws InvalidDocumentError when two layers have one name
 */
export function genomeFromData(
  data: GenomeData,
  path = "",
): { genome: QuantizationGenome; calibrated: ReadonlyMap<string, LayerCalibration> } {
  const layerConfigs = new Map<string, LayerQuantConfig>();
  const parameterCounts = new Map<string, number>();
  const calibrated = new Map<string, LayerCalibration>();
  for (const [i, layer] of data.layers.entries()) {
    const { name, parameterCount, weight, activation, ...settings } = layer;
    if (layerConfigs.has(name))
      throw new InvalidDocumentError(
        `${path}layers.${i}.name`,
        `${path}layers.${i}.name is ${describeValue(name)}, which an earlier layer has; ` +
          "allowed: a name of its own",
      );
    layerConfigs.set(name, new LayerQuantConfig(settings));
    if (parameterCount !== undefined) parameterCounts.set(name, parameterCount);
    if (weight || activation)
      calibrated.set(name, { ...(weight && { weight }), ...(activation && { activation }) });
  }
  const { violations, ...metrics } = data.metrics ?? { violations: undefined };
  const genome = new QuantizationGenome({
    layerConfigs,
    globalScheme: data.globalScheme,
    calibrationMethod: data.calibrationMethod,
    ...(parameterCounts.size > 0 && { parameterCounts }),
    ...(data.genes && {
      geneValues: geneValuesOf(
        data.genes.map(({ gene, owner, value }) => [gene, owner, value] as const),
      ),
    }),
    ...(violations && {
      metrics: {
        ...(metrics as Omit<GenomeMetrics, "violations">),
        violations: Object.fromEntries(violations.map(({ limit, excess }) => [limit, excess])),
      },
    }),
  });
  return { genome, calibrated };
}
