import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { indexAlong, inputChannels } from "../../src/model/input-channels.js";
import { elementCount, type WeightLayout } from "../../src/model/layer-spec.js";

/** The input of each weight, in the order of the layout. */
function inputsOf(layout: WeightLayout, inputs: number): number[] | undefined {
  const found = inputChannels(layout, inputs);
  if (found === undefined) return undefined;
  const { shape, channelAxis, groupAxis } = layout;
  const [channelOf, placeOf] = [indexAlong(shape, channelAxis), indexAlong(shape, groupAxis)];
  return Array.from({ length: elementCount(shape) }, (_, element) => {
    return found.ofChannel[channelOf(element)]! + found.ofPlace[placeOf(element)]!;
  });
}

const extent = fc.integer({ min: 1, max: 4 });

describe("inputChannels", () => {
  it("finds the input of each weight of a grouped convolution, as loops over its axes do", () => {
    fc.assert(
      fc.property(extent, extent, extent, extent, (groups, perGroup, outputs, places) => {
        const channels = groups * outputs;
        const layout = {
          shape: [channels, perGroup * places],
          channelAxis: 0,
          groupAxis: 1,
          inputGroups: groups,
        };
        const inputs = inputsOf(layout, groups * perGroup)!;
        let element = 0;
        for (let channel = 0; channel < channels; channel++)
          for (let input = 0; input < perGroup; input++)
            for (let place = 0; place < places; place++)
              expect(inputs[element++]).toBe(Math.floor(channel / outputs) * perGroup + input);
      }),
    );
  });

  it("finds the row of a matrix [inputs, outputs]", () => {
    expect(inputsOf({ shape: [3, 2], channelAxis: 1, groupAxis: 0 }, 3)).toEqual([
      0, 0, 1, 1, 2, 2,
    ]);
  });

  it("is undefined for a number of inputs that does not fit", () => {
    const layout = { shape: [4, 6], channelAxis: 0, groupAxis: 1 };
    for (const inputs of [0, 4, 5, 7, 12]) expect(inputChannels(layout, inputs)).toBeUndefined();
    expect(inputChannels({ ...layout, inputGroups: 2 }, 5)).toBeUndefined();
    expect(inputChannels({ ...layout, inputGroups: 3 }, 6)).toBeUndefined();
  });
});
