/** The runtime that these tests run on. */
export const runtime: "node" | "deno" | "bun" = "deno" in process.versions
  ? "deno"
  : "bun" in process.versions
  ? "bun"
  : "node";
