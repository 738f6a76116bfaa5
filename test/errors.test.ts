import { describe, expect, it } from "vitest";
import { quoteName } from "../src/check/quote-name.js";
import { allFailed } from "../src/engine/ledger/evaluation-failures.js";
import { InvalidModelError } from "../src/errors.js";

/** Escape, a line break, a C1 control, one that turns the direction, a line separator. */
const HOSTILE = "a\u001b[2J\n\u009b\u202e\u2028\u0000b";

describe("the text of an error", () => {
  it("has no control characters, while its path keeps them", () => {
    const error = new InvalidModelError(HOSTILE, `tensor ${HOSTILE} is not there`);
    expect(error.message).toBe(
      "tensor a\\u001b[2J\\u000a\\u009b\\u202e\\u2028\\u0000b is not there",
    );
    expect(error.path).toBe(HOSTILE);
    expect(error.stack).not.toContain("\u001b");
  });

  it("nor have names that notes quote", () => {
    expect(quoteName(HOSTILE)).toMatch(/^"[\x20-\x7e]*"$/);
    expect(quoteName("größe 模型")).toBe('"größe 模型"');
  });

  it("of a run without a first population never names an unknown reason", () => {
    expect(allFailed([], 0).message).toBe("no genome of the first population was evaluated");
  });
});
