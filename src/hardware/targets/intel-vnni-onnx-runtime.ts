import { loadHardwareProfile } from "../load-hardware-profile.js";
import type { HardwareProfile } from "../profile-schema.js";
import { figure } from "./figure.js";
import { intelVnni } from "./intel-vnni.js";

const PROFILED =
  "ONNX Runtime 1.30 session profiles on one core of an AVX512-VNNI server (docs/latency-tables.md)";
const PER_CORE = "a quarter of the figure for 4 cores";

/**
 * One core with AVX512-VNNI that runs what `quantizeOnnx` writes in ONNX Runtime: QDQ graphs, of which the runtime
 * fuses what it can. Rates are those of {@link intelVnni}, per core; the start for `fitHardwareProfile` on the
 * machine at hand.
 */
export const intelVnniOnnxRuntime: HardwareProfile = /* @__PURE__ */ loadHardwareProfile({
  ...intelVnni,
  name: "Intel AVX512-VNNI, ONNX Runtime on QDQ graphs",
  device: "Xeon Platinum 8380, 1 core, batch 1",
  deviceId: "onnx-runtime-qdq",
  threads: figure(1, "thread", "derived", "one core, the default of measureOnnxLatency"),
  runtime: "ONNX Runtime CPU, QDQ graphs as quantizeOnnx writes them",
  gmacsPerSecond: {
    float32: perCore(intelVnni.gmacsPerSecond.float32?.value, "GMAC/s"),
    int16: perCore(intelVnni.gmacsPerSecond.int16?.value, "GMAC/s"),
    int8: perCore(intelVnni.gmacsPerSecond.int8?.value, "GMAC/s"),
  },
  onChip: { ...intelVnni.onChip, bandwidthGBs: perCore(intelVnni.onChip.bandwidthGBs.value, "GB/s") },
  overheadPerOperatorUs: figure(
    2,
    "us",
    "estimated",
    `${PROFILED}: the shortest operators; no threads to wake, as 38 us have on 4 cores`,
  ),
  conversion: {
    overheadUs: figure(2, "us", "estimated", `${PROFILED}: QuantizeLinear, DequantizeLinear, Transpose`),
    bandwidthGBs: figure(20, "GB/s", "estimated", `${PROFILED}: 16,384 elements in 4 us less the overhead`),
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
      conv: figure(0.5, "x", "estimated", `${PROFILED}: 19 layers of a ResNet-20 took 750 us, 462 in float`),
      "depthwise-conv": figure(
        0.05,
        "x",
        "estimated",
        `${PROFILED}: one matrix product a channel; 9 layers of a DS-CNN took 209 us, 46 in float`,
      ),
    },
  },
});

function perCore<Unit extends string>(value: number | undefined, unit: Unit) {
  return figure((value ?? 0) / 4, unit, "derived", `${PER_CORE}: ${intelVnni.device}`);
}
