/** Operators of the default domain by the opset that introduced them; 7 stands for 7 and before. */
const INTRODUCED: Readonly<Record<number, string>> = {
  7: `Abs Acos Add And ArgMax ArgMin Asin Atan AveragePool BatchNormalization Cast Ceil Clip
    Concat Constant Conv ConvTranspose Cos DepthToSpace Div Dropout Elu Equal Exp Flatten Floor
    GRU Gather Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool Greater HardSigmoid Hardmax
    Identity If InstanceNormalization LRN LSTM LeakyRelu Less Log LogSoftmax Loop LpNormalization
    LpPool MatMul Max MaxPool MaxRoiPool Mean Min Mul Multinomial Neg Not Or PRelu Pad Pow RNN
    RandomNormal RandomNormalLike RandomUniform RandomUniformLike Reciprocal ReduceL1 ReduceL2
    ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
    ReduceSumSquare Relu Reshape Selu Shape Sigmoid Sin Size Slice Softmax Softplus Softsign
    SpaceToDepth Split Sqrt Squeeze Sub Sum Tan Tanh Tile TopK Transpose Unsqueeze Upsample Xor`,
  8: "Expand Scan",
  9: `Acosh Asinh Atanh Compress ConstantOfShape Cosh Erf EyeLike IsNaN MaxUnpool
    MeanVarianceNormalization NonZero OneHot Scatter Shrink Sign Sinh TfIdfVectorizer Where`,
  10: `ConvInteger DequantizeLinear IsInf MatMulInteger Mod NonMaxSuppression QLinearConv
    QLinearMatMul QuantizeLinear Resize ReverseSequence RoiAlign StringNormalizer ThresholdedRelu`,
  11: `BitShift ConcatFromSequence CumSum Det DynamicQuantizeLinear GatherElements GatherND Range
    Round ScatterElements ScatterND SequenceAt SequenceConstruct SequenceEmpty SequenceErase
    SequenceInsert SequenceLength SplitToSequence Unique`,
  12: "Celu Einsum GreaterOrEqual LessOrEqual NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss",
  14: "HardSwish Trilu",
  15: "Bernoulli CastLike Optional OptionalGetElement OptionalHasElement",
  16: "GridSample",
  17:
    "BlackmanWindow DFT HammingWindow HannWindow LayerNormalization MelWeightMatrix STFT " +
    "SequenceMap",
  18: `BitwiseAnd BitwiseNot BitwiseOr BitwiseXor CenterCropPad Col2Im GroupNormalization Mish`,
  19: "DeformConv",
  20: "AffineGrid Gelu ImageDecoder RegexFullMatch StringConcat StringSplit",
  23: "Attention RMSNormalization RotaryEmbedding",
  24: "Swish TensorScatter",
  26: "BitCast CumProd",
};

const SINCE: ReadonlyMap<string, number> = new Map(
  Object.entries(INTRODUCED).flatMap(([version, names]) =>
    names.split(/\s+/).map((name): [string, number] => [name, Number(version)]),
  ),
);

/**
 * The opset in which an operator of the default domain first appeared (7 for all that are older);
 * undefined for a name that no opset up to 26 has, such as the experimental operators of before
 * opset 9. From the since-version lists of the ONNX operator documents (docs/Operators.md,
 * docs/Changelog.md).
 */
export function operatorSince(opType: string): number | undefined {
  return SINCE.get(opType);
}
