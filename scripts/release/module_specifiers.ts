import ts from "typescript";

/** What an import, a re-export, an import type or a dynamic import names. */
export interface ModuleSpecifier {
  specifier: string;
  /** Where it is in the text, without its quotes. */
  start: number;
  end: number;
}

/** All that a module imports by a literal, in order of the text; comments are not looked into. */
export function moduleSpecifiers(text: string): ModuleSpecifier[] {
  const source = ts.createSourceFile("module.ts", text, ts.ScriptTarget.Latest);
  const found: ModuleSpecifier[] = [];
  const visit = (node: ts.Node) => {
    const literal = specifierOf(node);
    if (literal !== undefined && ts.isStringLiteralLike(literal)) {
      const start = literal.getStart(source) + 1;
      found.push({ specifier: literal.text, start, end: literal.getEnd() - 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node)) {
    return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined;
  }
  const isImport = ts.isCallExpression(node) &&
    node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return isImport ? node.arguments[0] : undefined;
}
