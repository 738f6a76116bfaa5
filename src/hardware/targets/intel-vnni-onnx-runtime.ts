import { loadHardwareProfile } from "../profile/load-hardware-profile.js";
import type { HardwareProfile } from "../profile/profile-schema.js";
import { figure } from "./figure.js";
import { intelVnni } from "./intel-vnni.js";

const PROFILED =
  "ONNX Runtime 1.30 session profiles on one core of an AVX512-VNNI server " +
  "(docs/latency-tables.md)";
const RESNET =
  "ResNet50 v1.5, ONNX Runtime on 4 cores of a Xeon 8380 (intel/neural-compressor " +
  "validated_model_list.md 935067c57ef2)";

const FLOAT_ONLY =
  "ONNX Runtime's integer kernels take 8-bit activations: others are rounded and computed in " +
  "float32.";
const FOLDED = figure(
  1,
  "x",
  "estimated",
  "ONNX Runtime 1.30 computes weights that are stored as codes beside a scale once, when it " +
    "loads them: as fast as float32 afterwards",
);
const CLAMPED =
  "A clamp stays before symmetric activations, so the convolution before it cannot write " +
  "integers; these run in float32.";

// Formats and energies are those of the default device. Everything about time is given here, for
// one core.
const {
  depthwiseGmacsPerSecond: _wide,
  outputChannelTile: _tile,
  validation: _checked,
  ...base
} = intelVnni;

/**
 * One core with AVX512-VNNI that runs, in ONNX Runtime, the QDQ graphs that `quantizeOnnx` writes.
 * The runtime fuses what it can. Start `fitHardwareProfile` from it on a similar machine.
 */
export const intelVnniOnnxRuntime: HardwareProfile = /* @__PURE__ */ loadHardwareProfile({
  ...base,
  name: "Intel AVX512-VNNI, ONNX Runtime on QDQ graphs",
  version: "2.0.0",
  device: "Xeon Platinum 8380, 1 core",
  deviceId: "onnx-runtime-qdq",
  threads: figure(1, "thread", "derived", "one core, the default of measureOnnxLatency"),
  runtime: "ONNX Runtime CPU, QDQ graphs as quantizeOnnx writes them",
  gmacsPerSecond: {
    float32: figure(55, "GMAC/s", "derived", `21 MAC/cycle at 2.6 GHz: ${RESNET}`),
    int16: figure(48, "GMAC/s", "estimated", "VPDPWSSD does half the products of VPDPBUSD"),
    int8: figure(96, "GMAC/s", "derived", `37 MAC/cycle at 2.6 GHz: ${RESNET}`),
  },
  efficiency: {
    "depthwise-conv": figure(
      0.18,
      "x",
      "calibrated",
      "fit to 6 ONNX Runtime results on a Xeon 8380 (neural-compressor list)",
    ),
  },
  onChip: {
    ...base.onChip,
    bandwidthGBs: figure(
      37,
      "GB/s",
      "estimated",
      "32 bytes a cycle at 2.6 GHz, under half sustained",
    ),
  },
  overlap: figure(0.5, "share", "estimated", "out-of-order cores hide part of the loads"),
  overheadPerOperatorUs: figure(
    2,
    "us",
    "estimated",
    `${PROFILED}: the shortest operators; there are no threads to wake`,
  ),
  overheadPerGraphUs: figure(
    10,
    "us",
    "estimated",
    "one call from JavaScript of a graph of a few operators",
  ),
  conversion: {
    overheadUs: figure(2, "us", "estimated", `${PROFILED}: QuantizeLinear and DequantizeLinear`),
    bandwidthGBs: figure(
      20,
      "GB/s",
      "estimated",
      `${PROFILED}: 16,384 elements in 4 us less the overhead`,
    ),
  },
  formats: {
    ...base.formats,
    combinations: [
      ...(base.formats.combinations ?? []),
      {
        when: { weightBits: [1, 1.58, 2, 3, 4], activationBits: [4, 16] },
        status: "emulated",
        reason: FLOAT_ONLY,
        floatOnly: true,
      },
      {
        when: { activationBits: [4, 16] },
        status: "emulated",
        reason: FLOAT_ONLY,
        floatOnly: true,
      },
      {
        when: {
          operators: ["conv", "pointwise-conv", "depthwise-conv", "conv-transpose"],
          activationSchemes: ["symmetric", "power-of-two"],
          activationBits: [8],
        },
        status: "emulated",
        reason: CLAMPED,
        floatOnly: true,
      },
    ],
  },
  fusion: {
    sharedInput: false,
    residualAdd: true,
    tiesAdditionInputs: false,
    followedBy: ["*"],
    integerFollowers: false,
    source: `${PROFILED}: additions and activations join the convolution before them`,
  },
  qdq: {
    integerOutputs: ["conv", "depthwise-conv", "conv-transpose"],
    unfusedEfficiency: {
      conv: FOLDED,
      "depthwise-conv": figure(
        0.18,
        "x",
        "calibrated",
        "the efficiency of float32: fit to 6 ONNX Runtime results on a Xeon 8380 " +
          "(neural-compressor list)",
      ),
      matmul: FOLDED,
      attention: FOLDED,
      gemm: FOLDED,
    },
  },
});
