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
  "bench/validation-points/intel-vnni.json";
const TDP = "270 W over 40 cores (AnandTech, 3rd Gen Xeon Scalable review): 27 W for 4 cores";
const UNPACK =
  "There is no instruction for this width: weights are stored in 4 bits and unpacked to 8 " +
  "before VPDPBUSD.";
const CONV_8 =
  "MatMulNBits is for matrix products only: a convolution's weights are stored in 8 bits.";
const PAD_8 = "No such width: weights are stored in 8 bits.";
const unpacked = {
  computePenalty: figure(
    1.12,
    "x",
    "estimated",
    "as for ARM NEON: one shift and one AND a packed byte",
  ),
};
const products = { operators: ["gemm", "matmul", "attention", "embedding", "other"] };

const saturation = {
  when: { weightBits: [8], activationBits: [4, 8], granularities: ["per-tensor", "per-channel"] },
  status: "emulated",
  reason:
    "Without VNNI, u8 x s8 products saturate int16 in VPMADDUBSW: full 8-bit weights need " +
    "reduce_range (7 bits) or u8 x u8.",
};

const formatsWith = (combinations: readonly object[]) => ({
  weights: [
    ...[1, 1.58, 2, 3, 4].flatMap((bits) => [
      emulatedWeights(bits, 4, "int8", UNPACK, { when: products, ...unpacked }),
      emulatedWeights(bits, 8, "int8", CONV_8),
    ]),
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
      reason:
        "16-bit activations run as VPDPWSSD at half the 8-bit rate, with weights widened to " +
        "16 bits.",
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
      reason: "Asymmetric weights need zero-point compensation.",
      computePenalty: figure(
        1.15,
        "x",
        "public",
        "oneDNN int8_computations.md 515bfba68c02: compensation costs 0 to 15%",
      ),
    },
  },
  activationSchemes: { symmetric: native(), asymmetric: native(), "power-of-two": native() },
  granularities: {
    "per-tensor": native(),
    "per-channel": native(),
    "per-group": {
      status: "emulated",
      reason: "Block-wise weights run weight-only: dequantized to float32 before the multiply.",
      floatOnly: true,
      scalePenalty: groupScalePenalty,
    },
  },
  combinations,
  container: {
    name: "ONNX (QDQ)",
    scaleBits: figure(
      32,
      "bit",
      "public",
      "ONNX DequantizeLinear: scales of a float32 model are float32",
    ),
    zeroPointBits: figure(
      8,
      "bit",
      "public",
      "ONNX DequantizeLinear: a zero point has the type of the codes",
    ),
  },
});

