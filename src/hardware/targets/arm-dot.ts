import { HardwareTarget } from "../contract.js";
import {
  cacheEnergy,
  devicesOf,
  emulatedWeights,
  figure,
  groupScalePenalty,
  native,
  nativeWeights,
} from "./figure.js";

const FIT =
  "fitted by robust least squares to the fitted points of this device in " +
  "bench/validation-points/arm-dot.json";
const PAD_2 = "No kernel of this width: weights are stored in 2 bits (KleidiAI int8 x uint2).";
const PAD_4 = "No kernel of this width: weights are stored in 4 bits.";
const PAD_8 = "No kernel of this width: weights are stored in 8 bits.";
const CONV_8 =
  "XNNPACK and KleidiAI have narrow weights for fully connected layers only: a convolution's " +
  "are stored in 8 bits.";
const unpacked = {
  computePenalty: figure(
    1.12,
    "x",
    "estimated",
    "as for ARM NEON: one shift and one AND a packed byte",
  ),
};
const unpackedTwice = {
  computePenalty: figure(
    1.4,
    "x",
    "derived",
    "W4 over W2 decode speed, 1.05 to 1.31 on three devices (microsoft/T-MAC " +
      "profiling_data.md), times the 1.12 of W4",
  ),
};
const products = { operators: ["gemm", "matmul", "attention", "embedding", "recurrent", "other"] };

const formats = {
  weights: [
    emulatedWeights(1, 2, "int8", PAD_2, { when: products, ...unpackedTwice }),
    emulatedWeights(1, 8, "int8", CONV_8),
    emulatedWeights(1.58, 2, "int8", PAD_2, { when: products, ...unpackedTwice }),
    emulatedWeights(1.58, 8, "int8", CONV_8),
    emulatedWeights(2, 2, "int8", "2-bit weights are unpacked to 8 bits before SDOT.", {
      when: products,
      ...unpackedTwice,
    }),
    emulatedWeights(2, 8, "int8", CONV_8),
    emulatedWeights(3, 4, "int8", PAD_4, { when: products, ...unpacked }),
    emulatedWeights(3, 8, "int8", CONV_8),
    emulatedWeights(4, 4, "int8", "4-bit weights are unpacked to 8 bits before SDOT.", {
      when: products,
      ...unpacked,
    }),
    emulatedWeights(4, 8, "int8", CONV_8),
    emulatedWeights(5, 8, "int8", PAD_8),
    emulatedWeights(6, 8, "int8", PAD_8),
    nativeWeights(8, 8, "int8"),
    emulatedWeights(
      16,
      16,
      "float",
      "16-bit weights are converted to float16 or float32 before the multiply.",
    ),
    nativeWeights(32, 32, "float"),
  ],
  activations: [
    {
      bits: 4,
      storageBits: 8,
      integerFormat: "int8",
      floatFormat: "float16",
      status: "emulated",
      reason: "4-bit activations are padded to 8 bits.",
    },
    { bits: 8, storageBits: 8, integerFormat: "int8", floatFormat: "float16", status: "native" },
    {
      bits: 16,
      storageBits: 16,
      integerFormat: "int16",
      floatFormat: "float16",
      status: "emulated",
      reason:
        "16-bit activations run as widening multiplies (SMLAL): there is no 16-bit dot product.",
    },
    { bits: 32, storageBits: 32, floatFormat: "float32", status: "native" },
  ],
  weightOnly: {
    status: "emulated",
    reason: "Weights are dequantized to float32 before the multiply (weight-only).",
  },
  weightSchemes: {
    symmetric: native(),
    "power-of-two": native(),
    asymmetric: {
      status: "emulated",
      reason: "Asymmetric weights need zero-point corrections.",
      computePenalty: figure(
        1.15,
        "x",
        "estimated",
        "row sums of the activations, as in oneDNN's 0-15% compensation",
      ),
    },
  },
  activationSchemes: { symmetric: native(), asymmetric: native(), "power-of-two": native() },
  granularities: {
    "per-tensor": native(),
    "per-channel": native(),
    "per-group": {
      status: "native",
      storageBits: [2, 4],
      otherWidths: "emulated",
      groupSizeMultipleOf: 32,
      scalePenalty: groupScalePenalty,
    },
  },
  combinations: [
    {
      when: { weightSchemes: ["asymmetric"], granularities: ["per-channel"] },
      status: "refused",
      reason:
        "TensorFlow Lite and XNNPACK take a weight zero point per tensor only; KleidiAI has " +
        "one per block of 4-bit weights.",
    },
    {
      when: {
        weightSchemes: ["asymmetric"],
        granularities: ["per-group"],
        weightBits: [2, 5, 6, 8, 16],
      },
      status: "refused",
      reason: "KleidiAI has block-wise zero points for 4-bit weights only.",
    },
  ],
  container: {
    name: "TensorFlow Lite flatbuffer",
    scaleBits: figure(
      32,
      "bit",
      "public",
      "tensorflow/lite/schema/schema.fbs: QuantizationParameters.scale is float",
    ),
    zeroPointBits: figure(
      64,
      "bit",
      "public",
      "tensorflow/lite/schema/schema.fbs: QuantizationParameters.zero_point is long",
    ),
  },
};

