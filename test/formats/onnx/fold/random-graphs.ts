import {
  TensorProto_DataType as DataType,
  type ModelProto,
  type NodeProto,
  type TensorProto,
} from "../../../../src/formats/onnx/wire/onnx_pb.js";
import type { Batch } from "../../../../src/measure/batches/tensor-data.js";
import { encodeFloat16 } from "../../../../src/numeric/float16.js";
import { Random } from "../../../../src/random/random.js";
import { model, node, value, weights } from "../graph-builder.js";

/** A graph of layers with scales, shifts and normalizations between them, and an input. */
export interface RandomGraph {
  readonly proto: ModelProto;
  readonly inputs: Batch;
}

/** The tensor in float16. */
export function halved(tensor: TensorProto): TensorProto {
  const floats = new Float32Array(tensor.rawData.slice().buffer);
  return {
    ...tensor,
    dataType: DataType.FLOAT16,
    rawData: new Uint8Array(encodeFloat16(floats).buffer),
  };
}

class GraphMaker {
  readonly random: Random;
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  readonly outputs: string[] = [];
  #names = 0;

  constructor(seed: string) {
    this.random = new Random(seed);
  }

  name(kind: string): string {
    return `${kind}${this.#names++}`;
  }

  chance(probability: number): boolean {
    return this.random.next() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.random.next() * choices.length)]!;
  }

  /** A stored tensor, now and then in a Constant node or behind operators that are computed. */
  stored(kind: string, dims: readonly number[], make = () => this.random.normal()): string {
    const name = this.name(kind);
    const count = dims.reduce((a, b) => a * b, 1);
    const tensor = weights(name, dims, Float32Array.from({ length: count }, make));
    const how = this.random.next();
    if (how < 0.15) this.nodes.push(node("Constant", [], [name], { value: tensor }));
    else if (how < 0.25 && dims.length > 1) {
      const flat = { ...tensor, name: this.name("flat"), dims: [BigInt(count)] };
      const shape = this.name("shape");
      this.initializers.push(flat);
      this.nodes.push(
        node("Constant", [], [shape], { value_ints: [...dims] }),
        node("Reshape", [flat.name, shape], [name]),
      );
    } else if (how < 0.35) {
      const inner = { ...tensor, name: this.name("inner") };
      const factor = weights(this.name("factor"), [], [0.5]);
      this.initializers.push(inner, factor);
      this.nodes.push(node("Mul", [inner.name, factor.name], [name]));
    } else if (how < 0.45) {
      const inner = { ...tensor, name: this.name("inner") };
      this.initializers.push(inner);
      this.nodes.push(node("Identity", [inner.name], [name]));
    } else this.initializers.push(tensor);
    return name;
  }

  add(op: string, inputs: readonly string[], attributes: Parameters<typeof node>[3] = {}): string {
    const output = this.name("t");
    this.nodes.push(node(op, inputs, [output], attributes, this.chance(0.5) ? output : ""));
    // Somebody else sees the value between now and then.
    if (this.chance(0.06)) this.outputs.push(output);
    return output;
  }

  normalization(x: string, channels: number): string {
    const positive = () => 0.2 + 2 * this.random.next();
    const names = [
      this.stored("gamma", [channels]),
      this.stored("beta", [channels]),
      this.stored("mean", [channels]),
      this.stored("variance", [channels], positive),
    ];
    return this.add("BatchNormalization", [x, ...names], { epsilon: { f: 1e-3 } });
  }

  scale(x: string, shapes: readonly (readonly number[])[]): string {
    const op = this.pick(["Add", "Sub", "Mul", "Div"]);
    const c = this.stored("c", this.pick(shapes), () => {
      const size = 0.3 + this.random.next();
      return this.chance(0.3) ? -size : size;
    });
    return this.add(op, op !== "Div" && this.chance(0.3) ? [c, x] : [x, c]);
  }
}

