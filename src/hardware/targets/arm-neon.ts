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

const POINTS = "the fitted points of this device in bench/validation-points/arm-neon.json";
const FIT = `fitted by robust least squares to ${POINTS}`;
const DOCUMENT =
  "fitted with a serial cost model to the owner's NEON rows (1.75e9 weights, one decode " +
  "step); weakly identified";
const PAD_4 =
  "No kernel of this width: weights are stored in 4 bits (XNNPACK has no plain-NEON 2-bit kernel).";
const PAD_8 = "No kernel of this width: weights are stored in 8 bits.";
const CONV_8 =
  "XNNPACK has 4-bit weights for fully connected layers only: a convolution's weights are " +
  "stored in 8 bits.";
const UNPACK = "4-bit weights are unpacked to 8 bits by a shift and a mask before each multiply.";
const unpacked = {
  computePenalty: figure(
    1.12,
    "x",
    "calibrated",
    `${DOCUMENT}; the code unpacks with one shift and one AND a byte`,
  ),
};
const products = { operators: ["gemm", "matmul", "attention", "embedding", "recurrent", "other"] };

const formats = {
  weights: [
    ...[1, 1.58, 2, 3].flatMap((bits) => [
      emulatedWeights(bits, 4, "int8", PAD_4, { when: products, ...unpacked }),
      emulatedWeights(bits, 8, "int8", CONV_8),
    ]),
    emulatedWeights(4, 4, "int8", UNPACK, { when: products, ...unpacked }),
    emulatedWeights(4, 8, "int8", CONV_8),
    emulatedWeights(5, 8, "int8", PAD_8),
    emulatedWeights(6, 8, "int8", PAD_8),
    nativeWeights(8, 8, "int8"),
    emulatedWeights(16, 16, "float", "16-bit weights are widened to float32 before the multiply."),
    nativeWeights(32, 32, "float"),
  ],
  activations: [
    {
      bits: 4,
      storageBits: 8,
      integerFormat: "int8",
      floatFormat: "float32",
      status: "emulated",
      reason: "4-bit activations are padded to 8 bits.",
    },
    { bits: 8, storageBits: 8, integerFormat: "int8", floatFormat: "float32", status: "native" },
    {
      bits: 16,
      storageBits: 16,
      integerFormat: "int16",
      floatFormat: "float32",
      status: "emulated",
      reason: "16-bit activations run as widening multiplies (SMLAL), at about the float32 rate.",
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
      reason: "Asymmetric weights need the legacy u8 kernels and zero-point corrections.",
      computePenalty: figure(
        1.45,
        "x",
        "calibrated",
        `${DOCUMENT}; XNNPACK s8 gains 3.2x over float32, TensorFlow Lite u8 1.8x`,
      ),
    },
  },
  activationSchemes: { symmetric: native(), asymmetric: native(), "power-of-two": native() },
  granularities: {
    "per-tensor": native(),
    "per-channel": native(),
    "per-group": {
      status: "native",
      storageBits: [4],
      otherWidths: "emulated",
      groupSizeMultipleOf: 32,
      scalePenalty: groupScalePenalty,
    },
  },
  combinations: [
    {
      when: { weightSchemes: ["asymmetric"], granularities: ["per-channel", "per-group"] },
      status: "refused",
      reason:
        "TensorFlow Lite and XNNPACK take a weight zero point per tensor only: per-channel " +
        "and block-wise weights are symmetric.",
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
    0.1,
    "share",
    "derived",
    "median absolute relative error of the 37 unseen and fresh points of this target, " +
      "bench/validation-points/arm-neon.json",
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
  target: HardwareTarget.ARM_NEON,
  runtime: "XNNPACK / TensorFlow Lite delegate",
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
    "XNNPACK gemm-config.c: tiles of 8 output channels (4x8, 6x8)",
  ),
  overlap: figure(
    0.5,
    "share",
    "estimated",
    "out-of-order cores hide part of the loads behind arithmetic",
  ),
  overheadPerGraphUs: figure(0, "us", "estimated", "contained in the overhead of the operators"),
  conversion: {
    overheadUs: figure(8, "us", "estimated", "an operator of its own, as any other"),
    bandwidthGBs: figure(
      8,
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

const depthwise = (float32: number, int8: number, source: string) => ({
  float32: figure(float32, "GMAC/s", "calibrated", source),
  int8: figure(int8, "GMAC/s", "calibrated", source),
});
const energy = (scale: number, source: string) => ({
  energyPerMacPj: {
    float32: figure(75 * scale, "pJ/MAC", "estimated", source),
    int16: figure(
      75 * scale,
      "pJ/MAC",
      "estimated",
      `as float32: same instruction rate; ${source}`,
    ),
    int8: figure(33 * scale, "pJ/MAC", "estimated", source),
  },
});
const PHONE_ENERGY =
  "the owner's document fitted; upper bounds 174 (float32) and 116 (int8) from AnandTech's " +
  "Kirin 960 power page";

/**
 * ARM NEON without dot product: Armv8.0 cores, XNNPACK or TensorFlow Lite. The default device is
 * first.
 */
export const armNeonDevices = /* @__PURE__ */ devicesOf(shared, [
  {
    name: "ARM NEON (Armv8.0, no dot product)",
    deviceId: "pixel-3",
    device: "Pixel 3 (Snapdragon 845), 4 big cores, 4 threads, TensorFlow Lite",
    threads: figure(4, "thread", "public", "TensorFlow Lite benchmarks.md: 4 threads"),
    gmacsPerSecond: {
      float32: figure(26.4, "GMAC/s", "calibrated", FIT),
      int16: figure(26.4, "GMAC/s", "estimated", "widened SMLAL issues at about the float32 rate"),
      int8: figure(69.3, "GMAC/s", "calibrated", `${FIT}, where asymmetric u8 pays its penalty`),
    },
    ...energy(1, PHONE_ENERGY),
    efficiency: {},
    depthwiseGmacsPerSecond: depthwise(8.56, 18.1, FIT),
    dram: {
      bandwidthGBs: figure(17, "GB/s", "estimated", "57% of LPDDR4X-3733's 29.9 GB/s"),
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
        "estimated",
        "system cache and L2 of the big cores of a Snapdragon 845",
      ),
      bandwidthGBs: figure(
        60,
        "GB/s",
        "estimated",
        "4 cores, 16 bytes a cycle at 2.5 GHz, 40% sustained",
      ),
      energyPerBytePj: cacheEnergy,
    },
    overheadPerOperatorUs: figure(22.6, "us", "calibrated", FIT),
    staticPowerW: figure(
      2.15,
      "W",
      "estimated",
      "4 Cortex-A73 draw 5.3 W at full load (AnandTech); the rest is per MAC",
    ),
  },
  {
    name: "ARM NEON (Snapdragon 835)",
    deviceId: "pixel-2",
    device: "Pixel 2 (Snapdragon 835), 4 big cores, 4 threads, XNNPACK",
    threads: figure(4, "thread", "public", "XNNPACK README.md: as many threads as big cores"),
    gmacsPerSecond: {
      float32: figure(23.9, "GMAC/s", "calibrated", FIT),
      int16: figure(23.6, "GMAC/s", "estimated", "widened SMLAL issues at about the float32 rate"),
      int8: figure(
        66,
        "GMAC/s",
        "estimated",
        "2.8 times float32, the mean XNNPACK ratio on the Raspberry Pi 4",
      ),
    },
    ...energy(1, PHONE_ENERGY),
    efficiency: {},
    depthwiseGmacsPerSecond: {
      ...depthwise(8.26, 17, FIT),
      int8: figure(
        17,
        "GMAC/s",
        "estimated",
        "as fitted on the Pixel 3: no INT8 point of this phone was fitted",
      ),
    },
    dram: {
      bandwidthGBs: figure(17, "GB/s", "estimated", "57% of LPDDR4X-3733's 29.9 GB/s"),
      energyPerBytePj: figure(150, "pJ/B", "estimated", "as on the Pixel 3"),
    },
    onChip: {
      capacityBytes: figure(
        2e6,
        "B",
        "estimated",
        "L2 of the big cluster; the Snapdragon 835 has no L3",
      ),
      bandwidthGBs: figure(
        60,
        "GB/s",
        "estimated",
        "4 cores, 16 bytes a cycle at 2.45 GHz, 40% sustained",
      ),
      energyPerBytePj: cacheEnergy,
    },
    overheadPerOperatorUs: figure(20.9, "us", "calibrated", FIT),
    staticPowerW: figure(2.15, "W", "estimated", "as on the Pixel 3"),
  },
  {
    name: "ARM NEON (Raspberry Pi 4)",
    deviceId: "raspberry-pi-4",
    device: "Raspberry Pi 4 (BCM2711, 4 Cortex-A72 at 1.5 GHz), 64 bit, 4 threads, XNNPACK",
    threads: figure(4, "thread", "public", "XNNPACK README.md: as many threads as cores"),
    gmacsPerSecond: {
      float32: figure(8.05, "GMAC/s", "calibrated", FIT),
      int16: figure(8.1, "GMAC/s", "estimated", "widened SMLAL issues at about the float32 rate"),
      int8: figure(26.9, "GMAC/s", "calibrated", FIT),
    },
    ...energy(1.2, "as fitted for phones, a fifth more for the Pi's 28 nm process"),
    efficiency: {},
    depthwiseGmacsPerSecond: depthwise(2.84, 9, FIT),
    dram: {
      bandwidthGBs: figure(
        4.5,
        "GB/s",
        "estimated",
        "about a third of LPDDR4-3200 at 32 bits, 12.8 GB/s, reaches the cores",
      ),
      energyPerBytePj: figure(
        150,
        "pJ/B",
        "estimated",
        "as on the phones, no figure for the board",
      ),
    },
    onChip: {
      capacityBytes: figure(1e6, "B", "estimated", "L2 of the BCM2711, 1 MB, from memory"),
      bandwidthGBs: figure(
        25,
        "GB/s",
        "estimated",
        "4 cores, 16 bytes a cycle at 1.5 GHz, a quarter sustained",
      ),
      energyPerBytePj: cacheEnergy,
    },
    overheadPerOperatorUs: figure(13.5, "us", "calibrated", FIT),
    staticPowerW: figure(
      2.7,
      "W",
      "estimated",
      "a Raspberry Pi 4 idles at about 2.7 W at the plug",
    ),
  },
]);

/** The default device of {@link armNeonDevices}. */
export const armNeon = /* @__PURE__ */ (() => armNeonDevices[0])();
