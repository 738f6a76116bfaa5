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
  "bench/validation-points/nvidia-tensorrt.json";
const PAD_4 = "No such width: weights are stored in 4 bits, weight-only, and computed in float16.";
const PAD_8 = "No such width: weights are stored in 8 bits.";
const CONV_8 = "INT4 is for matrix products only: a convolution's weights are stored in 8 bits.";
const NO_ZERO_POINT = "TensorRT is symmetric only: it has no zero point; costed as if re-encoded.";
const products = { operators: ["gemm", "matmul", "attention", "embedding"] };

const formats = {
  weights: [
    ...[1, 1.58, 2, 3].flatMap((bits) => [
      emulatedWeights(bits, 4, "float", PAD_4, { when: products }),
      emulatedWeights(bits, 8, "int8", CONV_8),
    ]),
    emulatedWeights(
      4,
      4,
      "float",
      "INT4 is weight-only: weights are dequantized and computed in float16.",
      {
        when: products,
      },
    ),
    emulatedWeights(4, 8, "int8", CONV_8),
    emulatedWeights(5, 8, "int8", PAD_8),
    emulatedWeights(6, 8, "int8", PAD_8),
    nativeWeights(8, 8, "int8"),
    emulatedWeights(16, 16, "float", "There is no int16: stored and computed as float16."),
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
      floatFormat: "float16",
      status: "emulated",
      reason: "16-bit activations move and compute as float16.",
    },
    { bits: 32, storageBits: 32, floatFormat: "float32", status: "native" },
  ],
  weightOnly: {
    status: "emulated",
    reason: "Weights are dequantized and computed in float (weight-only).",
  },
  weightSchemes: {
    symmetric: native(),
    "power-of-two": native(),
    asymmetric: { status: "refused", reason: `Asymmetric weights: ${NO_ZERO_POINT}` },
  },
  activationSchemes: {
    symmetric: native(),
    "power-of-two": native(),
    asymmetric: { status: "refused", reason: `Asymmetric activations: ${NO_ZERO_POINT}` },
  },
  granularities: {
    "per-tensor": native(),
    "per-channel": native(),
    "per-group": {
      status: "native",
      storageBits: [4],
      otherWidths: "refused",
      floatOnly: true,
      groupSizes: [64, 128],
      scalePenalty: groupScalePenalty,
    },
  },
  combinations: [
    {
      when: { weightBits: [5, 6, 8], activationBits: [16, 32] },
      status: "emulated",
      reason:
        "8-bit weights beside float activations are folded when the engine is built: stored " +
        "and computed in float16.",
      floatOnly: true,
      storageBits: 16,
    },
    {
      when: {
        operators: ["conv", "pointwise-conv"],
        activationBits: [4, 8],
        inputChannelsNotMultipleOf: 4,
      },
      status: "emulated",
      reason:
        "INT8 convolutions take channels in fours and 32s: others are padded, with a reformat.",
    },
    {
      when: { operators: ["recurrent"], activationBits: [4, 8] },
      status: "emulated",
      reason: "Recurrent cells have no INT8 kernel: computed in float16.",
      floatOnly: true,
    },
  ],
  container: {
    name: "TensorRT engine (ONNX with Q/DQ before it is built)",
    scaleBits: figure(
      32,
      "bit",
      "public",
      "TensorRT, Working with Quantized Types: scales are float32 constants",
    ),
    zeroPointBits: figure(
      0,
      "bit",
      "public",
      "TensorRT, Working with Quantized Types: there is no zero point",
    ),
  },
};

