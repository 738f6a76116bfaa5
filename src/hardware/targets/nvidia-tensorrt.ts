import { HardwareTarget } from "../contract.js";
import { loadHardwareProfile } from "../load-hardware-profile.js";
import { figure } from "./figure.js";

const BRIEF =
  "summary of NVIDIA's AGX Orin technical brief (mzph.cn/web/30785): 170 sparse INT8 TOPS on the GPU, half of that dense";
const FIT =
  "fit to 2 MLPerf 3.1 results of AGX Orin (mlcommons/inference_results_v3.1): 70% of peak; few points";
const PAD_4 = "No such width: weights are stored in 4 bits, weight-only, and computed in float16.";
const PAD_8 = "No such width: weights are stored in 8 bits.";
const NO_ZERO_POINT = "TensorRT is symmetric only: it has no zero point; costed as if re-encoded.";

/** NVIDIA TensorRT on a Jetson AGX Orin. */
export const nvidiaTensorrt = /* @__PURE__ */ loadHardwareProfile({
  schemaVersion: 1,
  target: HardwareTarget.NVIDIA_TENSORRT,
  name: "NVIDIA TensorRT (Jetson AGX Orin)",
  version: "1.0.0",
  device: "Jetson AGX Orin 64 GB, MaxN, GPU only",
  runtime: "TensorRT 10/11, explicit Q/DQ",
  gmacsPerSecond: {
    float32: figure(
      1855,
      "GMAC/s",
      "derived",
      "70% of half of 5.3 TFLOPS float32 outside tensor cores (same brief)",
    ),
    float16: figure(
      14_875,
      "GMAC/s",
      "derived",
      "half of the int8 rate: tensor cores have half as many float16 lanes",
    ),
    int8: figure(29_750, "GMAC/s", "calibrated", `${FIT}; peak from ${BRIEF}`),
  },
  energyPerMacPj: {
    float32: figure(8, "pJ/MAC", "estimated", "outside tensor cores: several times the float16 figure"),
    float16: figure(2.6, "pJ/MAC", "estimated", "twice int8, as the rates"),
    int8: figure(
      1.3,
      "pJ/MAC",
      "derived",
      "A100 1.28 and L4 1.37 from thermal design power over rate; Orin MaxQ at the wall 5.0 with idle",
    ),
  },
  efficiency: {
    "depthwise-conv": figure(
      0.05,
      "x",
      "calibrated",
      "fit to 5 A100 results (NVIDIA/TensorRT model_zoo.md 768d994b7305)",
    ),
  },
  halfRateReuse: figure(
    16,
    "MAC/weight",
    "estimated",
    "a tensor-core tile has 16 rows; matrix-vector products fill one",
  ),
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
      "L2 cache of AGX Orin's GPU, from the same technical brief summary (mzph.cn/web/30785)",
    ),
    bandwidthGBs: figure(1000, "GB/s", "estimated", "L2 of an Ampere GPU, about five times its DRAM"),
    energyPerBytePj: figure(
      12,
      "pJ/B",
      "estimated",
      "1.25 pJ/B for 8 KB (PMC8934428 table 3), ten times that for megabytes",
    ),
  },
  overlap: figure(0.9, "share", "estimated", "loads run beside the tensor cores"),
  overheadPerOperatorUs: figure(4.5, "us", "calibrated", FIT),
  overheadPerGraphUs: figure(20, "us", "estimated", "enqueue and synchronisation of one inference"),
  staticPowerW: figure(
    10,
    "W",
    "estimated",
    "module power beside the GPU's arithmetic; 15 to 60 W configurable (Fixstars, Orin vs Thor)",
  ),
  formats: {
    weights: [
      { bits: 1, storageBits: 4, arithmetic: "float", status: "emulated", reason: PAD_4 },
      { bits: 1.58, storageBits: 4, arithmetic: "float", status: "emulated", reason: PAD_4 },
      { bits: 2, storageBits: 4, arithmetic: "float", status: "emulated", reason: PAD_4 },
      { bits: 3, storageBits: 4, arithmetic: "float", status: "emulated", reason: PAD_4 },
      {
        bits: 4,
        storageBits: 4,
        arithmetic: "float",
        status: "emulated",
        reason: "INT4 is weight-only: weights are dequantized and computed in float16.",
      },
      { bits: 5, storageBits: 8, arithmetic: "int8", status: "emulated", reason: PAD_8 },
      { bits: 6, storageBits: 8, arithmetic: "int8", status: "emulated", reason: PAD_8 },
      { bits: 8, storageBits: 8, arithmetic: "int8", status: "native" },
      {
        bits: 16,
        storageBits: 16,
        arithmetic: "float",
        status: "emulated",
        reason: "There is no int16: stored and computed as float16.",
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
      symmetric: { status: "native" },
      "power-of-two": { status: "native" },
      asymmetric: { status: "refused", reason: `Asymmetric weights: ${NO_ZERO_POINT}` },
    },
    activationSchemes: {
      symmetric: { status: "native" },
      "power-of-two": { status: "native" },
      asymmetric: { status: "refused", reason: `Asymmetric activations: ${NO_ZERO_POINT}` },
    },
    granularities: {
      "per-tensor": { status: "native" },
      "per-channel": { status: "native" },
      "per-group": {
        status: "native",
        storageBits: [4],
        otherWidths: "refused",
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
