import type { NodeProto, TensorProto } from "../wire/onnx_pb.js";

/** Names up to this length stay as they are, and say what they name. */
const READABLE = 16;

/**
 * Gives the values that writing added short names in place of long ones, and takes the names of
 * added nodes away: runtimes need neither, and in small networks they would be a third of the file.
 * The parts are changed in place.
 * @param isOriginal true for a name of the model that was read; such names stay
 */
export function compactNames(
  nodes: readonly NodeProto[],
  initializers: readonly TensorProto[],
  isOriginal: (name: string) => boolean,
): void {
  const short = new Map<string, string>();
  const taken = new Set(nodes.flatMap(({ output }) => output));
  for (const { name } of initializers) taken.add(name);
  let next = 0;
  const shortOf = (name: string): string => {
    if (name.length <= READABLE || isOriginal(name)) return name;
    let made = short.get(name);
    if (made === undefined) {
      do made = `q${(next++).toString(36)}`;
      while (taken.has(made) || isOriginal(made));
      short.set(name, made);
    }
    return made;
  };
  for (const tensor of initializers) tensor.name = shortOf(tensor.name);
  for (const node of nodes) {
    if (!isOriginal(node.name)) node.name = "";
    node.input = node.input.map(shortOf);
    node.output = node.output.map(shortOf);
  }
}
