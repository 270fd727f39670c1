/**
 * What may import what (ARCHITECTURE.md), for dependency-cruiser: arrows point one way, no import
 * goes in a circle, and packages and runtimes are known only where they belong. The globals of a
 * runtime are the matter of `lint_rules.ts`.
 */

const foundation = ["core", "dial", "resolve"];
const middle = ["observe", "policy", "proxy", "simulate", "stream", "testing", "tls"];

/** What each room may import from, beside itself. */
const arrows = {
  core: [],
  dial: ["core"],
  resolve: ["core", "dial"],
  ...Object.fromEntries(middle.map((room) => [room, foundation])),
  // Two arrows among these, where the work needs them: an HTTPS proxy wants TLS, and TLS a Duplex.
  proxy: [...foundation, "tls"],
  tls: [...foundation, "stream"],
  libp2p: [...foundation, ...middle],
  cli: [...foundation, ...middle],
  adapters: foundation,
  "mod.ts": [...foundation, ...middle],
};

/** What an adapter may import the types of: what the loopback peers implement. */
const typesForAdapters = "testing";

/** The doors to the runtimes, and the rooms that may use them. */
const doors = {
  "adapters/system.ts": ["mod.ts", "proxy", "policy", "libp2p", "cli"],
  "adapters/loopback_peers.ts": ["testing"],
};

/** Circles of types that are left from before; none may be added. */
const oldCircles = [
  "^src/core/(dial_event|dialer)[.]ts$",
  "^src/proxy/(check_proxy|phase_times)[.]ts$",
  "^src/testing/(contract|trial)[.]ts$",
];

const libp2pPackages = "(^|node_modules/)(@libp2p/|@chainsafe/libp2p-|libp2p(/|$))";
const runtimeModules = "^(node:)?net$|^bun(:|$)|node_modules/bun(-types)?/|^jsr:";

/** The path of a room: `src/core/` is core, `adapters/` and `mod.ts` are what they are called. */
function pathOf(room) {
  if (room === "mod.ts") return "^mod[.]ts$";
  return room === "adapters" ? "^adapters/" : `^src/${room}/`;
}

function arrowRule([room, targets]) {
  const open = Object.entries(doors).filter(([, rooms]) => rooms.includes(room));
  const types = room === "adapters" ? [pathOf(typesForAdapters)] : [];
  return {
    name: `arrows of ${room}`,
    severity: "error",
    comment: `${room} may import ${targets.join(", ") || "nothing"}`,
    from: { path: pathOf(room) },
    to: {
      path: "^(src|adapters)/|^mod[.]ts$",
      pathNot: [
        ...[room, ...targets].map(pathOf),
        ...open.map(([door]) => `^${door.replaceAll(".", "[.]")}$`),
        ...types,
      ],
    },
  };
}

function rule(name, from, to) {
  return { name, severity: "error", from, to };
}

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...Object.entries(arrows).map(arrowRule),
    rule("no arrows yet", {
      path: "^src/",
      pathNot: Object.keys(arrows).map(pathOf),
    }, { path: "^(src|adapters)/|^mod[.]ts$" }),
    rule("only types for adapters", { path: "^adapters/" }, {
      path: pathOf(typesForAdapters),
      dependencyTypesNot: ["type-only"],
    }),
    rule("no circle", { pathNot: oldCircles }, { circular: true }),
    rule("no such file", {}, { path: "^[.]", couldNotResolve: true }),
    rule("core imports types alone", { path: pathOf("core") }, {
      pathNot: "^(src|adapters)/|^[.]",
      dependencyTypesNot: ["type-only"],
    }),
    rule("libp2p in its room", { pathNot: pathOf("libp2p") }, { path: libp2pPackages }),
    // A published type may have to fit that of a socket.
    rule("runtimes in adapters", { pathNot: [pathOf("adapters"), pathOf("stream")] }, {
      path: runtimeModules,
    }),
    rule("runtimes in adapters, types apart", { path: pathOf("stream") }, {
      path: runtimeModules,
      dependencyTypesNot: ["type-only"],
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
