/**
 * What may import what (ARCHITECTURE.md), for dependency-cruiser: arrows point one way, no import
 * goes in a circle, and packages and runtimes are known only where they belong. The globals of a
 * runtime are the matter of `lint_rules.ts`.
 */

/** Each module may import from those that stand below it, and from nothing else. */
const core = ["core"];
const base = [...core, "conn", "ip"];
const dial = [...base, "dial"];
const net = [...dial, "resolver", "net"];
const system = "adapters/system.ts";

const arrows = {
  core: [],
  conn: core,
  ip: core,
  dial: base,
  resolver: dial,
  net: [...dial, "resolver"],
  multiaddr: [...dial, "resolver"],
  stream: [...net],
  // One of the two arrows to the runtimes: the default peers of the contract suite.
  testing: [...net, "adapters/loopback/"],
  tls: [...net, "stream"],
  proxy: [...net, "stream", "tls", system],
  policy: [...net, system],
  observe: net,
  simulate: [...net, "multiaddr", "proxy", "tls", "stream", system],
  libp2p: [...net, "multiaddr", "proxy", "tls", "stream", "observe", "policy", "simulate", system],
  cli: [...net, "multiaddr", "proxy", "tls", "stream", "observe", "policy", "simulate", system],
  adapters: net,
  "mod.ts": [...net, system],
};

const ours = "^(src|adapters)/|^mod[.]ts$";
const notOnlyTypes = { dependencyTypesNot: ["type-only"] };
const runtimes = "^(node:)?net$|^bun(:|$)|node_modules/bun(-types)?/|^jsr:";
const libp2p = "(^|node_modules/)(@libp2p/|@chainsafe/libp2p-|libp2p(/|$))";

function pathOf(room) {
  if (room.endsWith("/")) return `^${room}`;
  if (room.endsWith(".ts")) return `^${room.replaceAll(".", "[.]")}$`;
  return room === "adapters" ? "^adapters/" : `^src/${room}/`;
}

function rule(name, from, to) {
  return { name, severity: "error", from, to };
}

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...Object.entries(arrows).map(([room, targets]) =>
      rule(`arrows of ${room}`, { path: pathOf(room) }, {
        path: ours,
        pathNot: [room, ...targets].map(pathOf),
      })
    ),
    rule("no arrows yet", { path: "^src/", pathNot: Object.keys(arrows).map(pathOf) }, {
      path: ours,
    }),
    rule("no circle", {}, { circular: true }),
    rule("no such file", {}, { path: "^[.]", couldNotResolve: true }),
    rule("core imports types alone", { path: pathOf("core") }, {
      pathNot: ["^[.]", ours],
      ...notOnlyTypes,
    }),
    rule("libp2p in its room", { pathNot: pathOf("libp2p") }, { path: libp2p }),
    rule("runtimes in adapters", { pathNot: ["adapters", "stream"].map(pathOf) }, {
      path: runtimes,
    }),
    // A published type may have to fit that of a socket.
    rule("runtimes in adapters, types apart", { path: pathOf("stream") }, {
      path: runtimes,
      ...notOnlyTypes,
    }),
  ],
  options: {
    // Imports of types alone are imports, too.
    tsPreCompilationDeps: true,
    doNotFollow: "node_modules",
    enhancedResolveOptions: {
      // An import names its file in full.
      extensions: [".d.ts"],
      exportsFields: ["exports"],
      conditionNames: ["import", "types", "node", "default"],
    },
  },
};
