import { builtInOperators } from "../../src/engine/run/variation.js";
import {
  randomSampling,
  repairToLimits,
  repairToRules,
  sensitivityAllocation,
  uniformAnchors,
} from "../../src/operators/index.js";
import {
  describeCrossoverOperator,
  describeMutationOperator,
  describeRepairOperator,
  describeSamplingOperator,
} from "../_contracts/variation-operators.js";

// An operator of your own is one line here.
const { crossovers, mutations } = builtInOperators(new Map([["a", 0.5]]));
for (const operator of crossovers) describeCrossoverOperator(operator);
for (const operator of mutations) describeMutationOperator(operator);
describeSamplingOperator("random-sampling", () => randomSampling);
describeSamplingOperator("uniform-anchors", () => uniformAnchors);
describeSamplingOperator("sensitivity-allocation", (rules) =>
  sensitivityAllocation(new Map([...rules.layers.keys()].map((name, i) => [name, i]))),
);
describeRepairOperator(repairToRules);
describeRepairOperator(repairToLimits((genome) => Math.max(0, genome.averageBits - 5)));
