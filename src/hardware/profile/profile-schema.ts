import { z } from "zod";
import { ACTIVATION_BITS, WEIGHT_BITS } from "../../genes/bits.js";
import { LayerKind } from "../../model/layer-spec.js";
import { QuantizationGranularity, QuantizationScheme } from "../../quantization/scheme.js";

/**
 * Where a figure comes from, the most reliable first: seen in a source (public), computed from such
 * (derived), fitted to published measurements (calibrated), fitted to the user's by
 * `fitHardwareProfile` (fitted), or estimated.
 */
export const FIGURE_TAGS = ["public", "derived", "calibrated", "fitted", "estimated"] as const;

/** A number with its unit, its source and how reliable it is. */
function figure<Unit extends string>(unit: Unit, least: number, most: number) {
  return z.strictObject({
    value: z.number().min(least).max(most),
    unit: z.literal(unit),
    /** The page, file or reasoning that gives the number. */
    source: z.string().trim().min(8),
    tag: z.enum(FIGURE_TAGS),
  });
}

const computeFormat = z.enum(["int4", "int8", "int16", "float16", "float32"]);
const status = z.enum(["native", "emulated", "refused"]);
/**
 * One sentence for people that says what happens instead. Required for every rule that is not
 * native.
 */
const reason = z.string().trim().min(8);
/** Factor on the work of a multiply-accumulate, for unpacking or corrections. */
const computePenalty = figure("x", 1, 64);

const rate = figure("GMAC/s", 0.01, 1e6);
const macEnergy = figure("pJ/MAC", 1e-3, 1e5);
const bandwidthGBs = figure("GB/s", 0.01, 20_000);
const byteEnergy = figure("pJ/B", 1e-3, 1e5);
const efficiency = figure("x", 1e-3, 4);

/** A layer's kind, with 1 x 1 convolutions as a class of their own. */
const operatorClass = z.enum([...Object.values(LayerKind), "pointwise-conv"]);

const weightFormat = z.strictObject({
  /** Configured bits. */
  bits: z.literal(WEIGHT_BITS),
  /**
   * When the row applies. The last row of each width has no condition. The first row that applies
   * counts.
   */
  when: z
    .strictObject({
      operators: z.array(operatorClass).min(1).optional(),
      minOutputChannels: z.int().min(1).max(1e6).optional(),
      activationBits: z.array(z.literal(ACTIVATION_BITS)).min(1).optional(),
    })
    .optional(),
  /** Bits of each weight in memory. */
  storageBits: z.literal([1, 2, 3, 4, 6, 8, 16, 32]),
  /** Narrowest arithmetic of the stored weights. Integer formats also need integer activations. */
  arithmetic: z.enum(["int8", "int16", "float"]),
  status,
  reason: reason.optional(),
  computePenalty: computePenalty.optional(),
});

/** When a {@link combination} applies: every list that is given must contain the layer's value. */
const condition = z.strictObject({
  operators: z.array(operatorClass).min(1).optional(),
  weightBits: z.array(z.literal(WEIGHT_BITS)).min(1).optional(),
  activationBits: z.array(z.literal(ACTIVATION_BITS)).min(1).optional(),
  weightSchemes: z.array(z.enum(QuantizationScheme)).min(1).optional(),
  activationSchemes: z.array(z.enum(QuantizationScheme)).min(1).optional(),
  granularities: z.array(z.enum(QuantizationGranularity)).min(1).optional(),
  /** Applies when the input (reduction) channels of a group are no multiple of this. */
  inputChannelsNotMultipleOf: z.int().min(2).max(4096).optional(),
  /** Applies when the output channels are no multiple of this. */
  outputChannelsNotMultipleOf: z.int().min(2).max(4096).optional(),
});

const activationFormat = z.strictObject({
  /** Configured bits. */
  bits: z.literal(ACTIVATION_BITS),
  /** Bits of each activation when it moves between layers. */
  storageBits: z.literal([8, 16, 32]),
  /** Arithmetic with integer weights. Absent where the device has none at this width. */
  integerFormat: z.enum(["int8", "int16"]).optional(),
  /** Arithmetic when the weights are float or there is no integer format. */
  floatFormat: z.enum(["float16", "float32"]),
  status,
  reason: reason.optional(),
});