const validation = {
  latencyRelativeError: figure(
    0.11,
    "share",
    "derived",
    "median absolute relative error of the 25 unseen and fresh points of this target, " +
      "bench/validation-points/arm-dot.json",
  ),
  energyRelativeError: figure(
    0.5,
    "share",
    "estimated",
    "hardly any energy is published; static and per-byte energies are estimates",
  ),
};

const shared = {
  validation,
  target: HardwareTarget.ARM_DOT,
  halfRateReuse: figure(
    1,
    "MAC/weight",
    "estimated",
    "matrix-vector kernels reach about half the rate of matrix products",
  ),
  outputChannelTile: figure(
    8,
    "channel",
    "public",
    "XNNPACK gemm-config.c: tiles of 8 output channels",
  ),
  overlap: figure(
    0.5,
    "share",
    "estimated",
    "out-of-order cores hide part of the loads behind arithmetic",
  ),
  overheadPerGraphUs: figure(0, "us", "estimated", "contained in the overhead of the operators"),
  conversion: {
    overheadUs: figure(6, "us", "estimated", "an operator of its own, as any other"),
    bandwidthGBs: figure(
      12,
      "GB/s",
      "estimated",
      "rounding and narrowing run at a few elements a cycle and core",
    ),
  },
  fusion: {
    sharedInput: false,
    residualAdd: false,
    tiesAdditionInputs: false,
    followedBy: [],
    integerFollowers: true,
    source:
      "XNNPACK delegate: clamps join the operator before them, additions and other operators " +
      "stand alone",
  },
  formats,
};

const depthwise = (
  float32: number,
  int8: number,
  source: string,
  tag: "calibrated" | "estimated",
) => ({
  float32: figure(float32, "GMAC/s", tag, source),
  int8: figure(int8, "GMAC/s", tag, `${source}; without dot products, as 16-bit multiplies`),
});
const energyPerMacPj = {
  float32: figure(
    70,
    "pJ/MAC",
    "estimated",
    "a little under the 75 fitted for the older Cortex-A73",
  ),
  float16: figure(35, "pJ/MAC", "estimated", "half of float32: twice the lanes an instruction"),
  int16: figure(70, "pJ/MAC", "estimated", "as float32: same instruction rate"),
  int8: figure(
    20,
    "pJ/MAC",
    "estimated",
    "the owner's document fitted gives 3.6 to 85 as feasible",
  ),
};
const LLAMA = "llama.cpp with a thread a core, before its weights were repacked for SDOT";

/**
 * ARM with SDOT/UDOT: Armv8.2 cores, XNNPACK, KleidiAI and llama.cpp. The default device is first.
 */
