import { HardwareTarget } from "../contract.js";
import { loadHardwareProfile } from "../load-hardware-profile.js";
import { figure } from "./figure.js";

const FIT =
  "fit to 5 Core ML results on an A17 Pro (apple/coremltools opt-quantization-perf.md e0e2f42b0b7c, ResNet50 and MobileNetV2)";
const PALETTE = "Weights are a look-up table of float16 values (palettization), computed in float16.";
const PADDED = "No palette of this width: the next wider one is used, computed in float16.";

/** Apple Neural Engine of an A17 Pro, Core ML of iOS 18. */
export const appleNeuralEngine = /* @__PURE__ */ loadHardwareProfile({
  schemaVersion: 1,
  target: HardwareTarget.APPLE_NEURAL_ENGINE,
  name: "Apple Neural Engine (A17 Pro)",
  version: "1.0.0",
  device: "A17 Pro (iPhone 15 Pro)",
  runtime: "Core ML (iOS 18)",
  gmacsPerSecond: {
    float16: figure(
      5100,
      "GMAC/s",
      "derived",
      "the int8 rate over 1.88, the W8A8 : FP16 ratio measured on an M5 (gist Anemll/49e219448ad3)",
    ),
    int8: figure(
      9600,
      "GMAC/s",
      "calibrated",
      `${FIT}: 55% of half of 35 TOPS (hollance/neural-engine supported-devices.md), overheads apart`,
    ),
  },
  energyPerMacPj: {
    float16: figure(
      0.28,
      "pJ/MAC",
      "derived",
      "DistilBERT on an iPhone 13: 3.47 ms at 0.454 W, 5.59 GMAC (Apple, Deploying Transformers on the ANE; seen in a copy)",
    ),
    int8: figure(0.15, "pJ/MAC", "estimated", "float16 over the 1.88 of the rate ratio"),
  },
  efficiency: { "depthwise-conv": figure(0.14, "x", "calibrated", FIT) },
  halfRateReuse: figure(
    4,
    "MAC/weight",
    "estimated",
    "built for convolutions: matrix-vector products leave most of the engine idle",
  ),
  dram: {
    bandwidthGBs: figure(
      41,
      "GB/s",
      "estimated",
      "80% of the A16's 51.2 GB/s, the share that an M1's engine reaches (Anemll/anemll-bench Results.MD)",
    ),
    energyPerBytePj: figure(
      130,
      "pJ/B",
      "calibrated",
      "fit of a serial cost model to the owner's ANE row; LPDDR4 devices alone take 64 (Accelergy)",
    ),
  },
  onChip: {
    capacityBytes: figure(24e6, "B", "public", "system-level cache of the A16 (Wikipedia, Apple A16)"),
    bandwidthGBs: figure(200, "GB/s", "estimated", "several times DRAM, as for other system-level caches"),
    energyPerBytePj: figure(
      12,
      "pJ/B",
      "estimated",
      "1.25 pJ/B for 8 KB (PMC8934428 table 3), ten times that for megabytes",
    ),
  },
  overlap: figure(0.9, "share", "estimated", "transfers run beside the compute engines"),
  overheadPerOperatorUs: figure(1.6, "us", "calibrated", FIT),
  overheadPerGraphUs: figure(
    87,
    "us",
    "calibrated",
    `${FIT}; 95 us of dispatch measured on an M4 (maderix, Inside the M4 Apple Neural Engine)`,
  ),
  staticPowerW: figure(
    0.5,
    "W",
    "estimated",
    "share of the SoC that stays awake; the engine's own 0.45 W are in the energy per MAC",
  ),
  formats: {
    weights: [
      { bits: 1, storageBits: 1, arithmetic: "float", status: "emulated", reason: PALETTE },
      { bits: 1.58, storageBits: 2, arithmetic: "float", status: "emulated", reason: PADDED },
      { bits: 2, storageBits: 2, arithmetic: "float", status: "emulated", reason: PALETTE },
      { bits: 3, storageBits: 3, arithmetic: "float", status: "emulated", reason: PALETTE },
      {
        bits: 4,
        storageBits: 4,
        arithmetic: "float",
        status: "emulated",
        reason: "4-bit weights are decompressed and computed in float16.",
      },
      { bits: 5, storageBits: 6, arithmetic: "float", status: "emulated", reason: PADDED },
      { bits: 6, storageBits: 6, arithmetic: "float", status: "emulated", reason: PALETTE },
      { bits: 8, storageBits: 8, arithmetic: "int8", status: "native" },
      {
        bits: 16,
        storageBits: 16,
        arithmetic: "float",
        status: "emulated",
        reason: "There is no int16 path: stored and computed as float16.",
      },
      {
        bits: 32,
        storageBits: 16,
        arithmetic: "float",
        status: "emulated",
        reason: "The engine has no float32 path: stored and computed in float16.",
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
      {
        bits: 16,
        storageBits: 16,
        floatFormat: "float16",
        status: "emulated",
        reason: "16-bit activations move and compute as float16.",
      },
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
      asymmetric: { status: "native" },
      "power-of-two": { status: "native" },
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
          "Block-wise weights are meant for the GPU (Core ML); on the engine they are decompressed to float16.",
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
