import { expect, it } from "vitest";
import { builtInOperators } from "../../src/operators/built-in-operators.js";
import {
  randomSampling,
  sensitivityAllocation,
  uniformAnchors,
} from "../../src/operators/index.js";
import {
  crossoverOperatorContract,
  mutationOperatorContract,
  samplingOperatorContract,
} from "../../src/testing/index.js";
import { describeContract } from "../_contracts/describe-contract.js";

// An operator of your own is one line here.
const { crossovers, mutations } = builtInOperators(new Map([["head", 0.5]]));
const samplings = [randomSampling, uniformAnchors, sensitivityAllocation(new Map([["stem", 1]]))];

it("the built-in operators have a name each that no other has", () => {
  const names = [...crossovers, ...mutations, ...samplings].map(({ name }) => name);
  const shared = names.filter((name, at) => names.indexOf(name) < at);
  expect(shared, "names that several operators have").toEqual([]);
});

for (const operator of crossovers)
  describeContract(
    `${operator.name} is a crossover`,
    crossoverOperatorContract(() => operator),
  );
for (const operator of mutations)
  describeContract(
    `${operator.name} is a mutation`,
    mutationOperatorContract(() => operator),
  );
for (const operator of samplings)
  describeContract(
    `${operator.name} is a sampling`,
    samplingOperatorContract(() => operator),
  );
