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
  "bench/validation-points/apple-neural-engine.json";
const PALETTE =
  "Weights are a look-up table of float16 values (palettization), computed in float16.";
const PADDED = "No palette of this width: the next wider one is used, computed in float16.";

const formats = {
  weights: [
    emulatedWeights(1, 1, "float", PALETTE),
    emulatedWeights(1.58, 2, "float", PADDED),
    emulatedWeights(2, 2, "float", PALETTE),
    emulatedWeights(3, 3, "float", PALETTE),
    emulatedWeights(4, 4, "float", "4-bit weights are decompressed and computed in float16."),
    emulatedWeights(5, 6, "float", PADDED),
    emulatedWeights(6, 6, "float", PALETTE),
    nativeWeights(8, 8, "int8"),
    emulatedWeights(16, 16, "float", "There is no int16 path: stored and computed as float16."),
    emulatedWeights(
      32,
      16,
      "float",
      "The engine has no float32 path: stored and computed in float16.",
    ),
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
  weightOnly: {
    status: "native",
    computePenalty: figure(
      1.04,
      "x",
      "estimated",
      "weights are decompressed just in time (coremltools, optimization overview); small but " +
        "not free",
    ),
  },
  weightSchemes: { symmetric: native(), asymmetric: native(), "power-of-two": native() },
  activationSchemes: { symmetric: native(), asymmetric: native(), "power-of-two": native() },
  granularities: {
    "per-tensor": native(),
    "per-channel": native(),
    "per-group": {
      status: "emulated",
      reason:
        "Block-wise weights are meant for the GPU (Core ML); on the engine they are " +
        "decompressed to float16.",
      floatOnly: true,
      scalePenalty: groupScalePenalty,
    },
  },
  combinations: [
    {
      when: { operators: ["recurrent"] },
      status: "emulated",
      reason: "Recurrent cells have no kernel on the engine: Core ML runs them on the CPU.",
      returnsToHost: true,
    },
    {
      when: { operators: ["embedding"] },
      status: "emulated",
      reason: "Look-ups (gather) are run on the CPU by Core ML.",
      returnsToHost: true,
    },
  ],
  container: {
    name: "Core ML mlpackage",
    scaleBits: figure(
      16,
      "bit",
      "estimated",
      "scales of float16 weights are float16 (constexpr_blockwise_shift_scale, from memory)",
    ),
    zeroPointBits: figure(
      8,
      "bit",
      "estimated",
      "zero points have the type of the codes (constexpr_affine_dequantize, from memory)",
    ),
    paletteEntryBits: figure(
      16,
      "bit",
      "estimated",
      "tables of float16 (constexpr_lut_to_dense, from memory)",
    ),
  },
};

const validation = {
  latencyRelativeError: figure(
    0.2,
    "share",
    "derived",
    "median absolute relative error of the 16 unseen points of this target, " +
      "bench/validation-points/apple-neural-engine.json",
  ),
  energyRelativeError: figure(
    0.7,
    "share",
    "estimated",
    "hardly any energy is published; static and per-byte energies are estimates",
  ),
};

const shared = {
  validation,
  target: HardwareTarget.APPLE_NEURAL_ENGINE,
  halfRateReuse: figure(
    4,
    "MAC/weight",
    "estimated",
    "built for convolutions: matrix-vector products leave most of the engine idle",
  ),
  overlap: figure(0.9, "share", "estimated", "transfers run beside the compute engines"),
  conversion: {
    overheadUs: figure(2, "us", "estimated", "an operator of its own, as any other"),
    bandwidthGBs: figure(60, "GB/s", "estimated", "at the rate of element-wise operators"),
  },
  fusion: {
    sharedInput: false,
    residualAdd: true,
    tiesAdditionInputs: false,
    followedBy: ["Sigmoid", "HardSwish", "Swish", "Mul"],
    integerFollowers: true,
    source:
      "the engine's convolution has a post-processing stage for activations and element-wise " +
      "operands (hollance/neural-engine)",
  },
  host: {
    gmacsPerSecond: figure(
      60,
      "GMAC/s",
      "estimated",
      "float32 on the performance cores of the same chip",
    ),
    energyPerMacPj: figure(40, "pJ/MAC", "estimated", "float32 on a recent phone core"),
    bandwidthGBs: figure(30, "GB/s", "estimated", "60% of the chip's peak"),
    roundTripUs: figure(
      100,
      "us",
      "public",
      "95 us of dispatch measured on an M4 (maderix, Inside the M4 Apple Neural Engine)",
    ),
  },
  formats,
};

const energyPerMacPj = {
  float16: figure(
    0.28,
    "pJ/MAC",
    "derived",
    "DistilBERT on an iPhone 13: 3.47 ms at 0.454 W, 5.59 GMAC (Apple, Deploying " +
      "Transformers on the ANE; seen in a copy)",
  ),
  int8: figure(
    0.15,
    "pJ/MAC",
    "estimated",
    "float16 over the 1.88 of the rate ratio measured on an M5",
  ),
};
const dram = (bandwidthGBs: number, source: string) => ({
  bandwidthGBs: figure(bandwidthGBs, "GB/s", "calibrated", source),
  energyPerBytePj: figure(
    130,
    "pJ/B",
    "estimated",
    "the owner's document fitted; LPDDR4 devices alone take 64 (Accelergy)",
  ),
});
const depthwise = (float16: number, int8: number) => ({
  float16: figure(float16, "GMAC/s", "calibrated", FIT),
  int8: figure(int8, "GMAC/s", "calibrated", FIT),
});
const cache = (bandwidthGBs: number) => ({
  capacityBytes: figure(
    24e6,
    "B",
    "public",
    "system-level cache of the A16 (Wikipedia, Apple A16)",
  ),
  bandwidthGBs: figure(bandwidthGBs, "GB/s", "calibrated", FIT),
  energyPerBytePj: cacheEnergy,
});
const AWAKE =
  "share of the SoC that stays awake; the engine's own 0.45 W are in the energy per MAC";

/** Apple Neural Engine. The default device is first. */
export const appleNeuralEngineDevices = /* @__PURE__ */ devicesOf(shared, [
  {
    name: "Apple Neural Engine (A17 Pro)",
    deviceId: "a17-pro",
    device: "A17 Pro (iPhone 15 Pro)",
    runtime: "Core ML (iOS 18)",
    gmacsPerSecond: {
      float16: figure(4970, "GMAC/s", "calibrated", FIT),
      int8: figure(
        9570,
        "GMAC/s",
        "calibrated",
        `${FIT}; half of 35 TOPS is the peak (hollance/neural-engine)`,
      ),
    },
    energyPerMacPj,
    efficiency: {},
    depthwiseGmacsPerSecond: depthwise(73.9, 422),
    dram: dram(
      66.6,
      `${FIT}; above the 51.2 GB/s of the A16 (topcpu.net): repeated inferences find part of ` +
        "the weights in the system cache",
    ),
    onChip: cache(314),
    overheadPerOperatorUs: figure(1.16, "us", "calibrated", FIT),
    overheadPerGraphUs: figure(50.5, "us", "calibrated", FIT),
    staticPowerW: figure(0.5, "W", "estimated", AWAKE),
  },
  {
    name: "Apple Neural Engine (A16)",
    deviceId: "a16",
    device: "A16 Bionic (iPhone 14 Pro)",
    runtime: "Core ML (iOS 17)",
    gmacsPerSecond: {
      float16: figure(4380, "GMAC/s", "calibrated", FIT),
      int8: figure(
        6960,
        "GMAC/s",
        "calibrated",
        `${FIT}; half of 17 TOPS is the peak (hollance/neural-engine)`,
      ),
    },
    energyPerMacPj,
    efficiency: {},
    depthwiseGmacsPerSecond: depthwise(91, 284),
    dram: dram(
      66,
      `${FIT}; above the 51.2 GB/s of the A16 (topcpu.net): repeated inferences find part of ` +
        "the weights in the system cache",
    ),
    onChip: cache(242),
    overheadPerOperatorUs: figure(1.57, "us", "calibrated", FIT),
    overheadPerGraphUs: figure(55.4, "us", "calibrated", FIT),
    staticPowerW: figure(0.5, "W", "estimated", AWAKE),
  },
]);

/** The default device of {@link appleNeuralEngineDevices}. */
export const appleNeuralEngine = /* @__PURE__ */ (() => appleNeuralEngineDevices[0])();