function convolutions(make: GraphMaker): RandomGraph["inputs"] {
  const channels = make.pick([2, 4]);
  const size = 7;
  let x = "x";
  let current = channels;
  const layers = 1 + Math.floor(make.random.next() * 3);
  if (make.chance(0.3)) x = make.normalization(x, current);
  for (let layer = 0; layer < layers; layer++) {
    const outputs = make.pick([2, 4, 6]);
    const group = current % 2 === 0 && make.chance(0.4) ? 2 : 1;
    const pads = make.chance(0.5) ? [1, 1, 1, 1] : [0, 0, 0, 0];
    const bias = make.chance(0.5) ? [make.stored("b", [outputs])] : [];
    if (make.chance(0.3)) {
      const w = make.stored("w", [current, outputs / group, 1, 1]);
      x = make.add("ConvTranspose", [x, w, ...bias], { group });
    } else {
      const w = make.stored(
        "w",
        [outputs, current / group, 1, 1].map((n, i) => (i > 1 ? 3 : n)),
      );
      // One output position fewer on each side without padding: keep the size by padding later.
      x = make.add("Conv", [x, w, ...bias], { group, pads, kernel_shape: [3, 3] });
    }
    current = outputs;
    const shapes = [[], [1], [current, 1, 1], [1, current, 1, 1], [1, 1, 1]];
    for (let after = 0; after < 3; after++) {
      if (make.chance(0.5)) x = make.normalization(x, current);
      else if (make.chance(0.6)) x = make.scale(x, shapes);
    }
    if (make.chance(0.4)) x = make.add("Relu", [x]);
  }
  make.outputs.push(x);
  const data = Float32Array.from({ length: 2 * channels * size * size }, () =>
    make.random.normal(),
  );
  return { x: { data, dims: [2, channels, size, size] } };
}

function products(make: GraphMaker): RandomGraph["inputs"] {
  const width = make.pick([3, 5]);
  let x = "x";
  let current = width;
  if (make.chance(0.3)) x = make.normalization(x, current);
  for (let layer = 0; layer < 3; layer++) {
    const outputs = make.pick([3, 4, 6]);
    if (make.chance(0.5)) {
      const transB = make.chance(0.5) ? 1 : 0;
      const w = make.stored("w", transB === 1 ? [outputs, current] : [current, outputs]);
      const bias = make.chance(0.7)
        ? [make.stored("b", make.pick([[outputs], [1, outputs], [1], []]))]
        : [];
      const factors = make.chance(0.3) ? { alpha: { f: 0.7 }, beta: { f: 1.6 } } : {};
      x = make.add("Gemm", [x, w, ...bias], { transB, ...factors });
    } else {
      x = make.add("MatMul", [x, make.stored("w", [current, outputs])]);
      if (make.chance(0.5)) x = make.add("Add", [x, make.stored("b", [outputs])]);
    }
    current = outputs;
    for (let after = 0; after < 2; after++) {
      if (make.chance(0.4)) x = make.normalization(x, current);
      else if (make.chance(0.5)) x = make.scale(x, [[], [1], [current], [1, current]]);
    }
    if (make.chance(0.4)) x = make.add("Relu", [x]);
  }
  make.outputs.push(x);
  const data = Float32Array.from({ length: 3 * width }, () => make.random.normal());
  return { x: { data, dims: [3, width] } };
}

/** A graph that follows from its seed alone. */
export function randomGraph(seed: string): RandomGraph {
  const make = new GraphMaker(seed);
  const inputs = make.chance(0.6) ? convolutions(make) : products(make);
  const { dims } = inputs.x!;
  return {
    proto: model({
      inputs: [value("x", ["n", ...dims.slice(1)])],
      outputs: make.outputs.map((name) =>
        value(
          name,
          dims.map(() => null),
        ),
      ),
      initializers: make.initializers,
      nodes: make.nodes,
    }),
    inputs,
  };
}
