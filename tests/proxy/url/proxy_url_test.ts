import assert from "node:assert/strict";
import { test } from "node:test";
import { proxyDialer, proxyFromEnv } from "../../../src/proxy/mod.ts";
import {
  formatProxyUrl,
  parseProxyUrl,
  type ProxyUrl,
  redactProxyUrl,
  redactProxyUrlText,
} from "../../../src/proxy/url/proxy_url.ts";

test("parseProxyUrl() reads every scheme, with its default port", () => {
  const ports = { socks5: 1080, socks5h: 1080, socks4: 1080, socks4a: 1080, http: 80, https: 443 };
  for (const [scheme, port] of Object.entries(ports)) {
    const server = { host: "proxy.example", port };
    assert.deepEqual(parseProxyUrl(`${scheme}://proxy.example`), { scheme, server });
    assert.deepEqual(parseProxyUrl(`${scheme.toUpperCase()}://proxy.example/`), { scheme, server });
    const other = { host: "proxy.example", port: 8080 };
    assert.deepEqual(parseProxyUrl(`${scheme}://proxy.example:8080/`), { scheme, server: other });
    assert.deepEqual(parseProxyUrl(`${scheme}+unix:///run/a%20b/proxy@1.sock`), {
      scheme,
      server: { path: "/run/a b/proxy@1.sock" },
    });
  }
});

test("parseProxyUrl() reads socks:// as socks5h://, as GNOME means it", () => {
  const server = { host: "proxy.example", port: 1080 };
  assert.deepEqual(parseProxyUrl("socks://proxy.example:1080/"), { scheme: "socks5h", server });
  assert.deepEqual(parseProxyUrl("SOCKS://proxy.example"), { scheme: "socks5h", server });
  assert.deepEqual(parseProxyUrl("socks+unix:///run/x"), {
    ...{ scheme: "socks5h", server: { path: "/run/x" } },
  });
  assert.equal(String(proxyDialer("socks://proxy.example")), "socks5h://proxy.example:1080");
  const env = { all_proxy: "socks://proxy.example:1080/" };
  assert.equal(String(proxyFromEnv({ env })).includes("socks5h://proxy.example:1080"), true);
});

test("parseProxyUrl() reads a path of localhost in a SOCKS URL as a unix socket, as curl does", () => {
  for (const scheme of ["socks5", "socks5h", "socks4", "socks4a"] as const) {
    const server = { path: "/run/tor/socks 1" };
    assert.deepEqual(parseProxyUrl(`${scheme}://localhost/run/tor/socks%201`), { scheme, server });
    const url = parseProxyUrl(`${scheme}://alice@LOCALHOST/run/tor/socks%201`);
    assert.deepEqual([url.server, url.username], [server, "alice"]);
    const local = { host: "localhost", port: 1080 };
    assert.deepEqual(parseProxyUrl(`${scheme}://localhost/`), { scheme, server: local });
  }
});

test("parseProxyUrl() reads hosts of every kind", () => {
  const host = (text: string) => (parseProxyUrl(`http://${text}`).server as { host: string }).host;
  assert.equal(host("127.0.0.1:1"), "127.0.0.1");
  assert.equal(host("[::1]"), "::1");
  assert.equal(host("[::1]:8080"), "::1");
  // RFC 6874, and as curl also takes it.
  assert.equal(host("[fe80::1%25eth0]"), "fe80::1%eth0");
  assert.equal(host("[fe80::1%eth0]"), "fe80::1%eth0");
  assert.equal(host("Proxy.Example."), "Proxy.Example.");
  assert.equal(host("bücher.example"), "xn--bcher-kva.example");
});