export const armDotDevices = /* @__PURE__ */ devicesOf(shared, [
  {
    name: "ARM dot product (Armv8.2, SDOT/UDOT)",
    deviceId: "pixel-4",
    device: "Pixel 4 (Snapdragon 855, Cortex-A76), 4 threads, TensorFlow Lite",
    runtime: "XNNPACK / KleidiAI",
    threads: figure(4, "thread", "public", "TensorFlow Lite benchmarks.md: 4 threads"),
    gmacsPerSecond: {
      float32: figure(43.8, "GMAC/s", "calibrated", FIT),
      float16: figure(88, "GMAC/s", "estimated", "fp16 arithmetic has twice the lanes of float32"),
      int16: figure(
        43.9,
        "GMAC/s",
        "estimated",
        "no 16-bit dot product: widening multiplies at the float32 rate",
      ),
      int8: figure(220, "GMAC/s", "calibrated", FIT),
    },
    energyPerMacPj,
    efficiency: {},
    depthwiseGmacsPerSecond: depthwise(15.4, 11, FIT, "calibrated"),
    dram: {
      bandwidthGBs: figure(
        17,
        "GB/s",
        "estimated",
        "half of the 34.1 GB/s peak (nanoreview.net, Snapdragon 855)",
      ),
      energyPerBytePj: figure(
        150,
        "pJ/B",
        "estimated",
        "between LPDDR4's 64 (Accelergy) and 162.5 (Horowitz, in google/qkeras config_public.py)",
      ),
    },
    onChip: {
      capacityBytes: figure(
        2e6,
        "B",
        "public",
        "L3 of the Snapdragon 855 (AnandTech, Snapdragon 865 announcement)",
      ),
      bandwidthGBs: figure(
        80,
        "GB/s",
        "estimated",
        "4 cores, 16 bytes a cycle at 2.5 GHz, half sustained",
      ),
      energyPerBytePj: cacheEnergy,
    },
    overheadPerOperatorUs: figure(15.3, "us", "calibrated", FIT),
    staticPowerW: figure(
      2.45,
      "W",
      "estimated",
      "the owner's document fitted; 4 big cores at full load less the MACs",
    ),
  },
  {
    name: "ARM dot product (Raspberry Pi 5)",
    deviceId: "raspberry-pi-5",
    device: "Raspberry Pi 5 (BCM2712, 4 Cortex-A76 at 2.4 GHz), 4 threads",
    runtime: LLAMA,
    threads: figure(4, "thread", "public", "four cores (Raspberry Pi documentation)"),
    gmacsPerSecond: {
      float32: figure(
        32,
        "GMAC/s",
        "derived",
        "half of the 102.8 GFLOP/s ceiling measured (M. N. Jacob) at 62%",
      ),
      float16: figure(64, "GMAC/s", "estimated", "fp16 arithmetic has twice the lanes of float32"),
      int16: figure(
        32,
        "GMAC/s",
        "estimated",
        "no 16-bit dot product: widening multiplies at the float32 rate",
      ),
      int8: figure(63.2, "GMAC/s", "calibrated", FIT),
    },
    energyPerMacPj,
    efficiency: {},
    depthwiseGmacsPerSecond: depthwise(12, 19, "as on the Pixel 4, the same core", "estimated"),
    dram: {
      bandwidthGBs: figure(
        11.34,
        "GB/s",
        "public",
        "decode throughput times model bytes, R2 0.994 (M. N. Jacob, The Memory Wall at the " +
          "Edge of Language); peak read 13.98",
      ),
      energyPerBytePj: figure(
        150,
        "pJ/B",
        "estimated",
        "as on the phones, no figure for the board",
      ),
    },
    onChip: {
      capacityBytes: figure(2e6, "B", "estimated", "L3 of the BCM2712, 2 MB, from memory"),
      bandwidthGBs: figure(
        60,
        "GB/s",
        "estimated",
        "4 cores, 16 bytes a cycle at 2.4 GHz, 40% sustained",
      ),
      energyPerBytePj: cacheEnergy,
    },
    overheadPerOperatorUs: figure(10, "us", "estimated", "as on the Pixel 4, the same runtime"),
    staticPowerW: figure(3, "W", "estimated", "a Raspberry Pi 5 idles at about 3 W at the plug"),
  },
  {
    name: "ARM dot product (Jetson AGX Orin CPU)",
    deviceId: "jetson-agx-orin-cpu",
    device: "Jetson AGX Orin, 12 Cortex-A78AE at 2.2 GHz, 12 threads",
    runtime: LLAMA,
    threads: figure(
      12,
      "thread",
      "public",
      "12-core Cortex-A78AE (MLPerf Orin_TRT system description)",
    ),
    gmacsPerSecond: {
      float32: figure(
        110,
        "GMAC/s",
        "estimated",
        "8 MAC a cycle, core and 2.2 GHz, half sustained",
      ),
      float16: figure(220, "GMAC/s", "estimated", "fp16 arithmetic has twice the lanes of float32"),
      int16: figure(
        110,
        "GMAC/s",
        "estimated",
        "no 16-bit dot product: widening multiplies at the float32 rate",
      ),
      int8: figure(208, "GMAC/s", "calibrated", FIT),
    },
    energyPerMacPj,
    efficiency: {},
    depthwiseGmacsPerSecond: depthwise(35, 55, "three times the Pixel 4, by cores", "estimated"),
    dram: {
      bandwidthGBs: figure(
        100,
        "GB/s",
        "estimated",
        "half of the board's 204.8 GB/s reaches the CPU clusters",
      ),
      energyPerBytePj: figure(
        64,
        "pJ/B",
        "public",
        "LPDDR4, 8 pJ/bit (Accelergy cacti_wrapper.py 291018b12cc9)",
      ),
    },
    onChip: {
      capacityBytes: figure(6e6, "B", "estimated", "three clusters with 2 MB of L3 each"),
      bandwidthGBs: figure(
        200,
        "GB/s",
        "estimated",
        "12 cores, 16 bytes a cycle at 2.2 GHz, half sustained",
      ),
      energyPerBytePj: cacheEnergy,
    },
    overheadPerOperatorUs: figure(10, "us", "estimated", "as on the Pixel 4, the same runtime"),
    staticPowerW: figure(
      10,
      "W",
      "derived",
      "15.0 W at 7.08 tokens/s (microsoft/T-MAC README.md) less the MACs and bytes",
    ),
  },
]);

/** The default device of {@link armDotDevices}. */
export const armDot = /* @__PURE__ */ (() => armDotDevices[0])();
