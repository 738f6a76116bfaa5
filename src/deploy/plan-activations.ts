import { InvalidArgumentError } from "../errors.js";
import { configOf } from "../evaluation/genome-size.js";
import { REGION_FORMAT } from "../genes/region-format.js";
import type { LayerQuantConfig } from "../genome/layer-quant-config.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import type { ModelSpec } from "../model/layer-spec.js";
import { codeRange } from "../quantization/index.js";
import {
  type ActivationFormat,
  type ActivationFormats,
  formatKey,
  unionFormat,
} from "./activation-formats.js";
import type { PlannedActivation, PlannedFloat, PlannedReader } from "./deployment-plan.js";
import { type CodedValue, type IntegerPlacement, integerPlacement } from "./integer-operators.js";
import type { PlacedActivation, PlacedClamp, PlacedOperator, Placement } from "./placement.js";

/** The activations of a plan, and what computes on their codes. */
export interface PlannedActivations {
  readonly entries: readonly (PlannedActivation | PlannedFloat)[];
  readonly integer: ReadonlySet<PlacedOperator>;
}

/** Looks up the settings of a layer in a genome. */
interface Settings {
  config(layer: string): LayerQuantConfig;
  format(range: string, layer: string): ActivationFormat;
  key(range: string, layer: string): string;
}

/** True when the genome quantizes some activation, so that ranges are needed. */
export function needsRanges({ activations }: Placement, genome: QuantizationGenome): boolean {
  return activations.some(({ layer }) => genome.layerConfigs.get(layer)?.activationBits !== 32);
}

/**
 * The formats of all activations. First those that integer kernels work on, from operator to
 * operator, where the placement has operators; a layer whose operator then has no integer kernel
 * for its settings takes its 8-bit activation in float. Then those of 4 and 16 bits, and all of a
 * placement without operators, for each layer that reads them.
 * @throws InvalidArgumentError when `ranges` is missing and needed
 */
export function planActivations(
  { layers }: Pick<ModelSpec, "layers">,
  placement: Placement,
  genome: QuantizationGenome,
  ranges: ActivationFormats | undefined,
): PlannedActivations {
  if (ranges === undefined && needsRanges(placement, genome))
    throw new InvalidArgumentError(
      "calibration",
      "calibration is missing, and the genome quantizes activations; allowed: " +
        "calibration batches, activationRanges, or activationBits 32 everywhere",
    );
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const config = (layer: string) => configOf(genome, byName.get(layer)!);
  const settings: Settings = {
    config,
    format: (range, layer) =>
      ranges!.format(range, config(layer), genome.calibrationMethodOf(layer)),
    key: (range, layer) => formatKey(range, config(layer), genome.calibrationMethodOf(layer)),
  };
  const found = genomePlacement({ layers }, placement, genome, (value) => {
    return ranges?.covers?.(value) ?? true;
  });
  const coded = planCoded(placement, found, settings);
  const { entries, floats } = planReaders(placement, found, settings);
  return { entries: [...coded, ...entries, ...floats], integer: found.operators };
}

/**
 * The operators that compute on codes when a model runs as a genome says.
 * @param covers whether the range of a value is known; default: all are
 */
export function genomePlacement(
  { layers }: Pick<ModelSpec, "layers">,
  placement: Placement,
  genome: QuantizationGenome,
  covers: (value: string) => boolean = () => true,
): IntegerPlacement {
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const config = (layer: string) => configOf(genome, byName.get(layer)!);
  const formats = genome.geneValues.get(REGION_FORMAT);
  return integerPlacement(placement, {
    fits: (layer) => fitsIntegerKernel(config(layer)),
    eight: (layer) => byName.has(layer) && config(layer).activationBits === 8,
    regionFormat: (region) => (formats?.get(region) ?? "auto") as "auto" | "float" | "integer",
    covers,
  });
}

/**
 * Integer kernels multiply 8-bit codes, which weights of fewer bits are expanded to; they take one
 * scale for each channel.
 */
function fitsIntegerKernel({ activationBits, weightBits, granularity }: LayerQuantConfig): boolean {
  return activationBits === 8 && weightBits <= 8 && granularity !== "per-group";
}

/** The values that integer kernels work on, and those before clamps that rounding does not do. */
function planCoded(
  { operators = [] }: Placement,
  { values }: IntegerPlacement,
  settings: Settings,
): PlannedActivation[] {
  const layerOf = new Map(operators.map(({ operator, layers }) => [operator, layers[0]]));
  const groups = new Map<string, ActivationFormat>();
  const formatOf = (coded: CodedValue): ActivationFormat => {
    const { value, ranges, layer, maker } = coded;
    const key = groupKey(coded);
    let format = groups.get(key);
    if (format === undefined) {
      format = unionFormat(ranges.map((range) => settings.format(range, layer)));
      const fixed = ranges.length === 1 && ranges[0] === value ? maker?.kernel.range : undefined;
      if (fixed !== undefined) format = formatBetween(format, fixed);
      groups.set(key, format);
    }
    return format;
  };
  const clampOf = ({ value, maker }: CodedValue) =>
    maker?.makes[0] === value ? maker.clamp : undefined;
  // A scale that a clamp makes smaller is the scale of all values of its group.
  for (const coded of values) {
    const clamp = clampOf(coded);
    const fitted = clamp && clampedFormat(formatOf(coded), clamp);
    if (fitted !== undefined) groups.set(groupKey(coded), fitted);
  }
  const planned = new Map<string, PlannedActivation & { readonly readers: PlannedReader[] }>();
  for (const coded of values) {
    const { value, layer, ranges, everywhere } = coded;
    const readers = coded.readers.map((reader): PlannedReader => {
      return { ...reader, layer: layerOf.get(reader.operator) ?? layer };
    });
    const clamp = clampOf(coded);
    const format = formatOf(coded);
    if (clamp !== undefined && clampedFormat(format, clamp) === undefined)
      planned.set(clamp.raw, {
        ...activationOf(clamp.raw, settings.format(clamp.raw, layer), [], true),
        readers: [],
      });
    const key = everywhere
      ? value
      : JSON.stringify([value, ...ranges.map((range) => settings.key(range, layer))]);
    const known = planned.get(key);
    if (known === undefined)
      planned.set(key, { ...activationOf(value, format, [], everywhere), readers });
    else known.readers.push(...readers);
  }
  return [...planned.values()];
}

