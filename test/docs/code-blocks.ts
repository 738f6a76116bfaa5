import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

/** A ```ts block of a page. */
export interface CodeBlock {
  /** Line of the page where the code begins, from 1. */
  readonly line: number;
  readonly code: string;
  /**
   * False for a fragment (```ts fragment): it uses values that the page does not define, and is
   * only checked by the compiler.
   */
  readonly runs: boolean;
  /**
   * Where a recipe puts the block, when its first line says so (`// src/room/file.ts`), seen from
   * the root of the repository.
   */
  readonly path: string | undefined;
}

/** The TypeScript of a Markdown page, in order. */
export function codeBlocks(page: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { line: number; info: string; lines: string[] } | undefined;
  for (const [i, line] of page.split("\n").entries()) {
    if (open === undefined && line.startsWith("```"))
      open = { line: i + 2, info: line.slice(3), lines: [] };
    else if (open !== undefined && line === "```") {
      const [language, ...marks] = open.info.split(" ");
      const path = /^\/\/ ((?:src|test)\/\S+\.ts)$/.exec(open.lines[0] ?? "")?.[1];
      const runs = !marks.includes("fragment");
      if (language === "ts")
        blocks.push({ line: open.line, code: `${open.lines.join("\n")}\n`, runs, path });
      open = undefined;
    } else open?.lines.push(line);
  }
  return blocks;
}

/**
 * Examples of doc comments that import nothing, as fragments that import what they use of the
 * package.
 * @param exported names of the package, each with the entry point that it comes from
 */
export function withImports(
  blocks: readonly CodeBlock[],
  exported: ReadonlyMap<string, string>,
): CodeBlock[] {
  return blocks.map((block) => {
    const { code } = block;
    if (/^import\b/m.test(code)) return block;
    const declared = new Set(
      [...code.matchAll(/\b(?:const|let|function|class|type) (\w+)/g)].map(([, name]) => name),
    );
    const imports = [...new Set(code.match(/(?<![.\w"-])[A-Za-z]\w*/g))]
      .filter((name) => exported.has(name) && !declared.has(name))
      .map((name) => `import { ${name} } from "${exported.get(name)}";\n`);
    return { ...block, code: `${imports.join("")}${code}`, runs: false };
  });
}

/**
 * Writes the blocks of a page into a folder, each as a module. A block with a path lies there as if
 * the folder were the repository: what it imports is another block of the page, or else the
 * repository's own file.
 * @param root of the repository
 * @param folder below the root
 * @returns the files, in the order of the blocks
 */
export function writeBlocks(
  blocks: readonly CodeBlock[],
  { root, folder }: { readonly root: string; readonly folder: string },
): string[] {
  const places = blocks.map(({ path, line }) => path ?? `line-${line}.ts`);
  return blocks.map(({ code }, i) => {
    const place = places[i]!;
    const file = join(folder, place);
    mkdirSync(dirname(file), { recursive: true });
    const text = code.replace(/\bfrom "(\.[^"]+)"/g, (whole, specifier: string) => {
      const target = resolve("/", dirname(place), specifier).slice(1).replace(/\.js$/, ".ts");
      if (places.includes(target)) return whole;
      if (!existsSync(join(root, target))) throw new Error(`${place} imports ${target}: no file`);
      const real = relative(dirname(file), join(root, target)).split(sep).join("/");
      return `from "${real.replace(/\.ts$/, ".js")}"`;
    });
    writeFileSync(file, /^(import|export)\b/m.test(text) ? text : `${text}export {};\n`);
    return file;
  });
}
