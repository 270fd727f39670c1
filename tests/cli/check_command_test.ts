import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeSocks5 } from "../fakes/proxy/fake_socks5.ts";
import { runCli } from "./cli_process.ts";

test("check leaves open whether the credentials or the rules are refused", async () => {
  const login = { username: "alice", password: "s3cret" };
  const proxy = await FakeSocks5.listen({ login, checksAtRequest: true });
  const url = (password: string) => `socks5h://alice:${password}@${proxy.address}`;
  const wrong = await runCli("check", url("wrong"));
  assert.equal(wrong.code, 1);
  assert.match(wrong.stdout, /does not work \(handshake\); works as far as: tcp\n/);
  assert.match(wrong.stdout, /0x02 .*\n {2}to blame: the credentials or the proxy's rules, /);
  assert.doesNotMatch(wrong.stdout, /alice|wrong/);
  assert.equal((await runCli("check", url("s3cret"))).code, 0);
  await proxy.close();
});
