import assert from "node:assert/strict";
import type { DialEvent } from "../core/dial_event.ts";
import type { DialFailure, DialReport } from "../core/dial_report.ts";

/** Puts the report together from the events alone, and checks on the way that they form a tree in time. */
export function reportOf(events: readonly DialEvent[]): DialReport {
  const nodes = new Map<number, Mutable>();
  let root: Mutable | undefined;
  let now = 0;
  for (const event of events) {
    assert.ok(event.atMs >= now, "times never go back");
    now = event.atMs;
    const [, kind, edge] = /^(.*)-(start|end)$/.exec(event.type) ?? [];
    if (edge === "start") {
      assert.ok(!nodes.has(event.id), "a step starts once");
      const node: Mutable = { kind: kind!, startMs: now, durationMs: -1, children: [] };
      nodes.set(event.id, node);
      if (event.parent === undefined) {
        assert.equal(root, undefined, "there is one root");
        root = node;
      } else {
        const parent = nodes.get(event.parent);
        assert.ok(parent?.durationMs === -1, "a step starts within one that is under way");
        parent.children.push(node);
      }
    } else if (edge === "end") {
      const node = nodes.get(event.id);
      assert.ok(node?.kind === kind && node?.durationMs === -1, "what ends was under way");
      assert.ok(
        node!.children.every((child) => child.durationMs >= 0),
        `a ${kind} ends after all within it`,
      );
      node!.durationMs = now - node!.startMs;
      const { error, lost } = event as { error?: DialFailure; lost?: true };
      if (error !== undefined) node!.error = error;
      node!.outcome = lost ? "lost" : error === undefined ? "ok" : "failed";
      if (error?.code === "ABORT_ERR") node!.outcome = "aborted";
    }
  }
  assert.ok(root !== undefined);
  for (const node of nodes.values()) assert.ok(node.durationMs >= 0, `a ${node.kind} has no end`);
  return root as unknown as DialReport;
}

interface Mutable {
  kind: string;
  startMs: number;
  durationMs: number;
  outcome?: string;
  error?: DialFailure;
  children: Mutable[];
}
