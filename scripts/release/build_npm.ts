/**
 * Makes the npm package in npm/ for a release, with dnt:
 *
 *     deno run -A scripts/release/build_npm.ts
 *     npm run check -- package && npm run smoke -- --no-build
 *     npm publish ./npm
 *
 * Needs JSR. `npm run build` makes the same package with tsc for everybody else.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build, emptyDir } from "@deno/dnt";
import { readDenoManifest, readNodeManifest, root } from "../manifest.ts";
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
  configFile: pathToFileURL(join(root, "deno.json")).href,
  // With a shim dnt would put an object of its own in the place of `globalThis` and `Deno`, and the
  // adapters, which look for what the runtime has, would find the shim instead.
  shims: {},
  // Each would be imported by every entry point and declare globals in the user's program. That for
  // `import.meta` also takes the command for no main module where a link in node_modules/.bin
  // started it.
  polyfills: false,
  scriptModule: false,
  test: false,
  // Checked already, by `npm run check`, with the TypeScript that the lock file pins.
  typeCheck: false,
  // The sources are not in the package, so neither are maps to them.
  declarationMap: false,
  skipSourceOutput: true,
  // As in tsconfig.build.json.
  compilerOptions: { target: "ES2022", lib: ["ES2023", "ESNext.Disposable"] },
  // What dnt installs to see types. It takes what is imported for types alone for a dependency,
  // too; `finishPackage` writes the package.json that is published.
  package: {
    name,
    version,
    dependencies,
    devDependencies: { "@types/node": devDependencies["@types/node"]!, ...peerDependencies },
  },
  postBuild: finishPackage,
});
// npm installed for dnt, and dnt wrote an ignore file that package.json's `files` makes needless.
// Its package.json in esm/ would hide `sideEffects` from bundlers.
for (const leftover of ["node_modules", "package-lock.json", ".npmignore", "esm/package.json"]) {
  rmSync(join(packageDirectory, leftover), { recursive: true, force: true });
}
