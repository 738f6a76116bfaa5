import { HardwareTarget } from "../contract.js";
import { loadHardwareProfile } from "../load-hardware-profile.js";
import { figure } from "./figure.js";

const FIT =
  "fit to 5 Qualcomm AI Hub results on a Galaxy S24 (quic/ai-hub-models 52c080d245d2, mobilenet_v2 and resnet50 perf.yaml)";
const DECODE = "fit of a serial cost model to the owner's Hexagon row (1.75e9 weights, one decode step)";
const NARROW = "4-bit weights are computed on the 8-bit path; only the transfer from DRAM to VTCM shrinks.";
const CONV_8 =
  "The HTP takes 4-bit weights only for 1 x 1 convolutions and matrix products with more than 32 outputs; stored in 8 bits here.";
const PAD_2 = "No such width: weights are stored in 2 bits.";
const PAD_4 =
  "No such width here: weights are stored in 4 bits (2-bit weights need 8-bit activations and a fully connected layer).";
const PAD_8 = "No such width: weights are stored in 8 bits.";
const low = { operators: ["pointwise-conv", "gemm", "matmul", "attention"], minOutputChannels: 33 };
const fullyConnected = { operators: ["gemm", "matmul", "attention"], activationBits: [4, 8] };

/** Qualcomm Hexagon tensor processor (HTP). */
export const qualcommHexagon = /* @__PURE__ */ loadHardwareProfile({
  schemaVersion: 1,
  target: HardwareTarget.QUALCOMM_HEXAGON,
  name: "Qualcomm Hexagon HTP v75",
  version: "1.0.0",
  device: "Snapdragon 8 Gen 3 (Galaxy S24)",
  runtime: "QNN HTP (2.49)",
  gmacsPerSecond: {
    float16: figure(
      3850,
      "GMAC/s",
      "derived",
      "the int8 rate over 2.8, the ResNet50 w8a8 : float ratio on the Galaxy S24",
    ),
    int16: figure(
      6170,
      "GMAC/s",
      "derived",
      "the int8 rate over 1.75, the MobileNetV2 w8a16 : w8a8 time ratio on the Galaxy S24",
    ),
    int8: figure(10_800, "GMAC/s", "calibrated", `${FIT}: 48% of 22.5 TMAC/s, overheads apart`),
  },
  energyPerMacPj: {
    float16: figure(
      6,
      "pJ/MAC",
      "estimated",
      "above int16: Qualcomm orders power as A8 < A16 < FP16 (QNN HTP guidelines)",
    ),
    int16: figure(5.25, "pJ/MAC", "estimated", "int8 times the 1.75 of the time ratio"),
    int8: figure(3, "pJ/MAC", "calibrated", `${DECODE}: 0.4 to 16 is feasible`),
  },
  efficiency: { "depthwise-conv": figure(0.17, "x", "calibrated", FIT) },
  halfRateReuse: figure(
    4,
    "MAC/weight",
    "estimated",
    "the tensor unit needs several rows to fill; matrix-vector products leave most idle",
  ),
  dram: {
    bandwidthGBs: figure(
      44,
      "GB/s",
      "derived",
      "Llama-2-7B w4a16 decode on the Galaxy S24, 12.85 tokens/s (AI Hub perf.yaml)",
    ),
    energyPerBytePj: figure(130, "pJ/B", "calibrated", `${DECODE}; LPDDR4 devices alone take 64 (Accelergy)`),
  },
  onChip: {
    capacityBytes: figure(
      8e6,
      "B",
      "public",
      "VTCM of SM8650 (pytorch/executorch qc_schema.py 0e9182a36b1c)",
    ),
    bandwidthGBs: figure(400, "GB/s", "estimated", "VTCM feeds the vector units about 256 bytes a cycle"),
    energyPerBytePj: figure(
      6,
      "pJ/B",
      "estimated",
      "1.25 pJ/B for 8 KB (PMC8934428 table 3), five times that for a scratchpad of megabytes",
    ),
  },
  overlap: figure(0.9, "share", "estimated", "transfers to VTCM run beside the tensor unit"),
  overheadPerOperatorUs: figure(1.4, "us", "calibrated", FIT),
  overheadPerGraphUs: figure(230, "us", "calibrated", `${FIT}; poorly identified`),
  staticPowerW: figure(1.15, "W", "calibrated", DECODE),
  formats: {
    weights: [
      {
        bits: 1,
        when: fullyConnected,
        storageBits: 2,
        arithmetic: "int8",
        status: "emulated",
        reason: PAD_2,
      },
      { bits: 1, when: low, storageBits: 4, arithmetic: "int8", status: "emulated", reason: PAD_4 },
      { bits: 1, storageBits: 8, arithmetic: "int8", status: "emulated", reason: CONV_8 },
      {
        bits: 1.58,
        when: fullyConnected,
        storageBits: 2,
        arithmetic: "int8",
        status: "emulated",
        reason: PAD_2,
      },
      { bits: 1.58, when: low, storageBits: 4, arithmetic: "int8", status: "emulated", reason: PAD_4 },
      { bits: 1.58, storageBits: 8, arithmetic: "int8", status: "emulated", reason: CONV_8 },
      { bits: 2, when: fullyConnected, storageBits: 2, arithmetic: "int8", status: "native" },
      { bits: 2, when: low, storageBits: 4, arithmetic: "int8", status: "emulated", reason: PAD_4 },
      { bits: 2, storageBits: 8, arithmetic: "int8", status: "emulated", reason: CONV_8 },
      { bits: 3, when: low, storageBits: 4, arithmetic: "int8", status: "emulated", reason: PAD_4 },
      { bits: 3, storageBits: 8, arithmetic: "int8", status: "emulated", reason: CONV_8 },
      { bits: 4, when: low, storageBits: 4, arithmetic: "int8", status: "emulated", reason: NARROW },
      { bits: 4, storageBits: 8, arithmetic: "int8", status: "emulated", reason: CONV_8 },
      { bits: 5, storageBits: 8, arithmetic: "int8", status: "emulated", reason: PAD_8 },
      { bits: 6, storageBits: 8, arithmetic: "int8", status: "emulated", reason: PAD_8 },
      { bits: 8, storageBits: 8, arithmetic: "int8", status: "native" },
      { bits: 16, storageBits: 16, arithmetic: "int16", status: "native" },
      {
        bits: 32,
        storageBits: 16,
        arithmetic: "float",
        status: "emulated",
        reason: "The HTP has no float32 path: stored and computed in float16.",
      },
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
      { bits: 16, storageBits: 16, integerFormat: "int16", floatFormat: "float16", status: "native" },
      {
        bits: 32,
        storageBits: 16,
        floatFormat: "float16",
        status: "emulated",
        reason: "Activations left in float32 move and compute in float16.",
      },
    ],
    weightOnly: { status: "native" },
    weightSchemes: {
      symmetric: { status: "native" },
      "power-of-two": { status: "native" },
      asymmetric: {
        status: "emulated",
        reason: "Asymmetric weights need zero-point corrections; re-encode them as symmetric.",
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
        status: "emulated",
        reason:
          "Block-wise weights need float activations on the HTP (AIMET block-wise quantization): computed in float16.",
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
