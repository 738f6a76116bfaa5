import { HardwareTarget } from "../contract.js";
import {
  devicesOf,
  emulatedWeights,
  figure,
  groupScalePenalty,
  native,
  nativeWeights,
} from "./figure.js";

const FIT =
  "fitted by robust least squares to the fitted points of this device in " +
  "bench/validation-points/qualcomm-hexagon.json";
const NARROW =
  "4-bit weights are computed on the 8-bit path; only the transfer from DRAM to VTCM shrinks.";
const CONV_8 =
  "The HTP takes 4-bit weights only for 1 x 1 convolutions and matrix products with more " +
  "than 32 outputs; stored in 8 bits here.";
const PAD_2 = "No such width: weights are stored in 2 bits.";
const PAD_4 =
  "No such width here: weights are stored in 4 bits (2-bit weights need 8-bit activations " +
  "and a fully connected layer).";
const PAD_8 = "No such width: weights are stored in 8 bits.";
const low = { operators: ["pointwise-conv", "gemm", "matmul", "attention"], minOutputChannels: 33 };
const fullyConnected = { operators: ["gemm", "matmul", "attention"], activationBits: [4, 8] };

const formats = {
  weights: [
    ...[1, 1.58].flatMap((bits) => [
      emulatedWeights(bits, 2, "int8", PAD_2, { when: fullyConnected }),
      emulatedWeights(bits, 4, "int8", PAD_4, { when: low }),
      emulatedWeights(bits, 8, "int8", CONV_8),
    ]),
    nativeWeights(2, 2, "int8", fullyConnected),
    emulatedWeights(2, 4, "int8", PAD_4, { when: low }),
    emulatedWeights(2, 8, "int8", CONV_8),
    emulatedWeights(3, 4, "int8", PAD_4, { when: low }),
    emulatedWeights(3, 8, "int8", CONV_8),
    emulatedWeights(4, 4, "int8", NARROW, { when: low }),
    emulatedWeights(4, 8, "int8", CONV_8),
    emulatedWeights(5, 8, "int8", PAD_8),
    emulatedWeights(6, 8, "int8", PAD_8),
    nativeWeights(8, 8, "int8"),
    nativeWeights(16, 16, "int16"),
    emulatedWeights(
      32,
      16,
      "float",
      "The HTP has no float32 path: stored and computed in float16.",
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
    { bits: 16, storageBits: 16, integerFormat: "int16", floatFormat: "float16", status: "native" },
    {
      bits: 32,
      storageBits: 16,
      floatFormat: "float16",
      status: "emulated",
      reason: "Activations left in float32 move and compute in float16.",
    },
  ],
  weightOnly: native(),
  weightSchemes: {
    symmetric: native(),
    "power-of-two": native(),
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
  activationSchemes: { symmetric: native(), asymmetric: native(), "power-of-two": native() },
  granularities: {
    "per-tensor": native(),
    "per-channel": native(),
    "per-group": {
      status: "emulated",
      reason:
        "Block-wise weights need float activations on the HTP (AIMET block-wise " +
        "quantization): computed in float16.",
      floatOnly: true,
      scalePenalty: groupScalePenalty,
    },
  },
  combinations: [
    {
      when: { weightSchemes: ["asymmetric"], granularities: ["per-channel", "per-group"] },
      status: "refused",
      reason:
        "QNN's per-channel (axis) encodings have offset 0: per-channel and block-wise " +
        "weights are symmetric.",
    },
    {
      when: { operators: ["recurrent"] },
      status: "emulated",
      reason: "Recurrent cells are not on the HTP in every form: they return to the CPU.",
      returnsToHost: true,
    },
  ],
  container: {
    name: "QNN context binary (LPBQ for blocks)",
    scaleBits: figure(32, "bit", "public", "QnnTypes.h: Qnn_ScaleOffset_t.scale is float"),
    blockScaleBits: figure(
      4,
      "bit",
      "public",
      "AIMET blockwise_quantization: LPBQ stores a small integer per block",
    ),
    zeroPointBits: figure(32, "bit", "public", "QnnTypes.h: Qnn_ScaleOffset_t.offset is int32_t"),
  },
};

const validation = {
  latencyRelativeError: figure(
    0.2,
    "share",
    "derived",
    "median absolute relative error of the 43 unseen and fresh points of this target, " +
      "bench/validation-points/qualcomm-hexagon.json",
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
  target: HardwareTarget.QUALCOMM_HEXAGON,
  runtime: "QNN HTP (2.49)",
  halfRateReuse: figure(
    4,
    "MAC/weight",
    "estimated",
    "the tensor unit needs several rows to fill; matrix-vector products leave most idle",
  ),
  outputChannelTile: figure(
    32,
    "channel",
    "estimated",
    "the INT4 guidelines (docs.qualcomm.com 80-63442-10) speak of more than 32 outputs: " +
      "tiles of 32, from memory",
  ),
  overlap: figure(0.9, "share", "estimated", "transfers to VTCM run beside the tensor unit"),
  conversion: {
    overheadUs: figure(2, "us", "estimated", "an operator of its own, as any other"),
    bandwidthGBs: figure(
      60,
      "GB/s",
      "estimated",
      "the vector units convert at their element-wise rate",
    ),
  },
  fusion: {
    sharedInput: false,
    residualAdd: true,
    tiesAdditionInputs: true,
    followedBy: [],
    integerFollowers: true,
    source:
      "QNN HTP op definitions: an element-wise addition takes two inputs of one data type; " +
      "clamps and additions run on tiles in VTCM (estimated)",
  },
  host: {
    gmacsPerSecond: figure(60, "GMAC/s", "estimated", "float32 on the big cores of the same chip"),
    energyPerMacPj: figure(50, "pJ/MAC", "estimated", "float32 on a recent phone core"),
    bandwidthGBs: figure(25, "GB/s", "estimated", "a third of the chip's peak"),
    roundTripUs: figure(
      200,
      "us",
      "estimated",
      "two more calls of the accelerator, each with its graph overhead",
    ),
  },
  formats,
};

const energyPerMacPj = {
  float16: figure(
    6,
    "pJ/MAC",
    "estimated",
    "above int16: Qualcomm orders power as A8 < A16 < FP16 (QNN HTP guidelines)",
  ),
  int16: figure(5.25, "pJ/MAC", "estimated", "int8 times the 1.75 of the time ratio"),
  int8: figure(3, "pJ/MAC", "estimated", "the owner's document fitted gives 0.4 to 16 as feasible"),
};
const rates = (float16: number, int16: number, int8: number, source: string) => ({
  float16: figure(float16, "GMAC/s", "calibrated", source),
  int16: figure(int16, "GMAC/s", "calibrated", source),
  int8: figure(int8, "GMAC/s", "calibrated", source),
});
const depthwise = (float16: number, int16: number, int8: number, source: string) => ({
  float16: figure(float16, "GMAC/s", "calibrated", source),
  int16: figure(int16, "GMAC/s", "calibrated", source),
  int8: figure(int8, "GMAC/s", "calibrated", source),
});
const vtcm = (bandwidthGBs: number, source: string) => ({
  capacityBytes: figure(8e6, "B", "public", "VTCM (pytorch/executorch qc_schema.py 0e9182a36b1c)"),
  bandwidthGBs: figure(bandwidthGBs, "GB/s", "calibrated", source),
  energyPerBytePj: figure(
    6,
    "pJ/B",
    "estimated",
    "1.25 pJ/B for 8 KB (PMC8934428 table 3), five times that for a scratchpad of megabytes",
  ),
});
const dramEnergy = figure(
  130,
  "pJ/B",
  "estimated",
  "the owner's document fitted; LPDDR4 devices alone take 64 (Accelergy)",
);

/** Qualcomm Hexagon tensor processor (HTP). The default device is first. */
export const qualcommHexagonDevices = /* @__PURE__ */ devicesOf(shared, [
  {
    name: "Qualcomm Hexagon HTP v75",
    deviceId: "galaxy-s24",
    device: "Snapdragon 8 Gen 3 (Galaxy S24)",
    gmacsPerSecond: rates(6000, 6990, 22_500, FIT),
    energyPerMacPj,
    efficiency: {},
    depthwiseGmacsPerSecond: depthwise(77.8, 62.1, 158, FIT),
    dram: {
      bandwidthGBs: figure(53.2, "GB/s", "calibrated", `${FIT}; 63% of 76.8 GB/s (runlocalai.co)`),
      energyPerBytePj: dramEnergy,
    },
    onChip: vtcm(452, FIT),
    overheadPerOperatorUs: figure(1.29, "us", "calibrated", FIT),
    overheadPerGraphUs: figure(91.6, "us", "calibrated", FIT),
    staticPowerW: figure(
      1.15,
      "W",
      "estimated",
      "the owner's document fitted; no public figure for the HTP was found",
    ),
  },
  {
    name: "Qualcomm Hexagon HTP v73",
    deviceId: "qcs8550",
    device: "QCS8550 (Snapdragon 8 Gen 2 class)",
    gmacsPerSecond: rates(4280, 4990, 17_400, FIT),
    energyPerMacPj,
    efficiency: {},
    depthwiseGmacsPerSecond: depthwise(50.1, 45.7, 118, FIT),
    dram: {
      bandwidthGBs: figure(
        40.8,
        "GB/s",
        "calibrated",
        `${FIT}; about half of LPDDR5X-4200's 67 GB/s`,
      ),
      energyPerBytePj: dramEnergy,
    },
    onChip: vtcm(330, FIT),
    overheadPerOperatorUs: figure(1.91, "us", "calibrated", FIT),
    overheadPerGraphUs: figure(131, "us", "calibrated", FIT),
    staticPowerW: figure(1.15, "W", "estimated", "as on the Snapdragon 8 Gen 3"),
  },
  {
    name: "Qualcomm Hexagon HTP v79",
    deviceId: "galaxy-s25",
    device: "Snapdragon 8 Elite (Galaxy S25)",
    gmacsPerSecond: rates(5560, 8400, 31_200, FIT),
    energyPerMacPj,
    efficiency: {},
    depthwiseGmacsPerSecond: depthwise(
      90,
      75,
      190,
      "as fitted on the 8 Gen 3, a fifth more for its clock",
    ),
    dram: {
      bandwidthGBs: figure(79.6, "GB/s", "calibrated", `${FIT}; 71% of 84.8 GB/s (geektopia.es)`),
      energyPerBytePj: dramEnergy,
    },
    onChip: vtcm(402, FIT),
    overheadPerOperatorUs: figure(1.13, "us", "calibrated", FIT),
    overheadPerGraphUs: figure(135, "us", "calibrated", FIT),
    staticPowerW: figure(1.15, "W", "estimated", "as on the Snapdragon 8 Gen 3"),
  },
]);

/** The default device of {@link qualcommHexagonDevices}. */
export const qualcommHexagon = /* @__PURE__ */ (() => qualcommHexagonDevices[0])();
