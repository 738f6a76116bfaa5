import {
  elementCount,
  type LayerKind,
  type LayerSpec,
  type ModelSpec,
} from "../../src/model/layer-spec.js";

/** A tensor while a network is built: its shape and the layers whose outputs reach it. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly from: readonly string[];
}

interface ConvOptions {
  readonly stride?: number;
  readonly groups?: number;
  /** `valid` = no padding; default `same`. */
  readonly padding?: "same" | "valid";
  readonly followedBy?: readonly string[];
}

/**
 * Builds exact per-layer tables of published networks: shapes, parameters, multiply-accumulates and
 * wiring.
 */
export class NetworkBuilder {
  readonly #layers: LayerSpec[] = [];
  #floats = 0;

  input(...shape: number[]): Tensor {
    return { shape, from: [] };
  }

  /**
   * A convolution with a kernel of k x k (or [height, width]); depthwise when groups equal the
   * channels.
   */
  conv(
    x: Tensor,
    outputs: number,
    k: number | readonly [number, number],
    options: ConvOptions = {},
  ): Tensor {
    const [, inputs, height, width] = x.shape as [number, number, number, number];
    const [kh, kw] = typeof k === "number" ? [k, k] : k;
    const { stride = 1, groups = 1, padding = "same", followedBy } = options;
    const extent = (size: number, kernel: number) =>
      padding === "same" ? Math.ceil(size / stride) : Math.floor((size - kernel) / stride) + 1;
    const shape = [1, outputs, extent(height, kh), extent(width, kw)];
    const depth = (inputs / groups) * kh * kw;
    const depthwise = groups === inputs && groups > 1;
    return this.#push(x, depthwise ? "depthwise-conv" : "conv", outputs, depth, shape, followedBy);
  }

  /** A fully connected layer on the last axis. */
  dense(x: Tensor, outputs: number, followedBy?: readonly string[]): Tensor {
    const inputs = x.shape.at(-1) as number;
    const kind = x.shape.length > 2 ? "matmul" : "gemm";
    return this.#push(x, kind, outputs, inputs, [...x.shape.slice(0, -1), outputs], followedBy);
  }

  /** A product of two activations, such as queries with keys: work without weights. */
  product(
    a: Tensor,
    b: Tensor,
    shape: readonly number[],
    macs: number,
    followedBy?: readonly string[],
  ): Tensor {
    const name = `layer_${this.#layers.length}`;
    this.#layers.push({
      name,
      kind: "attention",
      parameterCount: 0,
      macs,
      inputShape: [1, elementCount(a.shape) + elementCount(b.shape)],
      outputShape: shape,
      inputs: [...new Set([...a.from, ...b.from])],
      ...(followedBy === undefined ? {} : { followedBy }),
    });
    return { shape, from: [name] };
  }

  /** Rows of a table of which one is looked up for each token. */
  embedding(tokens: number, rows: number, width: number): Tensor {
    const name = `layer_${this.#layers.length}`;
    const shape = [1, tokens, width];
    this.#layers.push({
      name,
      kind: "embedding",
      parameterCount: rows * width,
      macs: 0,
      inputShape: [1, tokens],
      outputShape: shape,
      weightLayout: { shape: [rows, width], channelAxis: 0, groupAxis: 1 },
      inputs: [],
    });
    return { shape, from: [name] };
  }

  pool(x: Tensor, stride: number, kernel = stride, padding: "same" | "valid" = "same"): Tensor {
    const [n, c, h, w] = x.shape as [number, number, number, number];
    const extent = (size: number) =>
      padding === "same" ? Math.ceil(size / stride) : Math.floor((size - kernel) / stride) + 1;
    return { shape: [n, c, extent(h), extent(w)], from: x.from };
  }

  /** The mean over height and width: [1, channels]. */
  globalPool(x: Tensor): Tensor {
    return { shape: [1, x.shape[1] as number], from: x.from };
  }

  flatten(x: Tensor): Tensor {
    return { shape: [1, elementCount(x.shape)], from: x.from };
  }

  reshape(x: Tensor, ...shape: number[]): Tensor {
    return { shape, from: x.from };
  }

  add(...parts: readonly Tensor[]): Tensor {
    return { shape: parts[0]?.shape ?? [], from: [...new Set(parts.flatMap((part) => part.from))] };
  }

  concat(...parts: readonly Tensor[]): Tensor {
    const shape = [...(parts[0]?.shape ?? [])];
    shape[1] = parts.reduce((sum, part) => sum + (part.shape[1] as number), 0);
    return { shape, from: [...new Set(parts.flatMap((part) => part.from))] };
  }

  /** Parameters that stay in float: biases and norms. */
  floats(count: number): void {
    this.#floats += count;
  }

  build(name: string): ModelSpec {
    return { name, source: "user", layers: this.#layers, floatParameterCount: this.#floats };
  }

  #push(
    x: Tensor,
    kind: LayerKind,
    outputs: number,
    depth: number,
    shape: readonly number[],
    followedBy: readonly string[] | undefined,
  ): Tensor {
    const name = `layer_${this.#layers.length}`;
    this.#layers.push({
      name,
      kind,
      parameterCount: outputs * depth,
      macs: elementCount(shape) * depth,
      inputShape: x.shape,
      outputShape: shape,
      weightLayout: { shape: [outputs, depth], channelAxis: 0, groupAxis: 1 },
      inputs: x.from,
      ...(followedBy === undefined ? {} : { followedBy }),
    });
    this.#floats += outputs;
    return { shape, from: [name] };
  }
}