const rule = z.strictObject({
  status,
  reason: reason.optional(),
  computePenalty: computePenalty.optional(),
});
/** A rule for settings that work alone but not together, or for a kind of layer. */
const combination = z.strictObject({
  when: condition,
  status: z.enum(["emulated", "refused"]),
  reason,
  computePenalty: computePenalty.optional(),
  /** The weights are dequantized and computed in float whatever the activations are. */
  floatOnly: z.boolean().optional(),
  /** Bits of each weight instead, when the runtime unpacks it before it is stored. */
  storageBits: z.literal([8, 16, 32]).optional(),
  /** The accelerator lacks the operator, so the layer runs on the CPU that `host` describes. */
  returnsToHost: z.boolean().optional(),
});
const schemeRules = z.strictObject({ symmetric: rule, asymmetric: rule, "power-of-two": rule });

const groupRule = z.strictObject({
  ...rule.shape,
  /** Storage widths with block-wise kernels. Absent means all. */
  storageBits: z.array(z.number().positive()).min(1).optional(),
  /** What happens at other widths. */
  otherWidths: z.enum(["emulated", "refused"]).optional(),
  /** The weights are dequantized and computed in float whatever the activations are. */
  floatOnly: z.boolean().optional(),
  /** The only block lengths that the runtime accepts. Absent means any. */
  groupSizes: z.array(z.int().min(1).max(65_536)).min(1).optional(),
  /** The runtime refuses block lengths that are no multiple of this. */
  groupSizeMultipleOf: z.int().min(1).max(65_536).optional(),
  /** The c in the penalty 1 + c / groupSize for applying the scale of each block. */
  scalePenalty: figure("MAC/group", 0, 64),
});

