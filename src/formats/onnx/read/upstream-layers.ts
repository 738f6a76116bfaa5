import type { GraphIndex } from "../graph/graph-index.js";
import { LIMITS } from "../wire/limits.js";
import type { Note } from "./note-list.js";
import type { LayerBinding, WeightUse } from "./onnx-model.js";

const NONE: ReadonlySet<number> = new Set();
const SHAPE_ONLY: ReadonlySet<string> = new Set(["Shape", "Size"]);

/**
 * For each layer, the names of the layers whose output reaches it with no other layer between, in
 * layer order. Only layers earlier in the list are named, so that a shared weight makes no circle.
 * The state of a recurrent node counts as fed by its input weights. Undefined (with a note) when
 * the graph is so entangled that the search would pass its limit.
 */
export function upstreamLayers(
  index: GraphIndex,
  bindings: readonly LayerBinding[],
  note: Note,
): readonly (readonly string[])[] | undefined {
  const { graph } = index;
  const layersAt = new Map<number, { layer: number; use: WeightUse }[]>();
  bindings.forEach(({ uses }, layer) => {
    for (const use of uses) {
      const found = layersAt.get(use.node);
      if (found === undefined) layersAt.set(use.node, [{ layer, use }]);
      else found.push({ layer, use });
    }
  });
  const reaching = new Map<string, ReadonlySet<number>>();
  const feeding = bindings.map(() => new Set<number>());
  let steps = 0;

  const union = (names: readonly string[]): ReadonlySet<number> => {
    let result: ReadonlySet<number> = NONE;
    for (const name of names) {
      const more = reaching.get(name) ?? NONE;
      if (more.size === 0 || more === result) continue;
      if (result.size === 0) {
        result = more;
        continue;
      }
      steps += result.size + more.size;
      result = new Set([...result, ...more]);
      if (steps > LIMITS.upstreamSteps) break;
    }
    return result;
  };

  for (const at of index.order) {
    const node = graph.node[at]!;
    const here = layersAt.get(at) ?? [];
    // A shape says nothing about values, so it carries no layer's output.
    let passed = SHAPE_ONLY.has(node.opType) ? NONE : union(node.input);
    for (const { layer, use } of here) {
      const before = reaching.get(node.input[use.sourceInput] ?? "") ?? NONE;
      const first = here[0]!.layer;
      const from = use.readsState && first !== layer ? [first] : before;
      for (const other of from) if (other < layer) feeding[layer]!.add(other);
      steps += before.size;
    }
    if (steps > LIMITS.upstreamSteps) {
      note(
        "the connections between layers are too many to list; each layer counts as fed by " +
          "the one before it",
      );
      return undefined;
    }
    if (here.length > 0) passed = new Set(here.map(({ layer }) => layer));
    if (passed.size > 0) for (const name of node.output) reaching.set(name, passed);
  }
  return feeding.map((from) =>
    [...from].sort((a, b) => a - b).map((layer) => bindings[layer]!.layer),
  );
}