const validation = {
  latencyRelativeError: figure(
    0.15,
    "share",
    "derived",
    "median absolute relative error of the 31 unseen and fresh points of this target, " +
      "bench/validation-points/intel-vnni.json",
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
  target: HardwareTarget.INTEL_VNNI,
  halfRateReuse: figure(
    1,
    "MAC/weight",
    "estimated",
    "matrix-vector kernels reach about half the rate of matrix products",
  ),
  outputChannelTile: figure(
    16,
    "channel",
    "estimated",
    "16 float32 lanes of a 512-bit register; blocks of 16 channels in oneDNN and MLAS, from memory",
  ),
  overlap: figure(
    0.8,
    "share",
    "estimated",
    "out-of-order cores and hardware prefetch hide most of the loads of a matrix product",
  ),
  overheadPerGraphUs: figure(0, "us", "estimated", "contained in the overhead of the operators"),
  fusion: {
    sharedInput: false,
    residualAdd: false,
    tiesAdditionInputs: false,
    followedBy: ["Softmax", "Gelu"],
    integerFollowers: false,
    source:
      "ONNX Runtime CPU: clamps join the operator before them; additions and concatenations " +
      "stand alone; attention and BiasGelu are single operators of an optimized transformer; " +
      "other operators after an integer layer run in float32",
  },
};
const conversion = (overheadUs: number, bandwidthGBs: number) => ({
  overheadUs: figure(
    overheadUs,
    "us",
    "estimated",
    "QuantizeLinear and DequantizeLinear are operators as any other",
  ),
  bandwidthGBs: figure(
    bandwidthGBs,
    "GB/s",
    "estimated",
    "rounding and narrowing run at a few elements a cycle and core",
  ),
});
const rates = (float32: number, int8: number, source: string, tag: "calibrated" | "estimated") => ({
  float32: figure(float32, "GMAC/s", tag, source),
  int16: figure(int8 / 2, "GMAC/s", "estimated", "VPDPWSSD does half the products of VPDPBUSD"),
  int8: figure(int8, "GMAC/s", tag, source),
});
const energyPerMacPj = (float32: number, source: string) => ({
  float32: figure(float32, "pJ/MAC", "estimated", source),
  int16: figure(float32, "pJ/MAC", "estimated", `as float32; ${source}`),
  int8: figure(float32 / 2, "pJ/MAC", "estimated", `half of float32; ${source}`),
});
const ddr = figure(
  162.5,
  "pJ/B",
  "public",
  "Horowitz, 1.3 nJ for 64 bits, in google/qkeras config_public.py",
);

/**
 * Intel VNNI: server, client and the machine of this repository's tests. The default device is
 * first.
 */
export const intelVnniDevices = /* @__PURE__ */ devicesOf(shared, [
  {
    name: "Intel AVX512-VNNI (Ice Lake)",
    deviceId: "xeon-8380",
    device: "Xeon Platinum 8380, one of 8 instances of 4 cores, batch 1",
    runtime: "ONNX Runtime CPU / oneDNN",
    threads: figure(
      4,
      "thread",
      "public",
      "neural-compressor validated_model_list.md: 4 cores an instance",
    ),
    gmacsPerSecond: rates(521, 1350, FIT, "calibrated"),
    energyPerMacPj: energyPerMacPj(65, `60% of ${TDP}, over the float32 rate`),
    efficiency: {
      conv: figure(0.488, "x", "calibrated", FIT),
      "depthwise-conv": figure(0.0443, "x", "calibrated", FIT),
    },
    dram: {
      bandwidthGBs: figure(
        25.6,
        "GB/s",
        "derived",
        "8 channels of DDR4-3200, 204.8 GB/s (wccftech), over 8 instances",
      ),
      energyPerBytePj: ddr,
    },
    onChip: {
      capacityBytes: figure(
        12.5e6,
        "B",
        "estimated",
        "an eighth of 60 MB of L3 and four times 1.25 MB of L2",
      ),
      bandwidthGBs: figure(
        150,
        "GB/s",
        "estimated",
        "4 cores, 32 bytes a cycle at 2.6 GHz, under half sustained",
      ),
      energyPerBytePj: cacheEnergy,
    },
    overheadPerOperatorUs: figure(40.5, "us", "calibrated", FIT),
    powerNs: figure(
      4,
      "ns",
      "estimated",
      "a scalar pow of about 40 cycles, over 4 cores at 2.6 GHz",
    ),
    conversion: conversion(5, 60),
    staticPowerW: figure(10.8, "W", "estimated", `40% of ${TDP}`),
    formats: formatsWith([]),
  },
  {
    name: "Intel AVX512-VNNI (Ice Lake client)",
    deviceId: "ice-lake-client",
    device: "Surface Book 3 (Core i7-1065G7, 4 cores), 4 threads",
    runtime: "llama.cpp / ONNX Runtime CPU",
    threads: figure(4, "thread", "public", "microsoft/T-MAC profiling_data.md: up to 4 threads"),
    gmacsPerSecond: rates(180, 189, FIT, "calibrated"),
    energyPerMacPj: energyPerMacPj(
      60,
      "about 15 W of processor over the float32 rate, less static power",
    ),
    efficiency: {
      conv: figure(0.49, "x", "estimated", "as fitted on the Xeon"),
      "depthwise-conv": figure(0.044, "x", "estimated", "as fitted on the Xeon"),
    },
    dram: {
      bandwidthGBs: figure(36, "GB/s", "estimated", "60% of LPDDR4X-3733 at 128 bits, 59.7 GB/s"),
      energyPerBytePj: figure(
        64,
        "pJ/B",
        "public",
        "LPDDR4, 8 pJ/bit (Accelergy cacti_wrapper.py 291018b12cc9)",
      ),
    },
    onChip: {
      capacityBytes: figure(8e6, "B", "estimated", "L3 of the Core i7-1065G7, from memory"),
      bandwidthGBs: figure(
        120,
        "GB/s",
        "estimated",
        "4 cores, 32 bytes a cycle at 3 GHz, a third sustained",
      ),
      energyPerBytePj: cacheEnergy,
    },
    overheadPerOperatorUs: figure(
      10,
      "us",
      "estimated",
      "less than on the server: no waiting across a mesh",
    ),
    conversion: conversion(3, 50),
    staticPowerW: figure(5, "W", "estimated", "a third of the 15 W that the processor is made for"),
    // llama.cpp multiplies blocks in integers, where ONNX Runtime dequantizes.
    formats: ((base: ReturnType<typeof formatsWith>) => ({
      ...base,
      weights: [
        ...[1, 1.58, 2].map((bits) =>
          emulatedWeights(
            bits,
            2,
            "int8",
            "2-bit weights (Q2_K) are unpacked to 8 bits before VPDPBUSD.",
            unpacked,
          ),
        ),
        ...base.weights.filter(({ bits }) => bits > 2),
      ],
      granularities: {
        ...base.granularities,
        "per-group": {
          status: "native",
          storageBits: [2, 4],
          otherWidths: "emulated",
          groupSizeMultipleOf: 32,
          scalePenalty: groupScalePenalty,
        },
      },
    }))(formatsWith([])),
  },
  {
    name: "AVX512-VNNI virtual machine",
    deviceId: "two-core-vm",
    device: "2 virtual cores of a server processor with AVX512-VNNI, 2 threads",
    runtime: "ONNX Runtime CPU",
    threads: figure(
      2,
      "thread",
      "estimated",
      "two virtual cores; fit it to your machine with fitHardwareProfile",
    ),
    gmacsPerSecond: rates(230, 520, "about two fifths of the Xeon 8380's four cores", "estimated"),
    energyPerMacPj: energyPerMacPj(65, "as on the Xeon 8380"),
    efficiency: {
      conv: figure(0.49, "x", "estimated", "as fitted on the Xeon 8380"),
      "depthwise-conv": figure(0.044, "x", "estimated", "as fitted on the Xeon 8380"),
    },
    dram: {
      bandwidthGBs: figure(
        15,
        "GB/s",
        "estimated",
        "what two cores draw from a shared memory controller",
      ),
      energyPerBytePj: ddr,
    },
    onChip: {
      capacityBytes: figure(8e6, "B", "estimated", "two cores' L2 and their share of L3"),
      bandwidthGBs: figure(
        80,
        "GB/s",
        "estimated",
        "2 cores, 32 bytes a cycle, under half sustained",
      ),
      energyPerBytePj: cacheEnergy,
    },
    overheadPerOperatorUs: figure(
      6,
      "us",
      "estimated",
      "few threads to wait for: a fifth of the Xeon's",
    ),
    conversion: conversion(3, 20),
    staticPowerW: figure(5, "W", "estimated", "as the Xeon 8380, by cores"),
    formats: formatsWith([]),
  },
  {
    name: "Intel AVX-512 without VNNI (Skylake)",
    deviceId: "skylake-no-vnni",
    device:
      "Xeon Platinum 8180, 4 cores: AVX-512 before VNNI, to see what the instruction is worth",
    runtime: "ONNX Runtime CPU / oneDNN",
    threads: figure(4, "thread", "estimated", "as the Xeon 8380's instances"),
    gmacsPerSecond: rates(
      250,
      333,
      "42.7 against 32 MAC a cycle, core (oneDNN int8_computations.md)",
      "estimated",
    ),
    energyPerMacPj: energyPerMacPj(65, "as on the Xeon 8380"),
    efficiency: {
      conv: figure(0.49, "x", "estimated", "as fitted on the Xeon 8380"),
      "depthwise-conv": figure(0.044, "x", "estimated", "as fitted on the Xeon 8380"),
    },
    dram: {
      bandwidthGBs: figure(
        16,
        "GB/s",
        "estimated",
        "6 channels of DDR4-2666, 128 GB/s, over 8 instances",
      ),
      energyPerBytePj: ddr,
    },
    onChip: {
      capacityBytes: figure(
        9.5e6,
        "B",
        "estimated",
        "a share of 38.5 MB of L3 and four times 1 MB of L2",
      ),
      bandwidthGBs: figure(150, "GB/s", "estimated", "as on the Xeon 8380"),
      energyPerBytePj: cacheEnergy,
    },
    overheadPerOperatorUs: figure(30, "us", "estimated", "as on the Xeon 8380"),
    conversion: conversion(5, 60),
    staticPowerW: figure(10.8, "W", "estimated", "as on the Xeon 8380"),
    formats: formatsWith([saturation]),
  },
]);

/** The default device of {@link intelVnniDevices}. */
export const intelVnni = /* @__PURE__ */ (() => intelVnniDevices[0])();