const profileShape = z.strictObject({
  schemaVersion: z.literal(1),
  /** A built-in target, or a custom name. */
  target: z.string().trim().min(1).max(100),
  name: z.string().trim().min(1).max(200),
  /** Version of the figures, such as 1.0.0. */
  version: z.string().trim().min(1).max(50),
  /** Device, chip and thread count that the figures describe. */
  device: z.string().trim().min(1).max(500),
  /** Short name that selects the device, such as `pixel-4`. */
  deviceId: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,59}$/)
    .optional(),
  /** Number of CPU threads that the figures hold for. */
  threads: figure("thread", 1, 1024).optional(),
  /** The runtime whose operator support `formats` describes. */
  runtime: z.string().trim().min(1).max(500),
  /**
   * Sustained rate on large convolutions and matrix products, by format. The device does not
   * compute in a missing format.
   */
  gmacsPerSecond: z.strictObject({
    int4: rate.optional(),
    int8: rate.optional(),
    int16: rate.optional(),
    float16: rate.optional(),
    float32: rate.optional(),
  }),
  /**
   * Rate of depthwise convolutions by format, since they use neither dot products nor matrix units.
   * A missing format runs at its general rate times the efficiency.
   */
  depthwiseGmacsPerSecond: z
    .strictObject({
      int8: rate.optional(),
      int16: rate.optional(),
      float16: rate.optional(),
      float32: rate.optional(),
    })
    .optional(),
  energyPerMacPj: z.strictObject({
    int4: macEnergy.optional(),
    int8: macEnergy.optional(),
    int16: macEnergy.optional(),
    float16: macEnergy.optional(),
    float32: macEnergy.optional(),
  }),
  /** Share of the rate that each kind of layer reaches. Default 1. */
  efficiency: z.strictObject({
    conv: efficiency.optional(),
    "depthwise-conv": efficiency.optional(),
    "conv-transpose": efficiency.optional(),
    gemm: efficiency.optional(),
    matmul: efficiency.optional(),
    attention: efficiency.optional(),
    embedding: efficiency.optional(),
    recurrent: efficiency.optional(),
    other: efficiency.optional(),
  }),
  /**
   * Number of output elements at which a layer reaches half its rate. With fewer, a wide device has
   * more lanes than work. It adds the time of one pass through the reduction on the whole device.
   * Default 0.
   */
  halfRateOutputs: figure("element", 0, 1e9).optional(),
  /**
   * The device computes output channels in multiples of this. It counts where the layout of the
   * weights is known. Default 1.
   */
  outputChannelTile: figure("channel", 1, 4096).optional(),
  /**
   * MACs per weight at which a layer reaches half its rate. 1 makes matrix-vector products half as
   * fast.
   */
  halfRateReuse: figure("MAC/weight", 0, 1e5),
  dram: z.strictObject({ bandwidthGBs, energyPerBytePj: byteEnergy }),
  /** The last memory before DRAM: last-level cache or scratchpad. */
  onChip: z.strictObject({
    capacityBytes: figure("B", 1e3, 1e10),
    bandwidthGBs,
    energyPerBytePj: byteEnergy,
  }),
  /**
   * Share of the shorter of compute and memory time that hides behind the longer one (omega). 0 is
   * serial, 1 is the roofline.
   */
  overlap: figure("share", 0, 1),
  overheadPerOperatorUs: figure("us", 0, 1e5),
  /**
   * For runtimes that take QDQ graphs and fuse what they can (see `qdqExecution`). Absent for
   * runtimes that compile the whole graph. There activations move in the format that the layers
   * agree on.
   */
  qdq: z
    .strictObject({
      /**
       * Kinds whose integer kernel writes integers. They run in float when a reader wants float.
       */
      integerOutputs: z.array(z.enum(LayerKind)),
      /**
       * Share of the float32 rate on quantized weights without an integer kernel, by kind. A
       * missing kind runs at its float32 rate.
       */
      unfusedEfficiency: z.partialRecord(z.enum(LayerKind), efficiency),
    })
    .optional(),
  overheadPerGraphUs: figure("us", 0, 1e6),
  /**
   * Time of a power function per element, which a local response norm (`LRN`) evaluates. Default 0.
   */
  powerNs: figure("ns", 0, 1e4).optional(),
  /**
   * Cost of converting activations between formats. Absent means at on-chip bandwidth without an
   * operator.
   */
  conversion: z
    .strictObject({
      /** Fixed cost of each conversion. */
      overheadUs: figure("us", 0, 1e5),
      /** Rate of bytes read and written. */
      bandwidthGBs,
    })
    .optional(),
  /** What the runtime merges into one operator. Absent means only a clamp after a layer. */
  fusion: z
    .strictObject({
      /**
       * Layers with the same input and equal settings (q/k/v, gate/up) run as one product, so they
       * must agree.
       */
      sharedInput: z.boolean(),
      /**
       * Additions run within the layer before them, with one more input to read. Concatenations are
       * made in place.
       */
      residualAdd: z.boolean(),
      /** Both inputs of an addition need the same format, so their layers must agree. */
      tiesAdditionInputs: z.boolean(),
      /** Operators that run within the layer before them, by ONNX name; `*` means all. */
      followedBy: z.array(z.string().min(1).max(60)).max(100),
      /**
       * Other operators after a layer have integer kernels. If false, an integer layer's output is
       * converted to float and back.
       */
      integerFollowers: z.boolean(),
      source: z.string().trim().min(8),
    })
    .optional(),
  /** The CPU that runs, in float32, what an accelerator lacks. Each layer costs a round trip. */
  host: z
    .strictObject({
      gmacsPerSecond: rate,
      energyPerMacPj: macEnergy,
      bandwidthGBs,
      roundTripUs: figure("us", 0, 1e6),
    })
    .optional(),
  /** Relative errors of predictions on published measurements that no figure was fitted to. */
  validation: z
    .strictObject({
      latencyRelativeError: figure("share", 0, 10),
      energyRelativeError: figure("share", 0, 10),
    })
    .optional(),
  /** Power that is drawn throughout an inference. */
  staticPowerW: figure("W", 1e-3, 2000),
  formats: z.strictObject({
    weights: z.array(weightFormat).min(WEIGHT_BITS.length).max(100),
    activations: z.array(activationFormat).length(ACTIVATION_BITS.length),
    /** Support of integer weights with float activations (weight-only). */
    weightOnly: rule,
    weightSchemes: schemeRules,
    activationSchemes: schemeRules,
    granularities: z.strictObject({
      "per-tensor": rule,
      "per-channel": rule,
      "per-group": groupRule,
    }),
    /** Applied after the tables: every combination that matches, in order. */
    combinations: z.array(combination).max(100).optional(),
    /**
     * How the deployed file stores scales and zero points. Absent means float32 scales and packed
     * zero points.
     */
    container: z
      .strictObject({
        /** Such as "TensorFlow Lite flatbuffer". */
        name: z.string().trim().min(1).max(200),
        scaleBits: figure("bit", 4, 64),
        /**
         * Bits of a block's scale, beside a full scale per channel (LPBQ). Absent means a full
         * scale per block.
         */
        blockScaleBits: figure("bit", 1, 64).optional(),
        zeroPointBits: figure("bit", 0, 64),
        /**
         * Weights of 1 to 8 bits are indices into a table with entries of this width
         * (palettization).
         */
        paletteEntryBits: figure("bit", 8, 32).optional(),
      })
      .optional(),
  }),
});

