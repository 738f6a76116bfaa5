import { describe, expect, it } from "vitest";
import { longLines, paragraphs, proseFaults } from "./prose.js";

const long = (count: number): string => Array.from({ length: count }, () => "word").join(" ");
const lines = (text: string, markdown = false) =>
  longLines(text, { markdown }).map(({ line }) => line);

describe("longLines", () => {
  it("finds lines of more than 100 columns, counted in characters", () => {
    expect(lines(`${"a ".repeat(50)}\n${"a ".repeat(50)}b`)).toEqual([2]);
    expect(lines("é ".repeat(50))).toEqual([]);
  });

  it("leaves what nobody can split", () => {
    const path = "a".repeat(120);
    expect(lines(`// https://example.org/${path}`)).toEqual([]);
    expect(lines(`import { x } from "./${path}.js";`)).toEqual([]);
    expect(lines(`  it("${long(30)}", () => {`)).toEqual([]);
    expect(lines(`// ${long(30)}`)).toEqual([1]);
    expect(lines(`import { x, y } from "./${path}.js";`)).toEqual([1]);
  });

  it("leaves tables and program output of pages, not their code", () => {
    const wide = long(30);
    const output = ["```text", wide, "```"];
    const page = [`| ${wide} |`, ...output, "```ts", wide, "```", wide].join("\n");
    expect(lines(page, true)).toEqual([6, 8]);
  });
});

describe("proseFaults", () => {
  it("counts the words of a sentence over lines, a code span as one", () => {
    expect(proseFaults(`${long(20)}\n${long(15)}. ${long(20)}.`)).toEqual([]);
    expect(proseFaults(`${long(20)}\n${long(16)}.`)).toEqual([
      { line: 1, message: "a sentence of 36 words; allowed: 35" },
    ]);
    expect(proseFaults(`${long(20)}\n${long(14)} \`a b c d\`.`)).toEqual([]);
  });

  it("takes each item of a list by itself, and no code or table", () => {
    expect(paragraphs(`a\nb\n- c\n  d\n- e\n\n\`\`\`ts\nf\n\`\`\`\n| g |\n# h\ni`)).toEqual([
      { line: 1, text: "a b" },
      { line: 3, text: "c d" },
      { line: 5, text: "e" },
      { line: 12, text: "i" },
    ]);
  });

  it("names words that the project has given up", () => {
    expect(proseFaults("A first look at layers.")).toHaveLength(1);
    expect(proseFaults("The `door` of it.")).toEqual([]);
  });
});