test("parseProxyUrl() decodes user name and password as UTF-8", () => {
  const read = (userInfo: string) => {
    const { username, password } = parseProxyUrl(`socks5://${userInfo}h`);
    return [username, password];
  };
  assert.deepEqual(read(""), [undefined, undefined]);
  assert.deepEqual(read("@"), [undefined, undefined]);
  assert.deepEqual(read(":@"), [undefined, undefined]);
  assert.deepEqual(read("user@"), ["user", ""]);
  assert.deepEqual(read("user:pass@"), ["user", "pass"]);
  assert.deepEqual(read(":pass@"), ["", "pass"]);
  assert.deepEqual(read("us%40er:p%3Aa%2Fs%C3%A9@"), ["us@er", "p:a/sé"]);
  assert.deepEqual(read("user:a:b@c@"), ["user", "a:b@c"]);
  assert.deepEqual(read("<torS0X>0:token@"), ["<torS0X>0", "token"]);
});

test("parseProxyUrl() takes a missing scheme for the default one, if there is one", () => {
  const http = { scheme: "http", server: { host: "proxy.example", port: 3128 } };
  assert.deepEqual(parseProxyUrl("proxy.example:3128", "http"), http);
  assert.deepEqual(parseProxyUrl("user:pass@proxy.example:3128", "http"), {
    ...http,
    username: "user",
    password: "pass",
  });
  assert.throws(() => parseProxyUrl("proxy.example:3128"), /missing scheme/);
});

test("parseProxyUrl() refuses what it cannot read, and says why without a secret", () => {
  const cases: [string, RegExp][] = [
    ["", /missing scheme/],
    [
      "sock5://x",
      /^Cannot parse proxy URL "sock5:\/\/x": unknown scheme "sock5": it must be socks5, socks5h, socks4, socks4a, http, https, or one of these with "\+unix"$/,
    ],
    ["http://h\\@evil:1", /a backslash must be percent-encoded/],
    ["http://alice:s3\\cret@x", /a backslash must be percent-encoded/],
    ["socks5h://x\\y", /a backslash must be percent-encoded/],
    ["https:\\\\x", /missing scheme/],
    ["http+unix:///run\\x", /a backslash must be percent-encoded/],
    ["socks5h://x/run/tor/socks", /a unix socket is written socks5h\+unix:\/\/\/path$/],
    ["socks4://localhost:9050/run/tor/socks", /is written socks4\+unix:\/\/\/path$/],
    ["http://localhost/run/proxy", /is written http\+unix:\/\/\/path$/],
    ["socks5h://localhost/run?x", /"\?" and "#" in a path must be percent-encoded/],
    ["socks5h://alice:s3cret@localhost/a%00b", /NUL/],
    ["ftp://alice:s3cret@x", /unknown scheme "ftp"/],
    [" http://x", /unknown scheme/],
    ["+unix:///x", /unknown scheme/],
    ["http+unix+unix:///x", /unknown scheme/],
    ["http://", /missing host/],
    ["http://:80", /missing host/],
    ["http://alice:s3cret@", /missing host/],
    ["http://alice:s3cret@:80", /missing host/],
    ["http://x:0", /: the port is not between 1 and 65535/],
    ["http://x:65536", /:\*\*\*": the port is not between 1 and 65535/],
    ["http://x:", /port is not a number/],
    ["http://x:8o", /port is not a number/],
    ["http://x:+8", /port is not a number/],
    ["http://alice:s3cret", /port is not a number/],
    ["http://alice:s3cret/", /port is not a number/],
    ["http://alice:s3cret%40proxy.example:80", /port is not a number/],
    ["http://::1", /IPv6 needs brackets/],
    ["http://::1:80", /IPv6 needs brackets/],
    ["http://[::1", /host cannot be read/],
    ["http://[::1]80", /host cannot be read/],
    ["http://[proxy.example]", /not an IPv6 address/],
    ["http://[127.0.0.1]", /not an IPv6 address/],
    ["http://[fe80::1%25]", /not an IPv6 address/],
    ["http://[fe80::1%25a\r\nb]", /not an IPv6 address/],
    ["http://a b", /neither a name nor an IP address/],
    ["http://a%41", /neither a name nor an IP address/],
    ["http://127.1", /neither a name nor an IP address/],
    ["http://a\r\nb", /neither a name nor an IP address/],
    ["http://x/path", /no path, query or fragment/],
    ["http://x?token=s3cret", /no path, query or fragment/],
    ["http://x/#s3cret", /no path, query or fragment/],
    ["http://alice:s3/cret@x", /must be percent-encoded/],
    ["http://alice:s3?cret@x", /must be percent-encoded/],
    ["http://alice:s3#cret@x", /must be percent-encoded/],
    ["http://alice:s3 cret@x", /must be percent-encoded/],
    ["http://alice:s3%cret@x", /not valid percent-encoded/],
    ["http://alice:%ff@x", /not valid percent-encoded/],
    ["http://alice:s3cret\ud800@x", /not valid percent-encoded/],
    ["socks4://alice:s3cret@x", /SOCKS4 has a user id and no password/],
    ["socks4a://alice:s3cret@x", /SOCKS4/],
    ["http+unix://x/y", /three slashes/],
    ["http+unix://", /three slashes/],
    ["http+unix:///", /missing path/],
    ["http+unix:///a?b", /percent-encoded/],
    ["http+unix:///a%00b", /NUL/],
    ["http+unix:///a%zz", /not valid percent-encoded/],
    ["http+unix://alice:s3cret@x/y", /three slashes/],
  ];
  for (const [text, why] of cases) {
    assert.throws(() => parseProxyUrl(text), (error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, why);
      assert.doesNotMatch(error.message, /s3|cret|alice:[^*]/, error.message);
      // deno-lint-ignore no-control-regex -- finding them is the point
      assert.doesNotMatch(error.message, /[\x00-\x1f]/);
      return true;
    }, text);
  }
  assert.throws(() => parseProxyUrl(undefined as unknown as string), TypeError);
});

