import { HardwareTarget } from "../contract.js";
import { loadHardwareProfile } from "../load-hardware-profile.js";
import { figure } from "./figure.js";

const PIXEL_3 =
  "TensorFlow Lite benchmarks.md (tensorflow/tensorflow 00f0938ae85c), Pixel 3, 4 threads, InceptionV4";
const FIT =
  "fit of a serial cost model to the owner's NEON rows (1.75e9 weights, one decode step); weakly identified";
const PAD_4 =
  "No kernel of this width: weights are stored in 4 bits (XNNPACK has no plain-NEON 2-bit kernel).";
const PAD_8 = "No kernel of this width: weights are stored in 8 bits.";
const UNPACK = "4-bit weights are unpacked to 8 bits by a shift and a mask before each multiply.";
const unpackPenalty = figure(
  1.12,
  "x",
  "calibrated",
  `${FIT}; the code unpacks with one shift and one AND a byte`,
);

/** ARM NEON without dot product: Armv8.0 mobile cores, four threads, XNNPACK or TensorFlow Lite. */
export const armNeon = /* @__PURE__ */ loadHardwareProfile({
  schemaVersion: 1,
  target: HardwareTarget.ARM_NEON,
  name: "ARM NEON (Armv8.0, no dot product)",
  version: "1.0.0",
  device: "Snapdragon 835/845 class phone (Pixel 2, Pixel 3), 4 big cores, 4 threads",
  runtime: "XNNPACK / TensorFlow Lite delegate",
  gmacsPerSecond: {
    float32: figure(25.3, "GMAC/s", "derived", `${PIXEL_3} float32, 486 ms`),
    int16: figure(25.3, "GMAC/s", "estimated", "widened SMLAL issues at about the float32 rate"),
    int8: figure(
      66.6,
      "GMAC/s",
      "derived",
      `${PIXEL_3} asymmetric u8, 268 ms = 45.9 GMAC/s, times the 1.45 that symmetric weights save`,
    ),
  },
  energyPerMacPj: {
    float32: figure(
      75,
      "pJ/MAC",
      "calibrated",
      `${FIT}; upper bound 174 from AnandTech's Kirin 960 power page`,
    ),
    int16: figure(75, "pJ/MAC", "estimated", "as float32: same instruction rate"),
    int8: figure(33, "pJ/MAC", "calibrated", `${FIT}; upper bound 116 from AnandTech's Kirin 960 power page`),
  },
  efficiency: {
    "depthwise-conv": figure(0.34, "x", "calibrated", "fit to 8 TensorFlow Lite results on a Pixel 3"),
  },
  halfRateReuse: figure(
    1,
    "MAC/weight",
    "estimated",
    "matrix-vector kernels reach about half the rate of matrix products",
  ),
  dram: {
    bandwidthGBs: figure(17, "GB/s", "calibrated", `${FIT}; 57% of LPDDR4X-3733's 29.9 GB/s`),
    energyPerBytePj: figure(
      150,
      "pJ/B",
      "calibrated",
      `${FIT}; between LPDDR4's 64 (Accelergy) and 162.5 (Horowitz, in google/qkeras config_public.py)`,
    ),
  },
  onChip: {
    capacityBytes: figure(2e6, "B", "estimated", "L2 cache of the big cluster; the Snapdragon 835 has no L3"),
    bandwidthGBs: figure(60, "GB/s", "estimated", "4 cores, 16 bytes a cycle at 2.45 GHz, 40% sustained"),
    energyPerBytePj: figure(
      12,
      "pJ/B",
      "estimated",
      "1.25 pJ/B for 8 KB (PMC8934428 table 3), ten times that for megabytes",
    ),
  },
  overlap: figure(0.5, "share", "estimated", "in-order halves of convolution kernels overlap with prefetch"),
  overheadPerOperatorUs: figure(11.7, "us", "calibrated", "fit to 8 TensorFlow Lite results on a Pixel 3"),
  overheadPerGraphUs: figure(
    0,
    "us",
    "calibrated",
    "contained in the overhead of the operators by the same fit",
  ),
  staticPowerW: figure(2.15, "W", "calibrated", `${FIT}; 4 Cortex-A73 draw 5.3 W at full load (AnandTech)`),
  formats: {
    weights: [
      {
        bits: 1,
        storageBits: 4,
        arithmetic: "int8",
        status: "emulated",
        reason: PAD_4,
        computePenalty: unpackPenalty,
      },
      {
        bits: 1.58,
        storageBits: 4,
        arithmetic: "int8",
        status: "emulated",
        reason: PAD_4,
        computePenalty: unpackPenalty,
      },
      {
        bits: 2,
        storageBits: 4,
        arithmetic: "int8",
        status: "emulated",
        reason: PAD_4,
        computePenalty: unpackPenalty,
      },
      {
        bits: 3,
        storageBits: 4,
        arithmetic: "int8",
        status: "emulated",
        reason: PAD_4,
        computePenalty: unpackPenalty,
      },
      {
        bits: 4,
        storageBits: 4,
        arithmetic: "int8",
        status: "emulated",
        reason: UNPACK,
        computePenalty: unpackPenalty,
      },
      { bits: 5, storageBits: 8, arithmetic: "int8", status: "emulated", reason: PAD_8 },
      { bits: 6, storageBits: 8, arithmetic: "int8", status: "emulated", reason: PAD_8 },
      { bits: 8, storageBits: 8, arithmetic: "int8", status: "native" },
      {
        bits: 16,
        storageBits: 16,
        arithmetic: "float",
        status: "emulated",
        reason: "16-bit weights are widened to float32 before the multiply.",
      },
      { bits: 32, storageBits: 32, arithmetic: "float", status: "native" },
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
      symmetric: { status: "native" },
      "power-of-two": { status: "native" },
      asymmetric: {
        status: "emulated",
        reason: "Asymmetric weights need the legacy u8 kernels and zero-point corrections.",
        computePenalty: figure(
          1.45,
          "x",
          "calibrated",
          `${FIT}; XNNPACK s8 gains 3.2x over float32, TensorFlow Lite u8 1.8x`,
        ),
      },
    },
    activationSchemes: {
      symmetric: { status: "native" },
      asymmetric: { status: "native" },
      "power-of-two": { status: "native" },
    },
    granularities: {
      "per-tensor": { status: "native" },
      "per-channel": { status: "native" },
      "per-group": {
        status: "native",
        storageBits: [4],
        otherWidths: "emulated",
        scalePenalty: figure(
          4,
          "MAC/group",
          "estimated",
          "one conversion and one multiply-add of a scale per group",
        ),
      },
    },
  },
});
