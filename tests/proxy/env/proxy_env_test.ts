import assert from "node:assert/strict";
import { test } from "node:test";
import { proxyFor, readProxyEnv } from "../../../src/proxy/env/proxy_env.ts";
import { formatProxyUrl } from "../../../src/proxy/url/proxy_url.ts";

/** Where the target `peer.example` is dialed through, with these variables. */
function way(variables: Record<string, string>, port = 4001, host = "peer.example"): string {
  const env = readProxyEnv((name) => Object.hasOwn(variables, name) ? variables[name] : undefined);
  const proxy = proxyFor(env, host, port);
  return proxy === "direct" ? proxy : formatProxyUrl(proxy);
}

test("readProxyEnv() takes TCP_PROXY, then ALL_PROXY, then HTTPS_PROXY, lower case first", () => {
  const names = ["tcp_proxy", "TCP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy", "HTTPS_PROXY"];
  names.forEach((_, index) => {
    const set = names.slice(index);
    const variables = Object.fromEntries(
      set.map((name) => [name, `socks5://${name.replace("_", "-")}`]),
    );
    const expected = `socks5://${names[index]!.replace("_", "-")}:1080`;
    assert.equal(way(variables), expected);
    assert.equal(way({ ...variables, http_proxy: "http://other" }, 80), expected);
  });
  assert.equal(way({}), "direct");
});

test("readProxyEnv() takes HTTP_PROXY for port 80 alone", () => {
  assert.equal(way({ HTTP_PROXY: "http://p" }, 80), "http://p:80");
  assert.equal(way({ http_proxy: "http://q", HTTP_PROXY: "http://p" }, 80), "http://q:80");
  assert.equal(way({ HTTP_PROXY: "http://p" }, 443), "direct");
  assert.equal(way({ HTTP_PROXY: "http://p" }, 8080), "direct");
});

test("readProxyEnv() ignores upper-case HTTP_PROXY in a CGI program (CVE-2016-5385)", () => {
  assert.equal(way({ HTTP_PROXY: "http://evil", REQUEST_METHOD: "GET" }, 80), "direct");
  assert.equal(
    way({ http_proxy: "http://p", HTTP_PROXY: "http://evil", REQUEST_METHOD: "GET" }, 80),
    "http://p:80",
  );
  assert.equal(way({ HTTP_PROXY: "http://p", REQUEST_METHOD: "" }, 80), "http://p:80");
  assert.equal(way({ ALL_PROXY: "http://p", REQUEST_METHOD: "GET" }, 80), "http://p:80");
});

test("readProxyEnv() takes a missing scheme for http and an empty value for none", () => {
  assert.equal(way({ ALL_PROXY: "proxy.example:3128" }), "http://proxy.example:3128");
  assert.equal(
    way({ ALL_PROXY: "user:p%40ss@proxy.example:3128" }),
    "http://user:p%40ss@proxy.example:3128",
  );
  assert.equal(way({ all_proxy: "", ALL_PROXY: "http://p" }), "http://p:80");
  assert.equal(way({ tcp_proxy: "", TCP_PROXY: "" }), "direct");
});

test("proxyFor() goes direct where NO_PROXY says so, and only there", () => {
  const variables = { ALL_PROXY: "http://p", NO_PROXY: ".example,10.0.0.0/8" };
  assert.equal(way(variables), "direct");
  assert.equal(way(variables, 4001, "10.1.2.3"), "direct");
  assert.equal(way(variables, 4001, "peer.test"), "http://p:80");
  assert.equal(way({ ...variables, no_proxy: "other.test" }), "http://p:80");
  assert.equal(way({ ...variables, no_proxy: "" }), "direct");
  assert.equal(way({ HTTP_PROXY: "http://p", NO_PROXY: "*" }, 80), "direct");
  // A configured proxy is never bypassed by itself, as Go does for these.
  assert.equal(way({ ALL_PROXY: "http://p" }, 80, "localhost"), "http://p:80");
  assert.equal(way({ ALL_PROXY: "http://p" }, 80, "127.0.0.1"), "http://p:80");
});

test("readProxyEnv() never takes a setting that it cannot read for none", () => {
  const refused: [Record<string, string>, RegExp][] = [
    [
      { ALL_PROXY: "sock5://x" },
      /^Cannot use the environment variable ALL_PROXY: .*unknown scheme "sock5": it must be socks5, /,
    ],
    [{ tcp_proxy: " ", ALL_PROXY: "http://p" }, /variable tcp_proxy/],
    [{ HTTPS_PROXY: "http://user:s3cret@x:y" }, /variable HTTPS_PROXY/],
    [{ HTTP_PROXY: "http://" }, /variable HTTP_PROXY/],
    [{ ALL_PROXY: "http://p", no_proxy: "10.0.0.0/99" }, /variable no_proxy: .*"10.0.0.0\/99"/],
    [{ ALL_PROXY: "direct://" }, /unknown scheme/],
    [{ ALL_PROXY: "http://p\r\n" }, /variable ALL_PROXY/],
  ];
  for (const [variables, why] of refused) {
    assert.throws(() => way(variables), (error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, why);
      assert.doesNotMatch(error.message, /s3cret/);
      return true;
    });
  }
  // What nobody would ask is not looked at.
  assert.equal(way({ TCP_PROXY: "http://p", ALL_PROXY: "sock5://x" }), "http://p:80");
});

test("readProxyEnv() lets through what reading a variable throws", () => {
  const denied = new Error("Requires env access");
  assert.throws(() =>
    readProxyEnv(() => {
      throw denied;
    }), denied);
});