test("formatProxyUrl() is undone by parseProxyUrl()", () => {
  const urls: [string, string][] = [
    ["socks5h://127.0.0.1", "socks5h://127.0.0.1:1080"],
    ["HTTP://proxy.example/", "http://proxy.example:80"],
    ["https://us%40er:p%3aa%2Fs%c3%a9@[::1]", "https://us%40er:p%3Aa%2Fs%C3%A9@[::1]:443"],
    ["socks4://me@h:1", "socks4://me@h:1"],
    ["http://:p@h:1", "http://:p@h:1"],
    ["socks5://[fe80::1%eth0]:1", "socks5://[fe80::1%25eth0]:1"],
    ["socks5h+unix:///run/tor/socks", "socks5h+unix:///run/tor/socks"],
    ["http+unix://u:p@/run/a%20b%3F", "http+unix://u:p@/run/a%20b%3F"],
  ];
  for (const [text, canonical] of urls) {
    const url = parseProxyUrl(text);
    assert.equal(formatProxyUrl(url), canonical);
    assert.deepEqual(parseProxyUrl(canonical), url);
  }
});

test("redactProxyUrl() shows the proxy and hides the user", () => {
  const redacted = (text: string) => redactProxyUrl(parseProxyUrl(text));
  assert.equal(redacted("socks5h://user:pass@127.0.0.1:1080"), "socks5h://***@127.0.0.1:1080");
  assert.equal(redacted("http://token@h"), "http://***@h:80");
  assert.equal(redacted("http://h"), "http://h:80");
  assert.equal(redacted("http+unix://u:p@/x"), "http+unix://***@/x");
  const noUser: ProxyUrl = { scheme: "http", server: { host: "h", port: 1 }, password: "p" };
  assert.equal(redactProxyUrl(noUser), "http://h:1");
});

test("redactProxyUrlText() hides whatever may be a secret", () => {
  assert.equal(redactProxyUrlText("socks5://a:b@c@h:80/x?y"), "socks5://***@h:80/…");
  assert.equal(redactProxyUrlText("a:b@h"), "***@h");
  assert.equal(redactProxyUrlText("http://a:b"), "http://a:***");
  assert.equal(redactProxyUrlText("http://a:12345"), "http://a:12345");
  assert.equal(redactProxyUrlText("http://a:123456"), "http://a:***");
  assert.equal(redactProxyUrlText("http://h\r\nX: y").includes("\n"), false);
  assert.equal(redactProxyUrlText("x".repeat(1000)).length, 200);
});
