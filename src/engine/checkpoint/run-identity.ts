import { nextTask } from "../../async/next-task.js";
import { GENERATOR } from "../../documents/generator.js";
import { CheckpointMismatchError } from "../../errors.js";
import type { EvaluationContext } from "../../evaluation/evaluate-genome.js";
import { uniformGenome } from "../../evaluation/uniform-genome.js";
import { SETTING_NAMES } from "../../genes/precision.js";
import type { GeneSpace } from "../../genome/gene-space.js";
import type { LayerSpec } from "../../model/layer-spec.js";
import { fingerprint } from "../../numeric/fingerprint.js";
import type { ResolvedConfig } from "../config.js";
import { type CustomOperators, operatorNames } from "../run/custom-operators.js";
import type { RunIdentity } from "./checkpoint-lines.js";

/**
 * Fields of the configuration that a resumed run may change: its limits, and how it is executed.
 * Its result equals that of an uninterrupted run with the new values.
 */
const FREE_FIELDS: ReadonlySet<string> = new Set<keyof ResolvedConfig>([
  "maxGenerations",
  "maxEvaluations",
  "timeLimitMs",
  "stagnation",
  "parallelEvaluations",
  "evaluationTimeoutMs",
  // The cost model is compared by its estimates.
  "hardwareTarget",
]);

/**
 * Everything besides the evaluator's answers that a search depends on, as named values that can be
 * compared: version, configuration, model, space, cost model and evaluator. Large values are there
 * by fingerprint, each layer by its own. An extension whose choices depend on anything else adds it
 * here.
 * @param sensitivity name of the sensitivity metric
 * @param operators custom operators, which are compared by their names
 */
export async function runIdentity(
  config: ResolvedConfig,
  context: EvaluationContext,
  space: GeneSpace,
  sensitivity: string,
  operators: CustomOperators = {},
): Promise<RunIdentity> {
  await nextTask();
  const identity: Record<string, RunIdentity[string]> = { quantevo: GENERATOR.version };
  for (const [name, value] of Object.entries(config))
    if (!FREE_FIELDS.has(name) && value !== undefined) identity[`config.${name}`] = plain(value);
  const { model, costModel, evaluator, reference } = context;
  identity["model.name"] = model.name;
  identity["model.layers"] = model.layers.length;
  identity["model.floatParameterCount"] = model.floatParameterCount ?? 0;
  for (const [i, layer] of model.layers.entries()) {
    // Names are free: no key with one may be another's, whatever the layers are called.
    identity[`model.order.${i}`] = layer.name;
    identity[`model.layers.${layer.name}`] = layerFingerprint(layer);
    identity[`space.${layer.name}`] = fingerprint(JSON.stringify(space.layers.get(layer.name)));
    if (i % LAYERS_A_TURN === LAYERS_A_TURN - 1) await nextTask();
  }
  identity["genes.ties"] = JSON.stringify(space.ties);
  identity["genes.other"] = fingerprint(
    JSON.stringify(space.genes.filter(({ name }) => !SETTINGS.has(name))),
  );
  identity.operators = JSON.stringify(operatorNames(operators));
  identity["costModel.target"] = costModel.target;
  const uniform = costModel.estimate(model, uniformGenome(model, { weightBits: 8 }));
  identity["costModel.estimates"] = fingerprint(JSON.stringify([reference, uniform]));
  identity.sensitivity = sensitivity;
  identity["evaluator.kind"] = evaluator.kind;
  identity["evaluator.identity"] = evaluator.identity ?? evaluator.kind;
  return identity;
}

/** Genes that the space of each layer lists already. */
const SETTINGS: ReadonlySet<string> = new Set(SETTING_NAMES);

/** Number of layers fingerprinted in one turn of the event loop. */
const LAYERS_A_TURN = 512;

/**
 * Checks that a checkpoint belongs to this run.
 * @throws CheckpointMismatchError naming every difference, the first one in its message
 */
export function checkSameRun(written: RunIdentity, running: RunIdentity): void {
  const names = new Set([...Object.keys(running), ...Object.keys(written)]);
  const differences = [...names]
    .filter((name) => !Object.is(entryOf(written, name), entryOf(running, name)))
    .map((field) => ({ field, checkpoint: entryOf(written, field), run: entryOf(running, field) }));
  if (differences.length > 0) throw new CheckpointMismatchError(differences);
}

function entryOf(identity: RunIdentity, name: string): RunIdentity[string] | undefined {
  return Object.hasOwn(identity, name) ? identity[name] : undefined;
}

function layerFingerprint({ weights, ...layer }: LayerSpec): string {
  return fingerprint(JSON.stringify(layer), weights ?? "");
}

function plain(value: unknown): string | number | boolean {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  return JSON.stringify(value instanceof Map ? [...value] : value);
}
