/**
 * Our rules for `deno lint` (deno.json). They are for the published sources outside adapters/:
 * these know a runtime by none of its names, and import nothing that only shows when it runs.
 */

const runtimes = ["Deno", "Bun"];

const root = decodeURIComponent(new URL("../..", import.meta.url).pathname);

/** Whether a file is published, and no adapter. */
function isNeutralSource(filename: string): boolean {
  const path = filename.startsWith(root) ? filename.slice(root.length) : filename;
  return path === "mod.ts" || path.startsWith("src/");
}

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    "runtime-names": {
      create(context) {
        if (!isNeutralSource(context.filename)) return {};
        const judge = (node: Deno.lint.Identifier | Deno.lint.Literal, name: unknown) => {
          if (typeof name !== "string" || !runtimes.includes(name)) return;
          context.report({ node, message: `names ${name}, which only adapters/ may` });
        };
        // `globalThis["Deno"]` and `"Deno" in globalThis`, but not a sentence for people.
        const judgeKey = (node: Deno.lint.Literal) => judge(node, node.value);
        return {
          Identifier: (node) => judge(node, node.name),
          "MemberExpression > Literal": judgeKey,
          "BinaryExpression[operator='in'] > Literal": judgeKey,
        };
      },
    },
    "known-imports": {
      create(context) {
        if (!isNeutralSource(context.filename)) return {};
        return {
          ImportExpression(node) {
            if (node.source.type === "Literal") return;
            context.report({ node, message: "imports what cannot be known before it runs" });
          },
        };
      },
    },
  },
};
export default plugin;
