import { HardwareTarget } from "../contract.js";
import { loadHardwareProfile } from "../load-hardware-profile.js";
import { figure } from "./figure.js";

const PIXEL_4 = "TensorFlow Lite benchmarks.md (tensorflow/tensorflow 00f0938ae85c), Pixel 4, 4 threads";
const FIT =
  "fit of a serial cost model to the owner's DOT row (1.75e9 weights, one decode step); weakly identified";
const PAD_2 = "No kernel of this width: weights are stored in 2 bits (KleidiAI int8 x uint2).";
const PAD_4 = "No kernel of this width: weights are stored in 4 bits.";
const PAD_8 = "No kernel of this width: weights are stored in 8 bits.";
const unpackPenalty = figure(
  1.12,
  "x",
  "estimated",
  "as fitted for ARM NEON: one shift and one AND a packed byte",
);

/** ARM with SDOT/UDOT: Armv8.2 mobile cores, four threads, XNNPACK and KleidiAI. */
export const armDot = /* @__PURE__ */ loadHardwareProfile({
  schemaVersion: 1,
  target: HardwareTarget.ARM_DOT,
  name: "ARM dot product (Armv8.2, SDOT/UDOT)",
  version: "1.0.0",
  device: "Snapdragon 855 class phone (Pixel 4), Cortex-A76, 4 threads",
  runtime: "XNNPACK / KleidiAI",
  gmacsPerSecond: {
    float32: figure(38, "GMAC/s", "derived", `${PIXEL_4}, InceptionV4 float32, 324 ms`),
    float16: figure(76, "GMAC/s", "estimated", "fp16 arithmetic has twice the lanes of float32"),
    int16: figure(
      38,
      "GMAC/s",
      "estimated",
      "no 16-bit dot product: widening multiplies at the float32 rate",
    ),
    int8: figure(113.8, "GMAC/s", "derived", `${PIXEL_4}, MobileNetV1 u8, 5.0 ms`),
  },
  energyPerMacPj: {
    float32: figure(70, "pJ/MAC", "estimated", "a little under the 75 fitted for the older Cortex-A73"),
    float16: figure(35, "pJ/MAC", "estimated", "half of float32: twice the lanes an instruction"),
    int16: figure(70, "pJ/MAC", "estimated", "as float32: same instruction rate"),
    int8: figure(20, "pJ/MAC", "calibrated", `${FIT}: 3.6 to 85 is feasible`),
  },
  efficiency: {
    "depthwise-conv": figure(0.32, "x", "calibrated", "fit to 3 TensorFlow Lite results on a Pixel 4"),
  },
  halfRateReuse: figure(
    1,
    "MAC/weight",
    "estimated",
    "matrix-vector kernels reach about half the rate of matrix products",
  ),
  dram: {
    bandwidthGBs: figure(
      17,
      "GB/s",
      "calibrated",
      `${FIT}; half of the 34.1 GB/s peak (nanoreview.net, Snapdragon 855)`,
    ),
    energyPerBytePj: figure(
      150,
      "pJ/B",
      "calibrated",
      `${FIT}; between LPDDR4's 64 (Accelergy) and 162.5 (Horowitz, in google/qkeras config_public.py)`,
    ),
  },
  onChip: {
    capacityBytes: figure(
      2e6,
      "B",
      "public",
      "L3 of the Snapdragon 855 (AnandTech, Snapdragon 865 announcement)",
    ),
    bandwidthGBs: figure(80, "GB/s", "estimated", "4 cores, 16 bytes a cycle at 2.5 GHz, half sustained"),
    energyPerBytePj: figure(
      12,
      "pJ/B",
      "estimated",
      "1.25 pJ/B for 8 KB (PMC8934428 table 3), ten times that for megabytes",
    ),
  },
  overlap: figure(0.5, "share", "estimated", "convolution kernels overlap with prefetch in part"),
  overheadPerOperatorUs: figure(9.9, "us", "calibrated", "fit to 3 TensorFlow Lite results on a Pixel 4"),
  overheadPerGraphUs: figure(
    0,
    "us",
    "calibrated",
    "contained in the overhead of the operators by the same fit",
  ),
  staticPowerW: figure(2.45, "W", "calibrated", FIT),
  formats: {
    weights: [
      {
        bits: 1,
        storageBits: 2,
        arithmetic: "int8",
        status: "emulated",
        reason: PAD_2,
        computePenalty: unpackPenalty,
      },
      {
        bits: 1.58,
        storageBits: 2,
        arithmetic: "int8",
        status: "emulated",
        reason: PAD_2,
        computePenalty: unpackPenalty,
      },
      {
        bits: 2,
        storageBits: 2,
        arithmetic: "int8",
        status: "emulated",
        reason: "2-bit weights are unpacked to 8 bits before SDOT.",
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
        reason: "4-bit weights are unpacked to 8 bits before SDOT.",
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
        reason: "16-bit weights are converted to float16 or float32 before the multiply.",
      },
      { bits: 32, storageBits: 32, arithmetic: "float", status: "native" },
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
        reason: "16-bit activations run as widening multiplies (SMLAL): there is no 16-bit dot product.",
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
        reason: "Asymmetric weights need zero-point corrections.",
        computePenalty: figure(
          1.15,
          "x",
          "estimated",
          "row sums of the activations, as in oneDNN's 0-15% compensation",
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
        groupSizeMultipleOf: 32,
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
