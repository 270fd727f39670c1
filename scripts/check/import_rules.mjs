/**
 * What may import what (ARCHITECTURE.md), for dependency-cruiser: arrows point one way, no import
 * goes in a circle, and packages and runtimes are known only where they belong. The globals of a
 * runtime are the matter of `lint_rules.ts`.
 */

const foundation = ["core", "dial", "resolve"];
const middle = ["observe", "policy", "proxy", "simulate", "stream", "testing", "tls"];
const system = "adapters/system.ts";

/** What each room may import from beside itself: rooms, and the two doors to the runtimes. */
const arrows = {
  core: [],
  dial: ["core"],
  resolve: ["core", "dial"],
  ...Object.fromEntries(middle.map((room) => [room, foundation])),
  policy: [...foundation, system],
  // Two arrows among these, where the work needs them: an HTTPS proxy wants TLS, and TLS a Duplex.
  proxy: [...foundation, "tls", system],
  tls: [...foundation, "stream"],
  testing: [...foundation, "adapters/loopback_peers.ts"],
  libp2p: [...foundation, ...middle, system],
  cli: [...foundation, ...middle, system],
  // Of testing the types alone, which the loopback peers implement: see below.
  adapters: [...foundation, "testing"],
  "mod.ts": [...foundation, ...middle, system],
};

/** Circles of types that are left from before; none may be added. */
const oldCircles = [
  "^src/core/(dial_event|dialer)[.]ts$",
  "^src/proxy/(check_proxy|phase_times)[.]ts$",
  "^src/testing/(contract|trial)[.]ts$",
];

const ours = "^(src|adapters)/|^mod[.]ts$";
const notOnlyTypes = { dependencyTypesNot: ["type-only"] };
const runtimes = "^(node:)?net$|^bun(:|$)|node_modules/bun(-types)?/|^jsr:";
const libp2p = "(^|node_modules/)(@libp2p/|@chainsafe/libp2p-|libp2p(/|$))";

function pathOf(room) {
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
    rule("only types for adapters", { path: pathOf("adapters") }, {
      path: pathOf("testing"),
      ...notOnlyTypes,
    }),
    rule("no circle", { pathNot: oldCircles }, { circular: true }),
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
