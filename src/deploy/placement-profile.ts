/**
 * How the integer kernel of an operator treats ranges:
 * - `layer`: it multiplies with stored weights; what comes out has a range of its own
 * - `compute`: what goes in and comes out have ranges of their own
 * - `pass`: it moves codes without looking at them, so what comes out has the range of what goes in
 * - `join`: it lays codes of several values side by side, so all have one range
 * - `clamp`: it has no kernel; it is part of the rounding that follows it where that clamps as much
 */
export type IntegerForm = "layer" | "compute" | "pass" | "join" | "clamp";

/** What a runtime does with one kind of operator. */
export interface OperatorProfile {
  /** Absent: there is no integer kernel, or none that pays; the operator computes in float. */
  readonly form?: IntegerForm | undefined;
  /** The integer kernel exists only where what comes out is rounded to codes too. */
  readonly roundedResult?: boolean | undefined;
  /**
   * Operators that the runtime fuses into it where they alone read the result, before it looks for
   * integer kernels: the result has to be rounded then.
   */
  readonly fusedWith?: readonly string[] | undefined;
  /** A clamp that follows is done by the kernel's own rounding. */
  readonly clampsResult?: boolean | undefined;
  /** The bias must be stored as int32 for the integer kernel to be taken. */
  readonly integerBias?: boolean | undefined;
  /** What the kernel gives has codes between these bounds, whatever calibration showed. */
  readonly range?: readonly [low: number, high: number] | undefined;
  /** False: the kernel exists and is slower than float, mostly; a genome may still ask for it. */
  readonly pays?: boolean | undefined;
  /**
   * Codes lie channels last behind integer convolutions: the operator `starts` such a stretch,
   * `keeps` it, or `needs` to be in one, because its kernel for the other order is slow.
   */
  readonly channelsLast?: "starts" | "keeps" | "needs" | undefined;
  /**
   * The runtime takes a slow integer kernel by itself where codes go in and come out: the float
   * operator must be kept apart from the rounding that follows.
   */
  readonly keepApart?: boolean | undefined;
  /** The measurement or document that says so. */
  readonly source: string;
}

/** Which integer kernels a runtime has, and which of them pay: data, for one runtime. */
export interface PlacementProfile {
  readonly runtime: string;
  /** The version that was measured. */
  readonly version: string;
  /** By the name of the operator. What is missing computes in float. */
  readonly operators: Readonly<Record<string, OperatorProfile>>;
  /** Layers that stay in float although their operator has an integer kernel. */
  readonly floatLayers: {
    /** Dense convolutions with at most so many input channels and windows below `window`. */
    readonly inputChannels: number;
    /** A window as long as this pays whatever the channels are. */
    readonly window: number;
    /** Matrix products with at most so many weights and so many rows. */
    readonly matrixElements: number;
    readonly rows: number;
    /** Matrix products with fewer multiply-accumulates. */
    readonly macs: number;
    readonly source: string;
  };
}
