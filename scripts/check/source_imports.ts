import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { root } from "../manifest.ts";

/** A source file's text with its path in the repository. */
export interface SourceFile {
  path: string;
  text: string;
}

/** One import, re-export or dynamic import. */
export interface SourceImport {
  /** What is imported; undefined where a dynamic import's argument is no literal. */
  specifier: string | undefined;
  line: number;
  /** Whether only types are imported, so that nothing of it is left at run time. */
  typeOnly: boolean;
}

/** The published sources: what is in the packages on both registries. */
export function readSources(): SourceFile[] {
  return ["mod.ts", ...globSync(["src/**/*.ts", "adapters/**/*.ts"], { cwd: root }).sort()]
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

/** All that a file imports. */
export function findImports(file: SourceFile): SourceImport[] {
  const source = parseSource(file);
  const imports: SourceImport[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined, typeOnly: boolean) => {
    const text = specifier && ts.isStringLiteralLike(specifier) ? specifier.text : undefined;
    imports.push({ specifier: text, line: lineOf(source, node), typeOnly });
  };
  const visit = (node: ts.Node) => {
    if (ts.isImportDeclaration(node)) {
      add(
        node,
        node.moduleSpecifier,
        node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword,
      );
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
      add(node, node.moduleSpecifier, node.isTypeOnly);
    } else if (ts.isImportTypeNode(node)) {
      add(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node, node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return imports;
}

/** The lines that name one of `globals`: as a variable, as a property, or by its name in quotes. */
export function findGlobals(
  file: SourceFile,
  globals: readonly string[],
): { name: string; line: number }[] {
  const source = parseSource(file);
  const found: { name: string; line: number }[] = [];
  const visit = (node: ts.Node) => {
    const name = ts.isIdentifier(node) || isKeyInQuotes(node) ? node.text : undefined;
    if (name !== undefined && globals.includes(name)) {
      found.push({ name, line: lineOf(source, node) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

// `globalThis["Deno"]` and `"Deno" in globalThis`, but not a sentence for people.
function isKeyInQuotes(node: ts.Node): node is ts.StringLiteralLike {
  if (!ts.isStringLiteralLike(node)) return false;
  const { parent } = node;
  if (ts.isElementAccessExpression(parent)) return true;
  return ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.InKeyword;
}

function parseSource({ path, text }: SourceFile): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

function lineOf(source: ts.SourceFile, node: ts.Node): number {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}
