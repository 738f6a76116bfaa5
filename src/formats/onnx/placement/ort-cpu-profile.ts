import type { OperatorProfile, PlacementProfile } from "../../../deploy/placement-profile.js";

const codes = (source: string, more: Partial<OperatorProfile> = {}): OperatorProfile => ({
  ...{ form: "pass", source },
  ...more,
});

const MOVES = "runs on the codes at 1 to 4 times the speed of float, where scales are equal";

/** GemmActivationFusion makes one operator, FusedGemm, of Gemm and these. */
const FUSED_WITH_GEMM = [
  ...["Elu", "HardSigmoid", "LeakyRelu", "Relu", "Selu", "Sigmoid", "Softplus", "Softsign"],
  ...["Tanh", "ThresholdedRelu"],
];

/**
 * ONNX Runtime's CPU provider on x64 with VNNI. The numbers are speeds of the integer kernel over
 * the float one, measured with 1.30, one thread; arrangements that fuse are also read off the
 * runtime's QDQ selectors (onnxruntime/core/optimizer/qdq_transformer/selectors_actions).
 */
export const ORT_CPU_PROFILE: PlacementProfile = {
  runtime: "onnxruntime CPU",
  version: "1.30",
  operators: {
    Conv: {
      form: "layer",
      roundedResult: true,
      clampsResult: true,
      channelsLast: "starts",
      source: "QLinearConv, 2 to 4 times float, depthwise 1.2 to 1.6; only with a Q after it",
    },
    MatMul: {
      form: "layer",
      clampsResult: true,
      integerBias: true,
      fusedWith: FUSED_WITH_GEMM,
      source:
        "QLinearMatMul or MatMulIntegerToFloat, 1.3 to 3.9 times float. With a float bias and no " +
        "Q it becomes a float Gemm that dequantizes its weights at every run, 20 times slower",
    },
    Gemm: {
      form: "layer",
      clampsResult: true,
      integerBias: true,
      fusedWith: FUSED_WITH_GEMM,
      source: "QGemm, as MatMul; without an int32 bias it needs a Q after it",
    },
    Relu: { form: "clamp", source: "dropped before a Q whose zero point is the least code" },
    Clip: { form: "clamp", source: "dropped before a Q whose codes end within its bounds" },
    Add: {
      form: "compute",
      clampsResult: true,
      channelsLast: "keeps",
      source: "QLinearAdd, 1.1 to 1.3 times float, 0.7 for small values",
    },
    Mul: {
      form: "compute",
      channelsLast: "keeps",
      source: "QLinearMul, 0.5 to 0.7 times float, yet less than DQ, Mul and Q",
    },
    Sigmoid: {
      form: "compute",
      channelsLast: "keeps",
      source: "QLinearSigmoid, a table of codes, 1.3 times float",
    },
    LeakyRelu: {
      form: "compute",
      channelsLast: "keeps",
      source: "QLinearLeakyRelu, a table of codes, 1.0 times float, no conversions",
    },
    SiLU: {
      form: "compute",
      source:
        "QuickGelu between DQ and Q, 25 us for 64k values against 27 as QLinearSigmoid and " +
        "QLinearMul, and 47 where Sigmoid and Mul read one DQ",
    },
    Gelu: {
      form: "compute",
      source:
        "one Gelu between DQ and Q; Div, Erf, Add and Mul that read one DQ are not fused and " +
        "take 2 times as long as the fused float operator (PP-OCRv6: 1.25 ms against 0.62)",
    },
    HardSwish: {
      form: "compute",
      channelsLast: "keeps",
      source: "Add 0, rounded to [0, 1], and Mul: QLinearAdd and QLinearMul, 20 us against 33",
    },
    HardSigmoid: {
      form: "compute",
      range: [0, 1],
      channelsLast: "keeps",
      source: "Add 0, rounded to [0, 1]: QLinearAdd; it has no kernel of its own",
    },
    GlobalAveragePool: {
      form: "compute",
      channelsLast: "keeps",
      source: "QLinearGlobalAveragePool, 4 times float",
    },
    Concat: {
      form: "join",
      channelsLast: "keeps",
      source: "QLinearConcat, 4 times float with one range everywhere, 0.4 with several",
    },
    MaxPool: {
      form: "pass",
      channelsLast: "needs",
      keepApart: true,
      source: "NhwcMaxPool, 0.7 to 1 times float; behind a float operator 0.02 to 0.4",
    },
    Reshape: codes(MOVES),
    Flatten: codes(MOVES),
    Squeeze: codes(MOVES),
    Unsqueeze: codes(MOVES),
    Transpose: codes(MOVES),
    Slice: codes(MOVES, { channelsLast: "keeps" }),
    Split: codes(MOVES, { channelsLast: "keeps" }),
    Expand: codes(MOVES),
    Tile: codes(MOVES),
    DepthToSpace: codes(MOVES),
    AveragePool: {
      keepApart: true,
      source: "QLinearAveragePool is 0.05 to 0.25 times float",
    },
    Softmax: { keepApart: true, source: "QLinearSoftmax is 0.3 times float on the last axis" },
    Resize: { keepApart: true, source: "8-bit Resize is 0.1 times float where channels are last" },
  },
  floatLayers: {
    inputChannels: 3,
    window: 7,
    matrixElements: 4096,
    rows: 16,
    macs: 30_000,
    source:
      "a 3x3 convolution of 1 to 3 channels is 0.15 to 0.4 times float, 7x7 of 3 channels 1.3; " +
      "a matrix of 64x64 with at most 16 rows is 0.7; a node costs 2 us, the pair of Q and DQ " +
      "4 us, in which float computes 30,000 products",
  },
};
