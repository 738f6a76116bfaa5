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
for (const operator of [
  randomSampling,
  uniformAnchors,
  sensitivityAllocation(new Map([["stem", 1]])),
])
  describeContract(
    `${operator.name} is a sampling`,
    samplingOperatorContract(() => operator),
  );
