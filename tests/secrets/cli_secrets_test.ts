import assert from "node:assert/strict";
import { test } from "node:test";
import { checkCommand } from "../../src/cli/commands/check_command.ts";
import { dialCommand } from "../../src/cli/commands/dial_command.ts";
import { probeCommand } from "../../src/cli/commands/probe_command.ts";
import { runProcess } from "../../scripts/run_process.ts";
import { childCommand } from "../children/child_command.ts";
import { endMark } from "../children/end_mark.ts";

const secret = "s3cr3t";
const withUser = `user:${secret}@127.0.0.1:1`;
/** A proxy and a target that refuse connections. */
const proxy = "http://127.0.0.1:1";
const target = "127.0.0.1:1";

/** Runs each, and looks for the secret in what it writes. */
async function assertHides(lines: readonly (readonly string[])[]): Promise<void> {
  const command = childCommand("run_cli_lines.ts", JSON.stringify(lines));
  const { output } = await runProcess(command, { limitMs: 60_000, output: "collect" });
  const [first, ...ends] = output.split(endMark);
  assert.equal(ends.length, lines.length, output);
  let shown = first!;
  for (const [index, end] of ends.entries()) {
    const line = lines[index]!.join(" ");
    const code = Number.parseInt(end);
    assert.ok(code === 1 || code === 2, `${line}: exits with ${code}`);
    assert.ok(shown !== "", line);
    assert.ok(!shown.includes(secret), `${line}: ${shown}`);
    shown = end.slice(end.indexOf("\n") + 1);
  }
}

for (const { name, options } of [dialCommand, probeCommand, checkCommand]) {
  const argument = name === "check" ? proxy : target;
  test(`anydial ${name} shows no secret that an option is given`, async () => {
    const lines = Object.entries(options).flatMap(([option, { type }]) => {
      if (type === "boolean") return [[name, `--${option}=${secret}`, argument]];
      const given = [withUser, `http://${withUser}`, `user:${secret}`];
      // Where a host belongs a bare word is one.
      if (option !== "target" && option !== "via") given.push(secret);
      return given.map((value) => [name, `--${option}`, value, argument]);
    });
    await assertHides(lines);
  });

  test(`anydial ${name} shows no secret in the place of an argument`, async () => {
    await assertHides([
      ...[`socks5h://${withUser}`, withUser, `user:${secret}`, `[user:${secret}]:1`, `:${secret}`]
        .map((given) => [name, given]),
      ...[`/dns4/${withUser}/tcp/1`, `/${withUser}`, `unix:http://${withUser}`]
        .map((given) => [name, given]),
      [name, argument, secret],
      [name, `--${secret}`, argument],
      [name, `--http://${withUser}`, argument],
      [name, `--via=sock5://${withUser}`, argument],
      [name, "--json", "--via", `socks5h://user:${secret}@127.0.0.1:1`, argument],
    ]);
  });
}

test("anydial shows no secret in the place of a command", async () => {
  const lines = [secret, withUser, `http://${withUser}`, `--${secret}`, `-${secret}`];
  await assertHides([...lines.map((given) => [given]), ["help", secret]]);
});
