/**
 * Bounds on what an ONNX file may hold, so that a hostile one costs little before it is refused.
 */
export const LIMITS = {
  /** Bytes of a file: protobuf itself ends at 2 GiB. */
  fileBytes: 2 ** 31 - 1,
  /** Bytes of tensors in one file; of more, large ones go into a second file. */
  inlineBytes: 1.5e9,
  /**
   * Nested protobuf messages; a subgraph takes three levels, so about thirty subgraphs inside one
   * another.
   */
  messageDepth: 100,
  /**
   * Protobuf messages in a file: an empty one is 2 bytes on disk and about half a kilobyte in
   * memory.
   */
  messages: 1_000_000,
  /**
   * Numbers in repeated fields (one byte on disk each at worst, up to 32 in memory as a bigint).
   */
  listedNumbers: 1 << 25,
  /** Nodes of one graph; the largest published models have some tens of thousands. */
  nodes: 200_000,
  /** Characters of a tensor or node name; ONNX Runtime and tools print and hash them. */
  nameLength: 4096,
  /** Dimensions of a tensor; ONNX Runtime's kernels stop at 8 or so, exporters at 6. */
  rank: 32,
  /** Elements of a tensor, stored or inferred; keeps products exact in doubles. */
  elements: 2 ** 40,
  /**
   * Elements of a constant that shape inference computes with; shape arithmetic needs a few, anchor
   * tables more.
   */
  foldedElements: 4096,
  /** Elements that shape inference computes in all; bounds the memory of long chains. */
  foldedTotal: 4_000_000,
  /**
   * Elements that folding may compute for each float element of the file: weight normalization
   * takes five passes over its weights, a scale after a convolution one. Counted before the work.
   */
  foldWorkPerElement: 16,
  /** Elements that folding may compute in any file, however small. */
  foldWorkBase: 4_000_000,
  /** How many times its bytes all that follows from a stored tensor may have: float32 from float16
   * is 2. */
  foldGrowth: 2,
  /** Stored tensors that a computed one is known to follow from. */
  foldRoots: 16,
  /** Bytes that a computed constant may have in any case: scalars and short vectors. */
  foldFreeBytes: 256,
  /** Functions that call one another, one inside the other. */
  callDepth: 100,
  /** Identity and Transpose nodes between a constant and its use. */
  weightChain: 64,
  /** Steps spent on finding which layers feed which; long residual chains are quadratic. */
  upstreamSteps: 4_000_000,
  /** Notes kept about one model. */
  notes: 200,
} as const;
