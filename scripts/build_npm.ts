/**
 * Makes the npm package in npm/ for a release, with dnt:
 *
 *     deno run -A scripts/build_npm.ts
 *     npm run check -- package && npm run smoke -- --no-build
 *     npm publish ./npm
 *
 * Needs JSR. `npm run build` makes the same package with tsc for everybody else.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { build, emptyDir } from "@deno/dnt";
import { readDenoManifest, readNodeManifest, root } from "./manifest.ts";
import { finishPackage, npmManifest, packageDirectory } from "./npm_package.ts";

const { name, version, exports } = readDenoManifest();
const { devDependencies } = readNodeManifest();
const { dependencies, peerDependencies } = npmManifest();

// dnt reads entry points relative to the working directory.
Deno.chdir(root);
await emptyDir(packageDirectory);
await build({
  entryPoints: Object.entries(exports).map(([name, path]) => ({ name, path })),
  outDir: packageDirectory,
  importMap: "deno.json",
  // With a shim dnt would put an object of its own in the place of `globalThis` and `Deno`, and the adapters,
  // which look for what the runtime has, would find the shim instead.
  shims: {},
  scriptModule: false,
  test: false,
  // Checked already, by `npm run check` with the TypeScript that the lock file pins; dnt's own is older.
  typeCheck: false,
  // The sources are not in the package, so neither are maps to them.
  declarationMap: false,
  skipSourceOutput: true,
  compilerOptions: {
    target: "ES2022",
    lib: ["ES2023", "DOM", "DOM.Iterable", "ESNext.Disposable"],
  },
  // What dnt installs to see types; `finishPackage` writes the package.json that is published.
  package: {
    name,
    version,
    dependencies,
    devDependencies: { "@types/node": devDependencies["@types/node"]!, ...peerDependencies },
  },
  postBuild: finishPackage,
});
for (const leftover of ["node_modules", "package-lock.json", ".npmignore"]) {
  rmSync(join(packageDirectory, leftover), { recursive: true, force: true });
}
