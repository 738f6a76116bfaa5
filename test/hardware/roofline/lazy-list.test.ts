import { describe, expect, it } from "vitest";
import { lazyList } from "../../../src/hardware/roofline/lazy-list.js";

describe("lazyList", () => {
  it("computes once, when first read, and is an array in every respect", () => {
    let calls = 0;
    const make = () =>
      lazyList(() => {
        calls++;
        return [1, 2, 3];
      });
    const list = make();
    const copy = { list };
    expect(calls).toBe(0);
    expect(copy.list.length).toBe(3);
    expect(calls).toBe(1);
    expect(Array.isArray(list)).toBe(true);
    expect(list).toEqual([1, 2, 3]);
    expect(make()).toEqual([1, 2, 3]);
    expect(JSON.stringify(make())).toBe("[1,2,3]");
    expect([...make()]).toEqual([1, 2, 3]);
    expect(make().map((item) => 2 * item)).toEqual([2, 4, 6]);
    expect(Object.keys(make())).toEqual(["0", "1", "2"]);
    expect(1 in make()).toBe(true);
    expect(calls).toBe(7);
  });

  it("cannot be changed, before or after", () => {
    const list = lazyList(() => [1]) as number[];
    expect(() => list.push(2)).toThrow(TypeError);
    expect(() => {
      list[0] = 5;
    }).toThrow(TypeError);
    expect(() => Object.defineProperty(list, "0", { value: 5 })).toThrow(TypeError);
    expect(
      () =>
        Reflect.deleteProperty(list, "0") ||
        (() => {
          throw new TypeError("kept");
        })(),
    ).toThrow(TypeError);
    expect(list).toEqual([1]);
  });

  it("tries again when the work threw", () => {
    let fails = true;
    const list = lazyList(() => {
      if (fails) throw new Error("not yet");
      return ["a"];
    });
    expect(() => list.length).toThrow("not yet");
    fails = false;
    expect(list).toEqual(["a"]);
  });
});
