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
}
