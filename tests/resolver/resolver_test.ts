import assert from "node:assert/strict";
import { test } from "node:test";
import { isDialError } from "../../mod.ts";
import { withLocalhost } from "../../src/resolver/resolver.ts";
import { systemResolver } from "../../src/resolver/system_resolver.ts";
import { rejectionOf } from "../../src/testing/reason_of.ts";
import { WatchedSignal } from "../../src/testing/watched_signal.ts";

test("RFC 6761 §6.3: localhost and its subdomains never reach the resolver", async () => {
  const resolver = withLocalhost({ lookup: (host) => Promise.resolve([`asked for ${host}`]) });
  for (const host of ["localhost", "LocalHost", "localhost.", "a.localhost", "b.a.LOCALHOST."]) {
    assert.deepEqual(await resolver.lookup(host, { family: 4 }), ["127.0.0.1"], host);
    assert.deepEqual(await resolver.lookup(host, { family: 6 }), ["::1"], host);
  }
  for (const host of ["localhost.test", "mylocalhost", "localhost.."]) {
    assert.deepEqual(await resolver.lookup(host, { family: 4 }), [`asked for ${host}`]);
  }
});

test("the system's resolver knows localhost, and not what has too long a label", async () => {
  assert.deepEqual(await systemResolver.lookup("localhost", { family: 6 }), ["::1"]);
  const error = await rejectionOf(systemResolver.lookup(`${"a".repeat(64)}.test`, { family: 4 }));
  assert.ok(!isDialError(error));
  assert.match(String((error as { code?: unknown }).code), /^(ENOTFOUND|EAI_)/);
});

test("RFC 7686 §2: the system is not asked for an onion address", async () => {
  for (const host of ["peer.onion", "a.PEER.Onion."]) {
    const error = await rejectionOf(systemResolver.lookup(host, { family: 4 })) as Error;
    assert.equal((error as { code?: string }).code, "ENOTFOUND");
    assert.match(error.message, /only a proxy into Tor/);
  }
});

test("lookups of the same name and family share one call, and end on their own", async () => {
  const host = `${"b".repeat(64)}.test`;
  const watched = new WatchedSignal();
  const patient = systemResolver.lookup(host, { family: 4 });
  const hasty = systemResolver.lookup(host, { family: 4, signal: watched.signal });
  patient.catch(() => {});
  watched.abort("enough");
  assert.equal(await rejectionOf(hasty), "enough");
  const shared = systemResolver.lookup(host, { family: 4 });
  assert.equal(patient, shared);
  assert.notEqual(patient, systemResolver.lookup(host, { family: 6 }).catch(() => {}));
  await assert.rejects(patient);
  assert.notEqual(patient, systemResolver.lookup(host, { family: 4 }).catch(() => {}));
  assert.equal(watched.listeners, 0);
});
