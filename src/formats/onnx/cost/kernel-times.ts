/** What an operator costs in float, and on codes. */
interface Elementwise {
  /** Nanoseconds for an element that it reads or writes, whichever are more. */
  readonly float: number;
  /** The same of the integer kernel, its own conversions included; absent where there is none. */
  readonly integer?: number | undefined;
  /** On codes it computes in float between conversions. */
  readonly between?: boolean | undefined;
  /** Nodes that it is on codes. Default 1. */
  readonly nodes?: number | undefined;
  /** Nanoseconds for a place of the result, of all its channels, on codes. Default 0. */
  readonly place?: number | undefined;
  /** Nanoseconds for an element in float with channels last. Default: as with channels first. */
  readonly last?: number | undefined;
}

/**
 * Times of ONNX Runtime 1.30 kernels, one thread of an AMD EPYC with AVX-512 VNNI: least squares
 * through the session profiles of half of 45 files of packages, each in float, INT8 and every other
 * layer INT8 (docs/latency-tables.md). A node takes `hot` microseconds, and `cold` more for each
 * megabyte that a run writes, because it finds code and data evicted. All other figures are
 * nanoseconds.
 */
export const KERNEL_TIMES = {
  source: "ONNX Runtime 1.30 kernel profiles, AMD EPYC with AVX-512 VNNI, one thread",
  /** Of a node. */
  node: { hot: 0.4, cold: 0.008 },
  /** Of a node with an integer kernel. */
  integerNode: { hot: 0.5, cold: 0.08 },
  /** Of a node on shapes and indices. */
  smallNode: { hot: 0.4, cold: 0 },
  /** Of one call from JavaScript. */
  graph: 7,
  quantize: { hot: 0.4, cold: 0.041, element: 0.055 },
  dequantize: { hot: 0.22, cold: 0.017, element: 0.085 },
  /** Turning codes between channels first and channels last. */
  transpose: { hot: 0.1, cold: 0.012, element: 0.05 },
  /** Turning floats between plain and blocked channels. */
  reorder: { hot: 0, cold: 0.012, element: 0.075 },
  /** A run of neighbouring values that one value of another operand goes with. */
  broadcastRun: 6.3,
  elementwise: {
    Add: { float: 0.083, integer: 0.072 },
    Sub: { float: 0.1 },
    Mul: { float: 0.094, integer: 0.19 },
    Div: { float: 0.156 },
    Max: { float: 0.079 },
    Min: { float: 0.079 },
    Relu: { float: 0.07, integer: 0 },
    Clip: { float: 0.073, integer: 0 },
    Sigmoid: { float: 0.26, integer: 0.2 },
    LeakyRelu: { float: 0.187, integer: 0.18 },
    PRelu: { float: 1.5 },
    Tanh: { float: 0.21 },
    Erf: { float: 0.3 },
    Exp: { float: 0.3 },
    Log: { float: 1.5 },
    SiLU: { float: 0.135, between: true },
    Gelu: { float: 0.4, between: true },
    HardSwish: { float: 0.1, integer: 0.26, nodes: 2 },
    HardSigmoid: { float: 0.094, integer: 0.072 },
    GlobalAveragePool: { float: 0.067, integer: 0.032 },
    Concat: { float: 0.085, integer: 0.02 },
    MaxPool: { float: 0.06, integer: 0.03, place: 6.5 },
    AveragePool: { float: 0.058 },
    Softmax: { float: 0.24 },
    Resize: { float: 0.08, last: 0.32 },
    Transpose: { float: 0.048, integer: 0.048 },
    Slice: { float: 0.08, integer: 0.02 },
    Split: { float: 0.083, integer: 0.02 },
    Pad: { float: 0.084 },
    Expand: { float: 0.1 },
    Gather: { float: 0.02 },
    Cast: { float: 0.09 },
    LayerNormalization: { float: 0.38 },
    InstanceNormalization: { float: 0.4 },
    BatchNormalization: { float: 0.08 },
    ReduceMean: { float: 0.07, last: 0.53 },
    ReduceSum: { float: 0.06 },
    ReduceMax: { float: 0.08 },
    ArgMax: { float: 0.95 },
    Where: { float: 0.25 },
    Pow: { float: 0.25 },
    Sqrt: { float: 0.28 },
  } as Readonly<Record<string, Elementwise>>,
  /** MaxPool on plain channels, for an element that it reads. */
  plainPool: 0.2,
  /** What is not in the list. */
  otherElementwise: { float: 0.1, integer: 0.05 } as Elementwise,
  /** Operators that only rename a buffer. */
  views: ["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout"],
  /** Operators that the runtime computes with the convolution or product before them. */
  activations: ["Relu", "Clip", "Sigmoid", "LeakyRelu", "HardSigmoid", "Tanh"],
} as const;
