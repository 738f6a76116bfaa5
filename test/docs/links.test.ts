import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

const pages = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "examples/model/README.md"],
  ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`),
].filter((path) => path.endsWith(".md"));

const textOf = (path: string): string =>
  readFileSync(join(root, path), "utf8").replace(/```[\s\S]*?```/g, "");

/** The anchors that GitHub gives to the headings of a page. */
const anchorsOf = (path: string): string[] =>
  [...textOf(path).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

/** What is wrong with a link to a place within the repository, or undefined. */
function fault(page: string, target: string): string | undefined {
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? page : relative(root, join(root, dirname(page), path));
  if (!existsSync(join(root, file))) return `${page}: ${target}: no such file`;
  if (anchor === undefined || anchorsOf(file).includes(anchor)) return undefined;
  return `${page}: ${target}: no such heading`;
}

describe("CONTRIBUTING.md", () => {
  it("has a line on every room of src/", () => {
    const text = textOf("CONTRIBUTING.md");
    const rooms = readdirSync(join(root, "src"), { withFileTypes: true }).map((entry) =>
      entry.isDirectory() ? `${entry.name}/` : entry.name,
    );
    expect(rooms.filter((room) => !text.includes(`\`${room}`))).toEqual([]);
  });
});

/** Files that the recipes of docs/extending.md tell their reader to write. */
const TO_BE_WRITTEN = [
  ...["src/hardware/targets/my-npu.ts", "bench/validation-points/my-npu.json"],
  ...["src/evaluation/my-evaluator.ts", "src/evaluation/sensitivity/weight-spread.ts"],
  ...["src/calibration/methods/four-medians.ts", "src/operators/mutation/widen.ts"],
  ...["src/genes/float16-bias.ts"],
];

describe("paths that pages name", () => {
  it("are there, but for those that a recipe has its reader write", () => {
    const named = new Set(
      pages
        .filter((page) => page !== "CHANGELOG.md")
        .flatMap((page) =>
          [...textOf(page).matchAll(/`((?:src|test|bench|examples)\/[\w./-]+)`/g)].map(
            ([, path]) => path!,
          ),
        ),
    );
    expect(TO_BE_WRITTEN.filter((path) => !named.has(path))).toEqual([]);
    const missing = [...named].filter((path) => !existsSync(join(root, path)));
    expect(missing.filter((path) => !TO_BE_WRITTEN.includes(path))).toEqual([]);
  });
});

describe("links of the pages", () => {
  it("lead to a file, and to a heading of it", () => {
    const links = pages.flatMap((page) =>
      [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => ({
        page,
        target: target!,
      })),
    );
    const local = links.filter(({ target }) => !/^https?:/.test(target));
    expect(local.length).toBeGreaterThan(60);
    expect(local.map(({ page, target }) => fault(page, target)).filter(Boolean)).toEqual([]);
  });

  it("are faults where they lead nowhere", () => {
    expect(fault("README.md", "docs/none.md")).toBeDefined();
    expect(fault("README.md", "docs/api.md#none")).toBeDefined();
  });

  it("reach every page of docs/ from README", () => {
    const text = textOf("README.md");
    const reached = pages.filter((path) => path.startsWith("docs/") && text.includes(`](${path}`));
    expect(reached).toEqual(pages.filter((path) => path.startsWith("docs/")));
  });
});
