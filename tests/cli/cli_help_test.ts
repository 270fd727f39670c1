import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { version } from "../../src/cli/version.ts";
import { assertOneLine, runCli } from "./cli_process.ts";

const manifest = new URL("../../deno.json", import.meta.url);

test("the command's version is that of the package", async () => {
  assert.equal(version, JSON.parse(readFileSync(manifest, "utf8")).version);
  assert.deepEqual(await runCli("--version"), { code: 0, stdout: `${version}\n`, stderr: "" });
});

test("--help tells the commands, the forms of a target and the exit codes in 80 columns", async () => {
  const { code, stdout, stderr } = await runCli("--help");
  assert.equal(code, 0);
  assert.equal(stderr, "");
  for (
    const word of ["dial", "probe", "check", "TARGET is one of", "unix:PATH", "Exit codes:", "130"]
  ) {
    assert.ok(stdout.includes(word), word);
  }
  assert.ok(stdout.split("\n").every((line) => line.length <= 80));
  assert.equal((await runCli("-h")).stdout, stdout);
  assert.equal((await runCli("help")).stdout, stdout);
});

for (
  const [command, words] of [
    ["dial", ["--timeout TIME", "--no-shutdown", "--verbose", "Examples:", "Exit codes:"]],
    ["probe", ["--timeout TIME", "--local-address IP", "--count N", "--interval TIME", "--json"]],
    ["check", [
      "--level LEVEL",
      "--target HOST:PORT",
      "--via URL",
      "--timeout TIME",
      "(default: 10s)",
    ]],
  ] as const
) {
  test(`${command} --help tells every option in 80 columns, and dials nothing`, async () => {
    const { code, stdout, stderr } = await runCli(command, "--help", "127.0.0.1:1");
    assert.equal(code, 0);
    assert.equal(stderr, "");
    for (const word of words) assert.ok(stdout.includes(word), word);
    assert.ok(stdout.split("\n").every((line) => line.length <= 80));
    assert.equal((await runCli("help", command)).stdout, stdout);
  });
}

for (
  const [args, reason] of [
    [[], /COMMAND is missing \(see anydial --help\)/],
    [["nope"], /Unknown command "nope"/],
    [["--nope"], /Unknown option '--nope' \(see anydial --help\)/],
    [["probe"], /TARGET is missing \(see anydial probe --help\)/],
    [["probe", "127.0.0.1:1", "extra"], /Unexpected argument after TARGET/],
    [["probe", "127.0.0.1:1", "80"], /Unexpected argument after TARGET/],
    [["probe", "127.0.0.1", "80", "81"], /Unexpected argument after TARGET/],
    [["check", "http://127.0.0.1:1", "80"], /Unexpected argument after PROXY/],
    [["probe", "--tls-name", "x", "127.0.0.1:1"], /--tls-name needs --tls/],
    [["probe", "--tls", "--tls-ca", "/nowhere", "127.0.0.1:1"], /file of --tls-ca: ENOENT/],
    [["probe", "--handshake", "x", "--via", "http://h", "h:1"], /--handshake must be sequential,/],
    [["probe", "-4", "-6", "127.0.0.1:1"], /-4 and -6 exclude each other/],
    [["probe", "-6", "127.0.0.1:1"], /Cannot dial "127\.0\.0\.1:1": .*IPv/],
    [["dial", "-4", "unix:/run/x"], /-4 needs a TARGET of the form host:port/],
    [["dial", "--nope", "127.0.0.1:1"], /'--nope' \(see anydial dial --help\)/],
    [["dial", "--json", "127.0.0.1:1"], /'--json' \(see anydial dial --help\)/],
    [["probe", "127.0.0.1:1", "--timeout"], /--timeout <value>' argument missing/],
    [
      ["probe", "--timeout", "soon", "127.0.0.1:1"],
      /--timeout must be a time .* at least 1 ms \(see/,
    ],
    [["probe", "--timeout", "0", "127.0.0.1:1"], /--timeout must be a time .* not "0"/],
    [["probe", "--count", "0", "127.0.0.1:1"], /--count must be a number .* not "0"/],
    [["probe", "--count", "1.5", "127.0.0.1:1"], /--count must be a number .* not "1\.5"/],
    [
      ["probe", "--local-address", "eth0", "127.0.0.1:1"],
      /--local-address must be an IP address \(see/,
    ],
    [
      ["probe", "--local-address=::1", "--local-address=::2", "localhost:1"],
      /--local-address was given twice for IPv6/,
    ],
    [["probe", "peer.example"], /Cannot dial "peer\.example": missing port/],
    [
      ["probe", "http://peer.example/"],
      /Cannot dial "http:\/\/peer\.example\/": a URL is no target/,
    ],
    [["probe", "peer.example:0"], /Cannot dial "peer\.example:0": port 0 cannot be dialed/],
    [["probe", "a name:80"], /Cannot dial "a name:80": "a name" is neither a name nor an IP/],
    [["dial", "unix:"], /Cannot dial "unix:": the path is missing/],
    [["probe", "/ip4/192.0.2.1/udp/1"], /"udp" is not supported/],
    [["dial", "/nonsense/1"], /Protocol nonsense was unknown/],
  ] as const
) {
  test(`anydial ${args.join(" ")} is misuse: one line, exit code 2`, async () => {
    const { code, stdout, stderr } = await runCli(...args);
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assertOneLine(stderr, reason);
  });
}

test("what would control a terminal is escaped in an error", async () => {
  const { stderr } = await runCli("probe", "\u001b[2J\u202ex");
  assertOneLine(stderr, /Cannot dial "\\u001b\[2J\\u202ex": missing port/);
});
