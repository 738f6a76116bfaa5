import type { OperatorWork } from "./operator-work.js";

/** Microseconds of a kernel: for a node, and for each thousand elements that it writes or reads. */
interface Elementwise {
  /** Microseconds for 1,000 elements in float. */
  readonly float: number;
  /** The same of the integer kernel; absent where there is none. */
  readonly integer?: number | undefined;
  /** Nodes that it is on codes. Default 1. */
  readonly nodes?: number | undefined;
}

/**
 * Times of ONNX Runtime 1.30 kernels, one thread of an AMD EPYC with AVX-512 VNNI: profiles of
 * graphs of one operator with 4,096 to 262,144 elements, 29 convolutions and matrix products, and
 * chains of convolutions with one operator between them. No figure is fit to a whole model.
 */
export const KERNEL_TIMES = {
  source: "ONNX Runtime 1.30 kernel profiles, AMD EPYC with AVX-512 VNNI, one thread",
  /** Microseconds of a node that does almost nothing. */
  nodeUs: 0.8,
  /** The same of a node with an integer kernel. */
  integerNodeUs: 1.5,
  /** Of a node on shapes and indices. */
  smallNodeUs: 0.4,
  /** Of one call from JavaScript. */
  graphUs: 3,
  /** QuantizeLinear or DequantizeLinear, for 1,000 elements. */
  conversion: 0.076,
  /** Turning codes between channels first and channels last, for 1,000 elements. */
  transpose: 0.06,
  elementwise: {
    Add: { float: 0.13, integer: 0.1 },
    Sub: { float: 0.13 },
    Mul: { float: 0.13, integer: 0.187 },
    Div: { float: 0.13 },
    Max: { float: 0.13 },
    Min: { float: 0.13 },
    Relu: { float: 0.08, integer: 0 },
    Clip: { float: 0.08, integer: 0 },
    Sigmoid: { float: 0.236, integer: 0.175 },
    LeakyRelu: { float: 0.187, integer: 0.18 },
    PRelu: { float: 1 },
    Tanh: { float: 0.24 },
    Erf: { float: 0.3 },
    Exp: { float: 0.3 },
    SiLU: { float: 0.14, integer: 0.3, nodes: 3 },
    Gelu: { float: 0.35, integer: 0.5, nodes: 3 },
    HardSwish: { float: 0.23, integer: 0.29, nodes: 2 },
    HardSigmoid: { float: 0.15, integer: 0.1 },
    GlobalAveragePool: { float: 0.153, integer: 0.034 },
    Concat: { float: 0.168, integer: 0.038 },
    MaxPool: { float: 0.3, integer: 0.3 },
    AveragePool: { float: 0.3 },
    Softmax: { float: 0.65 },
    Resize: { float: 0.1 },
    Transpose: { float: 0.5, integer: 0.35 },
    Slice: { float: 0.07, integer: 0.02 },
    Split: { float: 0.07, integer: 0.02 },
    Pad: { float: 0.1 },
    Expand: { float: 0.1 },
    Gather: { float: 0.1 },
    LayerNormalization: { float: 0.3 },
    InstanceNormalization: { float: 0.4 },
    BatchNormalization: { float: 0.15 },
    ReduceMean: { float: 0.19 },
    ReduceSum: { float: 0.19 },
    ReduceMax: { float: 0.19 },
    Pow: { float: 0.15 },
    Sqrt: { float: 0.15 },
  } as Readonly<Record<string, Elementwise>>,
  /** What is not in the list. */
  otherElementwise: { float: 0.13, integer: 0.05 } as Elementwise,
  /** Operators that only rename a buffer. */
  views: ["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout"],
  /** Operators that the runtime computes with the convolution or product before them. */
  activations: ["Relu", "Clip", "Sigmoid", "LeakyRelu", "HardSigmoid", "Tanh"],
} as const;

const MILLION = 1e-6;
const THOUSAND = 1e-3;

/** Lanes of the kernels: fewer output channels take as long. */
const LANES = 32;

/** Microseconds of a convolution, but for what a node costs. */
export function convolutionUs(work: OperatorWork, integer: boolean): number {
  const { macs, outputs, inputs, channels, depth, taps, runs, depthwise } = work;
  if (depthwise)
    return integer
      ? 0.17 * outputs * THOUSAND + 12 * macs * MILLION
      : 1 + 0.3 * outputs * THOUSAND + 11 * macs * MILLION;
  const lanes = Math.max(1, (integer ? LANES : LANES / 2) / Math.max(1, channels));
  if (!integer) return 1 + 7.8 * macs * lanes * MILLION + 0.1 * (inputs + outputs) * THOUSAND;
  // Windows of few channels are copied row by row, others are read where they lie.
  const isWindow = taps > outputs / Math.max(1, channels);
  const gathered = depth < 4 ? 6 * runs + 0.1 * depth * taps : (depth < 16 ? 1.2 : 0.4) * taps;
  const window = isWindow ? gathered * THOUSAND : 0;
  return 1.9 * macs * lanes * MILLION + window + 0.04 * outputs * THOUSAND;
}

/** Microseconds of a product with a stored matrix, but for what a node costs. */
export function productUs({ macs, weights }: OperatorWork, integer: boolean): number {
  return integer
    ? 2.25 * macs * MILLION + 0.0125 * weights * THOUSAND
    : Math.max(8.5 * macs * MILLION, 0.042 * weights * THOUSAND);
}
