import type { RegionSpec } from "../model/layer-spec.js";
import type { OperatorProfile } from "./placement-profile.js";
import type { FloatType } from "./storage.js";

/** An operand of an operator in a graph. */
export interface Reader {
  /** The operator: the first value that it computes, which names it whatever else changes. */
  readonly operator: string;
  /** Position among its inputs. */
  readonly input: number;
}

/** Where the weights of a layer are stored. */
export interface PlacedWeight {
  readonly layer: string;
  /** The stored tensor. */
  readonly tensor: string;
  readonly floatType: FloatType;
}

/** A value of the graph that a layer's settings may quantize, where some operators read it. */
export interface PlacedActivation {
  /** The value: an input of the graph, or what an operator computes. */
  readonly tensor: string;
  /** The layer whose settings say how. */
  readonly layer: string;
  /**
   * The value whose calibrated range it has: its own name, or one that several share because an
   * operator hands them on as they are.
   */
  readonly range: string;
  readonly readers: readonly Reader[];
}

/** A tensor or value that stays in float whatever the genome says. */
export interface PlacedFloat {
  readonly role: "bias" | "other";
  readonly tensor: string;
  /** Undefined for a value of which the type is not stored. */
  readonly floatType: FloatType | undefined;
  /** Why, in words for a report. */
  readonly reason: string;
}

/** A clamp that is done by the rounding of its result, where that clamps as much. */
export interface PlacedClamp {
  /** What goes into it: has to be rounded too where the rounding clamps less. */
  readonly raw: string;
  readonly low: number;
  readonly high: number;
}

/** The bias of a layer at one operator. */
export interface PlacedBias extends Reader {
  /** The stored tensor; "" where the operator has none and may be given one. */
  readonly tensor: string;
  /** One for each output channel, or one for all. Zeros where there is none. */
  readonly values: Float32Array;
  /** It is added to the sums of products as it is, one value for each output channel. */
  readonly perChannel: boolean;
}

/** An operator of the graph, or a few that are one to the runtime. */
export interface PlacedOperator {
  /** The first value that it computes. */
  readonly operator: string;
  /** Its name in the profile. */
  readonly type: string;
  readonly kernel: OperatorProfile;
  /** The layers whose weights it multiplies with. */
  readonly layers: readonly string[];
  /** The values of float32 that it reads and that are not stored. */
  readonly reads: readonly { readonly value: string; readonly input: number }[];
  /** The values of float32 that it computes. */
  readonly makes: readonly string[];
  /** What several nodes that are one operator hand to each other. */
  readonly inner?: readonly string[] | undefined;
  /** The first of `makes` is clamped. */
  readonly clamp?: PlacedClamp | undefined;
  readonly bias?: PlacedBias | undefined;
  /** The region that it belongs to; absent for layers. */
  readonly region?: string | undefined;
}

/**
 * Which tensors of a model are quantized and whose settings they follow. A format makes it of the
 * graph, by what the runtime that reads the file has kernels for; the genome then says how.
 */
export interface Placement {
  /** One for each layer, in model order. */
  readonly weights: readonly PlacedWeight[];
  /** In the order of the layers that say how. */
  readonly activations: readonly PlacedActivation[];
  readonly floats: readonly PlacedFloat[];
  /**
   * The operators in the order of the graph, where the runtime computes on codes from operator to
   * operator. Absent: only what goes into layers is rounded.
   */
  readonly operators?: readonly PlacedOperator[] | undefined;
  /** Those of which a genome may choose the form. */
  readonly regions?: readonly RegionSpec[] | undefined;
  /** Values that something else than `operators` reads: outputs of the graph, inner graphs. */
  readonly returned?: ReadonlySet<string> | undefined;
}
