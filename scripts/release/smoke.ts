/**
 * Installs the packed package like a user does, in an empty directory, and uses it by its name on
 * every runtime.
 *
 *     npm run smoke                  builds npm/ first
 *     npm run smoke -- --no-build    takes npm/ as it is, for what `build_npm.ts` made
 */
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import ts from "typescript";
import { buildPackage } from "./build.ts";
import { readDenoManifest, root } from "../manifest.ts";
import { npmManifest } from "./npm_package.ts";
import { packPackage } from "./packed_package.ts";
import { killGroupsOnSignal, runProcess } from "../run_process.ts";
import { packageRuntimes, type Runtime } from "../runtimes.ts";
import { type FileResult, runTestFile } from "../test/test_file.ts";
import { countTests, formatCounts, isSuccess, listRemarkable } from "../test/test_summary.ts";

/** How long the whole may take on all runtimes. */
const limitMs = 300_000;

/** How to run {@linkcode smokePackage}. */
export interface SmokeOptions {
  /** Takes npm/ as it is instead of building it. */
  noBuild?: boolean;
  /** When it must have ended, by `performance.now()`. */
  end?: number;
}

/**
 * Runs what is in smoke/ against the packed package. A failure before that is a failed test, too.
 */
export async function smokePackage(options: SmokeOptions = {}): Promise<FileResult[]> {
  const end = options.end ?? performance.now() + limitMs;
  const directory = mkdtempSync(join(tmpdir(), "anydial-smoke-"));
  const user = join(directory, "user");
  try {
    if (!options.noBuild) await buildPackage();
    const { path } = await packPackage(directory);
    const results: FileResult[] = [];
    for (const installation of installations()) {
      results.push(...await testInstallation(installation, user, path, end));
    }
    // The last installation has everything that the declarations name.
    return [...results, await checkTypes(user)];
  } catch (error) {
    const name = error instanceof Error ? error.message : String(error);
    return [{ runtime: "node", file: "package", tests: [{ name, outcome: "failed" }] }];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What a user installs, and where that must work. */
interface Installation {
  label: string;
  peers: string[];
  runtimes: readonly Runtime[];
}

/** The package alone, and with its optional peers, which need Node 22. */
function installations(): Installation[] {
  const peers = Object.entries(npmManifest().peerDependencies);
  return [{ label: "package", peers: [], runtimes: packageRuntimes }, {
    label: "package with its peers",
    peers: peers.map(([name, range]) => `${name}@${range}`),
    runtimes: packageRuntimes.filter((runtime) => runtime !== "node20"),
  }];
}

async function testInstallation(
  { label, peers, runtimes }: Installation,
  directory: string,
  tarball: string,
  end: number,
): Promise<FileResult[]> {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  await installPackages(directory, [tarball, ...peers]);
  const results: FileResult[] = [];
  const files = writeTests(directory);
  for (const runtime of runtimes) {
    for (const file of files) {
      // The sources' own runs show the contract on the others; only on Node 20 it cannot run
      // unbuilt.
      if (file === "contract_test.js" && runtime !== "node20") continue;
      const result = await runTestFile(runtime, file, { cwd: directory, end });
      results.push({ ...result, file: `${label}/${file}` });
    }
  }
  return results;
}

async function installPackages(directory: string, packages: string[]): Promise<void> {
  const manifest = JSON.stringify({ private: true, type: "module" });
  writeFileSync(join(directory, "package.json"), manifest);
  const command = ["npm", "install", "--no-audit", "--no-fund", "--prefer-offline", ...packages];
  const options = { cwd: directory, limitMs: 120_000, output: "collect" as const };
  const { code, output } = await runProcess(command, options);
  if (code !== 0) throw new Error(`Cannot install the packed package: ${output}`);
}

/** Strips the types off the tests in smoke/: Node 20 cannot. */
function writeTests(directory: string): string[] {
  const sources = fileURLToPath(new URL("smoke", import.meta.url));
  return globSync("*_test.ts", { cwd: sources }).sort().map((file) => {
    const source = readFileSync(join(sources, file), "utf8");
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    });
    const name = file.replace(/\.ts$/, ".js");
    writeFileSync(join(directory, name), outputText);
    return name;
  });
}

/**
 * Type-checks a TypeScript user's file that names every entry point, the libraries' declarations
 * included.
 */
async function checkTypes(directory: string): Promise<FileResult> {
  const file = "consumer.ts";
  const { name: packageName, exports } = readDenoManifest();
  const lines = Object.keys(exports).map((subpath, index) =>
    `export * as entryPoint${index} from "${packageName}${subpath.slice(1)}";`
  );
  writeFileSync(join(directory, file), lines.join("\n"));
  const command = [
    process.execPath,
    join(root, "node_modules/typescript/bin/tsc"),
    ...["--noEmit", "--strict", "--target", "ES2022", "--module", "NodeNext"],
    ...["--types", "node", "--typeRoots", join(root, "node_modules/@types")],
    file,
  ];
  const options = { cwd: directory, limitMs: 120_000, output: "show" as const };
  const { code } = await runProcess(command, options);
  const outcome = code === 0 ? "passed" as const : "failed" as const;
  const name = "the declarations of the packed package type-check";
  return { runtime: "node", file: "package/consumer.ts", tests: [{ name, outcome }] };
}

if (import.meta.main) {
  killGroupsOnSignal();
  const { values } = parseArgs({ options: { "no-build": { type: "boolean", default: false } } });
  const results = await smokePackage({ noBuild: values["no-build"] });
  const counts = countTests(results);
  process.exitCode = isSuccess(counts, false) ? 0 : 1;
  console.log(["", ...listRemarkable(results), formatCounts(counts)].join("\n"));
}
