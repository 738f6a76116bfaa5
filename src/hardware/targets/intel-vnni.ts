import { HardwareTarget } from "../contract.js";
import { loadHardwareProfile } from "../load-hardware-profile.js";
import { figure } from "./figure.js";

const RESNET =
  "ResNet50 v1.5, ONNX Runtime on a Xeon 8380, 4 cores an instance (intel/neural-compressor validated_model_list.md 935067c57ef2)";
const TDP = "270 W over 40 cores (AnandTech, 3rd Gen Xeon Scalable review): 27 W for 4 cores";
const UNPACK =
  "There is no instruction for this width: weights are stored in 4 bits and unpacked to 8 before VPDPBUSD.";
const PAD_8 = "No such width: weights are stored in 8 bits.";
const unpackPenalty = figure(
  1.12,
  "x",
  "estimated",
  "as fitted for ARM NEON: one shift and one AND a packed byte",
);

/** Intel AVX512-VNNI: four cores of an Ice Lake server with ONNX Runtime. */
export const intelVnni = /* @__PURE__ */ loadHardwareProfile({
  schemaVersion: 1,
  target: HardwareTarget.INTEL_VNNI,
  name: "Intel AVX512-VNNI (Ice Lake)",
  version: "1.0.0",
  device: "Xeon Platinum 8380, one of 8 instances of 4 cores, batch 1",
  runtime: "ONNX Runtime CPU / oneDNN",
  gmacsPerSecond: {
    float32: figure(247, "GMAC/s", "derived", `${RESNET}: 18.6 ms less 54 operators of 38 us`),
    int16: figure(236, "GMAC/s", "estimated", "VPDPWSSD does half the products of VPDPBUSD"),
    int8: figure(472, "GMAC/s", "derived", `${RESNET}: 10.7 ms less 54 operators of 38 us`),
  },
  energyPerMacPj: {
    float32: figure(65, "pJ/MAC", "estimated", `60% of ${TDP}, over the float32 rate`),
    int16: figure(68, "pJ/MAC", "estimated", `60% of ${TDP}, over the int16 rate`),
    int8: figure(34, "pJ/MAC", "estimated", `60% of ${TDP}, over the int8 rate`),
  },
  efficiency: {
    "depthwise-conv": figure(
      0.18,
      "x",
      "calibrated",
      "fit to 6 ONNX Runtime results on a Xeon 8380 (neural-compressor list)",
    ),
  },
  halfRateReuse: figure(
    1,
    "MAC/weight",
    "estimated",
    "matrix-vector kernels reach about half the rate of matrix products",
  ),
  dram: {
    bandwidthGBs: figure(
      25.6,
      "GB/s",
      "derived",
      "8 channels of DDR4-3200, 204.8 GB/s (wccftech), over 8 instances",
    ),
    energyPerBytePj: figure(
      162.5,
      "pJ/B",
      "public",
      "Horowitz, 1.3 nJ for 64 bits, in google/qkeras config_public.py",
    ),
  },
  onChip: {
    capacityBytes: figure(7.5e6, "B", "estimated", "an eighth of 60 MB of L3"),
    bandwidthGBs: figure(
      150,
      "GB/s",
      "estimated",
      "4 cores, 32 bytes a cycle at 2.6 GHz, under half sustained",
    ),
    energyPerBytePj: figure(
      12,
      "pJ/B",
      "estimated",
      "1.25 pJ/B for 8 KB (PMC8934428 table 3), ten times that for megabytes",
    ),
  },
  overlap: figure(0.5, "share", "estimated", "out-of-order cores hide part of the loads"),
  overheadPerOperatorUs: figure(
    38,
    "us",
    "calibrated",
    "fit to 6 ONNX Runtime results on a Xeon 8380 (neural-compressor list)",
  ),
  overheadPerGraphUs: figure(
    0,
    "us",
    "calibrated",
    "contained in the overhead of the operators by the same fit",
  ),
  staticPowerW: figure(10.8, "W", "estimated", `40% of ${TDP}`),
  formats: {
    weights: [
      {
        bits: 1,
        storageBits: 4,
        arithmetic: "int8",
        status: "emulated",
        reason: UNPACK,
        computePenalty: unpackPenalty,
      },
      {
        bits: 1.58,
        storageBits: 4,
        arithmetic: "int8",
        status: "emulated",
        reason: UNPACK,
        computePenalty: unpackPenalty,
      },
      {
        bits: 2,
        storageBits: 4,
        arithmetic: "int8",
        status: "emulated",
        reason: UNPACK,
        computePenalty: unpackPenalty,
      },
      {
        bits: 3,
        storageBits: 4,
        arithmetic: "int8",
        status: "emulated",
        reason: UNPACK,
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
        reason: "16-bit weights are widened to float32: Ice Lake has no float16 arithmetic.",
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
        reason: "16-bit activations run as VPDPWSSD at half the 8-bit rate, with weights widened to 16 bits.",
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
        reason: "Asymmetric weights need zero-point compensation.",
        computePenalty: figure(
          1.15,
          "x",
          "public",
          "oneDNN int8_computations.md 515bfba68c02: compensation costs 0 to 15%",
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
        status: "emulated",
        reason: "Block-wise weights run weight-only: dequantized to float32 before the multiply.",
        floatOnly: true,
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