const validation = {
  latencyRelativeError: figure(
    0.08,
    "share",
    "derived",
    "median absolute relative error of the 35 unseen and fresh points of this target, " +
      "bench/validation-points/nvidia-tensorrt.json",
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
  target: HardwareTarget.NVIDIA_TENSORRT,
  runtime: "TensorRT 8.4 to 11, explicit Q/DQ",
  halfRateReuse: figure(
    16,
    "MAC/weight",
    "estimated",
    "a tensor-core tile has 16 rows; matrix-vector products fill one",
  ),
  outputChannelTile: figure(
    32,
    "channel",
    "public",
    "TensorRT tensor formats: kCHW32 for INT8 tensor cores",
  ),
  overlap: figure(0.9, "share", "estimated", "loads run beside the tensor cores"),
  fusion: {
    sharedInput: true,
    residualAdd: true,
    tiesAdditionInputs: true,
    followedBy: ["Sigmoid", "HardSwish", "Swish", "Mul", "Gelu", "Softmax", "Tanh"],
    integerFollowers: true,
    source:
      "TensorRT developer guide, layer fusions: convolution and activation, convolution and " +
      "addition (INT8 on both inputs), point-wise, multi-head attention",
  },
  formats,
};

const cores = (float32: number, float16: number, int8: number, vectorSource: string) => ({
  float32: figure(float32, "GMAC/s", "derived", vectorSource),
  float16: figure(float16, "GMAC/s", "calibrated", FIT),
  int8: figure(int8, "GMAC/s", "calibrated", FIT),
});
const energyPerMacPj = (int8: number, source: string) => ({
  float32: figure(
    int8 * 6,
    "pJ/MAC",
    "estimated",
    "outside tensor cores: several times the float16 figure",
  ),
  float16: figure(int8 * 2, "pJ/MAC", "estimated", "twice int8, as the rates"),
  int8: figure(int8, "pJ/MAC", "derived", source),
});
const conversion = (overheadUs: number, bandwidthGBs: number) => ({
  overheadUs: figure(
    overheadUs,
    "us",
    "estimated",
    "a reformat kernel costs what any kernel costs",
  ),
  bandwidthGBs: figure(
    bandwidthGBs,
    "GB/s",
    "estimated",
    "reformats run at the speed of DRAM or L2",
  ),
});
const hbm = figure(
  31,
  "pJ/B",
  "public",
  "HBM2, 3.9 pJ/bit (Accelergy cacti_wrapper.py 291018b12cc9)",
);

/** NVIDIA TensorRT on an edge board and on servers. The default device is first. */
export const nvidiaTensorrtDevices = /* @__PURE__ */ devicesOf(shared, [
  {
    name: "NVIDIA TensorRT (Jetson AGX Orin)",
    deviceId: "jetson-agx-orin",
    device: "Jetson AGX Orin 64 GB, MaxN, GPU only",
    gmacsPerSecond: cores(
      1855,
      18_000,
      38_600,
      "70% of half of 5.3 TFLOPS float32 outside tensor cores (mzph.cn/web/30785, AGX Orin brief)",
    ),
    energyPerMacPj: energyPerMacPj(
      1.3,
      "A100 1.28 and L4 1.37 from thermal design power over rate; Orin MaxQ at the wall 5.0 " +
        "with idle",
    ),
    efficiency: { "depthwise-conv": figure(0.05, "x", "estimated", "as fitted on the A100") },
    halfRateOutputs: figure(77_500, "element", "calibrated", FIT),
    dram: {
      bandwidthGBs: figure(
        164,
        "GB/s",
        "estimated",
        "80% of 256-bit LPDDR5's 204.8 GB/s (MLPerf Orin_TRT.json)",
      ),
      energyPerBytePj: figure(
        64,
        "pJ/B",
        "public",
        "LPDDR4, 8 pJ/bit (Accelergy cacti_wrapper.py 291018b12cc9); none found for LPDDR5",
      ),
    },
    onChip: {
      capacityBytes: figure(
        4e6,
        "B",
        "public",
        "L2 of AGX Orin's GPU (mzph.cn/web/30785, AGX Orin brief)",
      ),
      bandwidthGBs: figure(
        1000,
        "GB/s",
        "estimated",
        "L2 of an Ampere GPU, about five times its DRAM",
      ),
      energyPerBytePj: cacheEnergy,
    },
    overheadPerOperatorUs: figure(5.66, "us", "calibrated", FIT),
    overheadPerGraphUs: figure(
      20,
      "us",
      "estimated",
      "enqueue and synchronisation of one inference",
    ),
    conversion: conversion(4.5, 150),
    staticPowerW: figure(
      10,
      "W",
      "estimated",
      "module power beside the GPU's arithmetic; 15 to 60 W configurable (Fixstars, Orin vs Thor)",
    ),
  },
  {
    name: "NVIDIA TensorRT (A100)",
    deviceId: "a100",
    device: "A100 SXM 40 GB",
    gmacsPerSecond: cores(
      6800,
      121_000,
      230_000,
      "70% of half of 19.5 TFLOPS float32 (sysrqmts.com)",
    ),
    energyPerMacPj: energyPerMacPj(
      1.28,
      "400 W of thermal design power over 312 TMAC/s of peak int8",
    ),
    efficiency: { "depthwise-conv": figure(0.0489, "x", "calibrated", FIT) },
    halfRateOutputs: figure(194_000, "element", "calibrated", FIT),
    dram: {
      bandwidthGBs: figure(
        1244,
        "GB/s",
        "estimated",
        "80% of 1555 GB/s (sysrqmts.com, A100 SXM4 40 GB)",
      ),
      energyPerBytePj: hbm,
    },
    onChip: {
      capacityBytes: figure(40e6, "B", "public", "L2 of an A100 (hmc-tech.com, L4 vs A100 40 GB)"),
      bandwidthGBs: figure(
        4000,
        "GB/s",
        "estimated",
        "L2 of an Ampere GPU, about three times its DRAM",
      ),
      energyPerBytePj: cacheEnergy,
    },
    overheadPerOperatorUs: figure(4.78, "us", "calibrated", FIT),
    overheadPerGraphUs: figure(
      10,
      "us",
      "estimated",
      "enqueue and synchronisation of one inference",
    ),
    conversion: conversion(4, 1000),
    staticPowerW: figure(80, "W", "estimated", "a fifth of 400 W of thermal design power"),
  },
  {
    name: "NVIDIA TensorRT (L4)",
    deviceId: "l4",
    device: "L4 24 GB",
    gmacsPerSecond: cores(
      10_900,
      39_000,
      78_000,
      "70% of half of 31.3 TFLOPS float32 (hmc-tech.com)",
    ),
    energyPerMacPj: energyPerMacPj(
      1.37,
      "72 W of thermal design power over 52.7 TMAC/s of offline ResNet50",
    ),
    efficiency: { "depthwise-conv": figure(0.05, "x", "estimated", "as fitted on the A100") },
    halfRateOutputs: figure(138_000, "element", "calibrated", FIT),
    dram: {
      bandwidthGBs: figure(240, "GB/s", "estimated", "80% of 300 GB/s (fpsbench.com, L4)"),
      energyPerBytePj: figure(
        112,
        "pJ/B",
        "public",
        "GDDR5, 14 pJ/bit (Accelergy cacti_wrapper.py 291018b12cc9)",
      ),
    },
    onChip: {
      capacityBytes: figure(48e6, "B", "public", "L2 of an L4 (hmc-tech.com, L4 vs A100 40 GB)"),
      bandwidthGBs: figure(2000, "GB/s", "estimated", "L2 of an Ada GPU, several times its DRAM"),
      energyPerBytePj: cacheEnergy,
    },
    overheadPerOperatorUs: figure(3.33, "us", "calibrated", FIT),
    overheadPerGraphUs: figure(
      10,
      "us",
      "estimated",
      "enqueue and synchronisation of one inference",
    ),
    conversion: conversion(3.5, 200),
    staticPowerW: figure(16, "W", "estimated", "board power beside the arithmetic, of 72 W"),
  },
]);
