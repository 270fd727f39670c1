/** The test files that run alone, by what their paths begin with, and why. */
export const serialFiles: readonly [path: string, reason: string][] = [
  ["tests/real/", "starts proxies that have time limits of their own"],
  ["tests/libp2p/compliance_test.ts", "fills two cores by itself, for half a minute"],
  ["tests/libp2p/go_test.ts", "starts the nodes of another implementation, with their time limits"],
  ["tests/libp2p/nodes_test.ts", "starts a node on each runtime, which fill the cores"],
  ["tests/adapters/leaks_test.ts", "looks at what a process holds after some time"],
  ["tests/adapters/process_lifetime_test.ts", "measures when a process ends"],
  ["tests/net/happy_eyeballs_test.ts", "measures dials that real delays decide"],
  ["tests/proxy/socks/round_trips_test.ts", "counts round trips by the time they take"],
  ["tests/proxy/socks/pipelining_test.ts", "measures how long a proxy may be silent"],
  ["tests/proxy/http/http_connect_codec_test.ts", "measures whether a parser's time is linear"],
];

/** Whether nothing may run beside a test file. */
export function runsAlone(file: string): boolean {
  return serialFiles.some(([path]) => file.startsWith(path));
}
