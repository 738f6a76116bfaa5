import { checkFields } from "../../check/check-fields.js";
import { InvalidArgumentError } from "../../errors.js";
import type { VariationOperators } from "../../operators/built-in-operators.js";
import type {
  CrossoverOperator,
  MutationOperator,
  SamplingOperator,
} from "../../operators/contract.js";

/** Operators of the user's own, beside the built-in ones. */
export interface CustomOperators {
  /** Change a child. */
  readonly mutations?: readonly MutationOperator[] | undefined;
  /** Make a child of two parents. */
  readonly crossovers?: readonly CrossoverOperator[] | undefined;
  /** Make genomes for the first population: each up to a quarter of it. */
  readonly samplings?: readonly SamplingOperator[] | undefined;
}

/**
 * The built-in operators, then the custom ones.
 * @throws InvalidArgumentError naming the operator that has the name of a built-in one
 */
export function withCustom(
  builtIn: VariationOperators,
  { mutations = [], crossovers = [] }: CustomOperators,
): VariationOperators {
  const taken = new Set([...builtIn.crossovers, ...builtIn.mutations].map(({ name }) => name));
  for (const [kind, list] of Object.entries({ mutations, crossovers }))
    for (const [i, { name }] of list.entries())
      if (taken.has(name)) {
        const path = `operators.${kind}.${i}.name`;
        throw new InvalidArgumentError(
          path,
          `${path} is ${JSON.stringify(name)}, which a built-in operator has; allowed: a name ` +
            "that no other operator has",
        );
      }
  return {
    crossovers: [...builtIn.crossovers, ...crossovers],
    mutations: [...builtIn.mutations, ...mutations],
  };
}

/** Names of the custom operators, by kind: what a checkpoint knows them by. */
export function operatorNames(operators: CustomOperators): readonly (readonly string[])[] {
  return [operators.mutations, operators.crossovers, operators.samplings].map((list = []) =>
    list.map(({ name }) => name),
  );
}

const METHODS = { mutations: "mutate", crossovers: "cross", samplings: "sample" } as const;

/** @throws InvalidArgumentError unless every operator has its method and a name of its own */
export function checkOperators(operators: CustomOperators): void {
  checkFields(operators, "operators", Object.keys(METHODS));
  const taken = new Set<string>();
  for (const [kind, method] of Object.entries(METHODS)) {
    const list: unknown = operators[kind as keyof CustomOperators] ?? [];
    const path = `operators.${kind}`;
    if (!Array.isArray(list))
      throw new InvalidArgumentError(path, `${path} is no list; allowed: a list of operators`);
    for (const [i, operator] of (list as readonly Record<string, unknown>[]).entries()) {
      const at = `${path}.${i}`;
      if (typeof operator?.[method] !== "function")
        throw new InvalidArgumentError(
          at,
          `${at} has no method ${method}; allowed: an object that has one`,
        );
      const { name } = operator;
      if (typeof name !== "string" || name === "" || taken.has(name))
        throw new InvalidArgumentError(
          `${at}.name`,
          `${at}.name is ${typeof name === "string" ? JSON.stringify(name) : String(name)}; ` +
            "allowed: a text that no other operator has as its name",
        );
      taken.add(name);
    }
  }
}