/**
 * The JSON Schema (draft 2020-12) of a profile document. It is the same in every release with one
 * schema version.
 */
export function hardwareProfileJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(profileShape) as Record<string, unknown>;
}

/** A device as data. Every number has a unit, a source and a tag for how reliable it is. */
export type HardwareProfile = DeepReadonly<z.infer<typeof profileShape>>;
/** A number of a {@link HardwareProfile}. */
export type Figure = HardwareProfile["halfRateReuse"];
/** A layer's kind, with 1 x 1 convolutions as a class of their own. */
export type OperatorClass = z.infer<typeof operatorClass>;
/** How a target runs a width of weights. */
export type WeightFormat = HardwareProfile["formats"]["weights"][number];
/** How a target runs a width of activations. */
export type ActivationFormat = HardwareProfile["formats"]["activations"][number];
/** How a target runs a combination of settings. */
export type Combination = NonNullable<HardwareProfile["formats"]["combinations"]>[number];
/** How a target runs a scheme or a granularity. */
export type FormatRule = DeepReadonly<z.infer<typeof rule>>;

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

/**
 * Checks a {@link HardwareProfile}, including that its parts fit together. `loadHardwareProfile`
 * throws typed errors.
 */
export const hardwareProfileSchema = profileShape.superRefine((profile, context) => {
  const fail = (path: (string | number)[], allowed: string) =>
    context.addIssue({ code: "custom", path, message: allowed });
  const { weights, activations } = profile.formats;

  for (const bits of WEIGHT_BITS)
    if (!weights.some((row) => row.bits === bits && row.when === undefined))
      fail(["formats", "weights"], `a list with a row for ${bits}-bit weights without "when"`);
  weights.forEach((row, index) => {
    if (row.storageBits < row.bits && row.bits !== 32)
      fail(
        ["formats", "weights", index, "storageBits"],
        `at least ${row.bits}, the bits of the weights`,
      );
  });
  for (const bits of ACTIVATION_BITS)
    if (!activations.some((row) => row.bits === bits))
      fail(["formats", "activations"], `a list with a row for ${bits}-bit activations`);
  activations.forEach((row, index) => {
    if (row.storageBits < row.bits && row.bits !== 32)
      fail(
        ["formats", "activations", index, "storageBits"],
        `at least ${row.bits}, the bits of the activations`,
      );
  });

  profile.formats.combinations?.forEach((entry, index) => {
    if (Object.keys(entry.when).length === 0)
      fail(["formats", "combinations", index, "when"], "an object that names at least one setting");
    if (entry.returnsToHost === true && profile.host === undefined)
      fail(["host"], "a host, as formats.combinations return layers to it");
  });

  const used = new Set<z.infer<typeof computeFormat>>();
  for (const row of weights) if (row.arithmetic !== "float") used.add(row.arithmetic);
  for (const row of activations) {
    used.add(row.floatFormat);
    if (row.integerFormat !== undefined) used.add(row.integerFormat);
  }
  for (const format of used)
    for (const table of ["gmacsPerSecond", "energyPerMacPj"] as const)
      if (profile[table][format] === undefined)
        fail([table, format], `a figure, as formats lead to arithmetic in ${format}`);

  const rules: [(string | number)[], FormatRule][] = [
    [["formats", "weightOnly"], profile.formats.weightOnly],
  ];
  weights.forEach((row, index) => {
    rules.push([["formats", "weights", index], row as FormatRule]);
  });
  activations.forEach((row, index) => {
    rules.push([["formats", "activations", index], row as FormatRule]);
  });
  for (const table of ["weightSchemes", "activationSchemes", "granularities"] as const)
    for (const [name, entry] of Object.entries(profile.formats[table]))
      rules.push([["formats", table, name], entry as FormatRule]);
  for (const [path, entry] of rules)
    if (entry.status !== "native" && entry.reason === undefined)
      fail(
        [...path, "reason"],
        `text of at least 8 characters that says why a rule is ${entry.status}`,
      );
});