/** Tells the formats of range groups apart. */
function groupKey({ layer, ranges }: CodedValue): string {
  return JSON.stringify([layer, ranges]);
}

/** The format with codes from one bound to the other; symmetric ones stay. */
function formatBetween(
  format: ActivationFormat,
  [low, high]: readonly [number, number],
): ActivationFormat {
  const { params } = format;
  if (params.scheme !== "asymmetric") return format;
  const { qMin, qMax } = codeRange(params);
  const scale = Math.fround((high - low) / (qMax - qMin));
  const zeroPoint = Int32Array.of(Math.round(qMin - low / scale));
  return { ...format, params: { ...params, scale: Float32Array.of(scale), zeroPoint } };
}

/** Scales that differ by rounding alone. */
const ALIKE = 1 + 2 ** -20;

/**
 * The format when rounding to it clamps as much as the clamp does, its scale made smaller by a
 * rounding error where that helps; else undefined.
 */
function clampedFormat(
  format: ActivationFormat,
  { low, high }: PlacedClamp,
): ActivationFormat | undefined {
  const { params } = format;
  const { qMin, qMax } = codeRange(params);
  const zeroPoint = params.zeroPoint[0]!;
  let scale = params.scale[0]!;
  const least = (qMin - zeroPoint) * scale;
  if (Number.isFinite(low) && (least < low || (low === 0 && least !== 0))) return undefined;
  const steps = qMax - zeroPoint;
  if (steps * scale <= high) return format;
  if (steps * scale > high * ALIKE) return undefined;
  while (Math.fround(Math.fround(steps) * scale) > high || steps * scale > high)
    scale = Math.fround(scale * (1 - 2 ** -23));
  return { ...format, params: { ...params, scale: Float32Array.of(scale) } };
}

function activationOf(
  tensor: string,
  { params, storage, floatType, float16Scale }: ActivationFormat,
  readers: readonly PlannedReader[],
  everywhere: boolean,
): PlannedActivation {
  return {
    tensor,
    role: "activation",
    format: "integer",
    parameters: params,
    storage: { bits: storage.bits, signed: storage.signed, floatType, float16Scale },
    readers,
    ...(everywhere && { everywhere: true }),
  };
}

/** What each layer reads in a format of its own. */
function planReaders(
  { activations, operators = [] }: Placement,
  { values }: IntegerPlacement,
  settings: Settings,
): { readonly entries: readonly PlannedActivation[]; readonly floats: readonly PlannedFloat[] } {
  const kernels = new Map(operators.map((one) => [one.operator, one]));
  const coded = new Map(values.map((one) => [one.value, one]));
  const floats: PlannedFloat[] = [];
  const planned = new Map<string, PlannedActivation & { readonly readers: PlannedReader[] }>();
  for (const placed of activations) {
    const { tensor, layer, range } = placed;
    const { activationBits } = settings.config(layer);
    if (activationBits === 32) {
      floats.push(floatOf(tensor, layer, "the genome leaves it in float"));
      continue;
    }
    const isKnown = placed.readers.every(({ operator }) => kernels.has(operator));
    if (isKnown && activationBits === 8) {
      const entry = coded.get(tensor);
      const { operator } = placed.readers[0]!;
      if (entry === undefined || !(entry.everywhere || reads(entry, operator)))
        floats.push(floatOf(tensor, layer, "its operator has no integer kernel that pays"));
      continue;
    }
    const key = `${settings.key(range, layer)} ${tensor}`;
    const known = planned.get(key);
    if (known !== undefined) {
      known.readers.push(...readersOf(placed));
      continue;
    }
    const format = settings.format(range, layer);
    planned.set(key, {
      ...activationOf(tensor, format, [], false),
      readers: readersOf(placed),
    });
  }
  return { entries: [...planned.values()], floats };
}

function reads({ readers }: CodedValue, operator: string): boolean {
  return readers.some((reader) => reader.operator === operator);
}

function readersOf({ layer, readers }: PlacedActivation): PlannedReader[] {
  return readers.map((reader) => ({ ...reader, layer }));
}

function floatOf(tensor: string, layer: string, reason: string): PlannedFloat {
  const storage = { floatType: undefined };
  return { tensor, role: "activation", layer, format: "float", storage, reason };
}
