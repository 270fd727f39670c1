import fc from "fast-check";
import assert from "node:assert/strict";
import { matchesNoProxy, parseNoProxy } from "../../../src/proxy/env/no_proxy.ts";
import { proxyFor, readProxyEnv } from "../../../src/proxy/env/proxy_env.ts";
import {
  formatProxyUrl,
  parseProxyUrl,
  type ProxyUrl,
  redactProxyUrl,
} from "../../../src/proxy/url/proxy_url.ts";
import { type CodecProperty, holds } from "./codec_property.ts";

const marker = "s3cr3t";
const schemes = ["socks5", "socks5h", "socks4", "socks4a", "http", "https"] as const;
const urlPieces = [
  ...schemes.map((scheme) => `${scheme}://`),
  "http+unix://",
  "://",
  "user",
  ":",
  "@",
  "/",
  "//",
  "?",
  "#",
  "%40",
  "%",
  "%zz",
  "%00",
  "%ff",
  "[::1]",
  "[",
  "]",
  "127.0.0.1",
  "proxy.example",
  "bücher.example",
  "80",
  "1080",
  "99999",
  "\r\n",
  " ",
  "/run/x.sock",
];
const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...urlPieces) },
  { weight: 1, arbitrary: fc.string({ maxLength: 6, unit: "binary" }) },
);
const urlLike = fc.array(piece, { maxLength: 8 }).map((parts) => parts.join(""));

const proxyUrl: fc.Arbitrary<ProxyUrl> = fc.record({
  scheme: fc.constantFrom(...schemes),
  server: fc.oneof(
    fc.tuple(fc.oneof(fc.ipV4(), fc.domain()), fc.integer({ min: 1, max: 65_535 }))
      .map(([host, port]) => ({ host, port })),
    fc.string({ minLength: 1, unit: "grapheme" }).map((name) => ({ path: `/run/${name}` })),
  ),
  user: fc.option(fc.tuple(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" })), {
    nil: undefined,
  }),
}).map(({ scheme, server, user }) => {
  const [username, password] = user ?? [];
  if (username === undefined || (username === "" && password === "")) return { scheme, server };
  return { scheme, server, username, password: scheme.startsWith("socks4") ? "" : password! };
}).filter(({ server, username, password }) =>
  !("path" in server && server.path.includes("\0")) && (username !== "" || password !== "")
);

/** What holds for any setting that a user can write. */
export const settingsProperties: readonly CodecProperty[] = [
  holds("a proxy URL is the same after writing and reading it", 2, proxyUrl, (url) => {
    const text = formatProxyUrl(url);
    assert.deepEqual(parseProxyUrl(text), url);
    const redacted = redactProxyUrl(url);
    assert.ok(redacted.includes("***@") === (url.username !== undefined));
    assert.equal(
      formatProxyUrl(parseProxyUrl(redacted.replace("***@", ""))),
      redacted.replace("***@", ""),
    );
  }),
  holds(
    "whatever is meant as a proxy URL is read the same again, or refused without its password",
    4,
    fc.tuple(urlLike, urlLike, urlLike, fc.boolean()),
    ([before, between, after, withMarker]) => {
      const text = withMarker ? `${before}:${marker}${between}@${after}` : before;
      let url;
      try {
        url = parseProxyUrl(text, "http");
      } catch (error) {
        assert.ok(error instanceof TypeError, String(error));
        assert.ok(!error.message.includes(marker), error.message);
        assert.doesNotMatch(error.message, /\p{Cc}/u);
        return;
      }
      assert.deepEqual(parseProxyUrl(formatProxyUrl(url)), url);
      if (!("path" in url.server)) {
        assert.ok(!redactProxyUrl(url).includes(marker));
        assert.match(url.server.host, /^[A-Za-z0-9._:%~-]+$/);
      }
      assert.doesNotMatch(redactProxyUrl(url), /[\s@].*@/);
    },
  ),
  holds(
    "a setting is used or refused, and never passed over",
    2,
    fc.tuple(urlLike, fc.constantFrom("TCP_PROXY", "all_proxy", "HTTPS_PROXY", "http_proxy")),
    ([value, name]) => {
      let way;
      try {
        way = proxyFor(
          readProxyEnv((asked) => asked === name ? value : undefined),
          "peer.example",
          80,
        );
      } catch (error) {
        assert.ok(error instanceof TypeError && error.message.includes(name), String(error));
        return;
      }
      assert.equal(way === "direct", value === "");
    },
  ),
  holds(
    "a NO_PROXY range holds for the addresses whose first bits are the same",
    2,
    fc.tuple(fc.nat(0xffffffff), fc.nat(32), fc.nat(0xffffffff), fc.boolean(), fc.boolean()),
    ([base, bits, other, near, mapped]) => {
      const flip = near ? 2 ** (other % 32) : 0;
      const address = near ? ((base ^ flip) >>> 0) : other;
      const rules = parseNoProxy(`${dotted(base)}/${bits}`);
      const host = mapped ? `::ffff:${dotted(address)}` : dotted(address);
      const same = base.toString(2).padStart(32, "0").slice(0, bits) ===
        address.toString(2).padStart(32, "0").slice(0, bits);
      assert.equal(matchesNoProxy(rules, host, 1), same);
    },
  ),
  holds(
    "a NO_PROXY list is read or refused, and holds for nothing unnamed",
    2,
    fc.tuple(
      fc.array(
        fc.oneof(fc.string({ maxLength: 8, unit: "binary" }), fc.domain(), fc.ipV6(), urlLike),
        { maxLength: 4 },
      ),
      fc.domain(),
    ),
    ([entries, host]) => {
      let rules;
      try {
        rules = parseNoProxy(entries.join(","));
      } catch (error) {
        assert.ok(error instanceof TypeError, String(error));
        return;
      }
      const named = entries.join(",").toLowerCase().split(/[,\s]+/).some((entry) => {
        const bare = entry.replace(/:[0-9]+$/, "").replace(/^\*?\./, "");
        return bare === "*" || host.toLowerCase().endsWith(bare.replace(/\.$/, ""));
      });
      if (!named && entries.every((entry) => /^[!-~\s]*$/.test(entry))) {
        assert.equal(matchesNoProxy(rules, host, 443), false);
      }
    },
  ),
];

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
}
