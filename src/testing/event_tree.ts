import assert from "node:assert/strict";
import type { DialEvent } from "../core/dial_event.ts";
import type { DialReport } from "../core/dial_report.ts";
import { recordDial } from "../dial/step_link.ts";
import { kindOf } from "../dial/step_kinds.ts";

/** A step, as reconstructed from its events. */
interface Told {
  readonly kind: string;
  readonly parent: Told | undefined;
  open: boolean;
}

/**
 * Builds the report from the events alone, and checks that they form a tree in chronological order.
 */
export function reportFromEvents(events: readonly DialEvent[]): DialReport {
  const record = recordDial();
  const steps = new Map<number, Told>();
  let roots = 0;
  let now = 0;
  for (const event of events) {
    assert.ok(event.atMs >= now, "times never go back");
    now = event.atMs;
    const parent = event.parent === undefined ? undefined : steps.get(event.parent);
    if (event.type.endsWith("-end")) {
      const step = steps.get(event.id);
      assert.ok(step?.kind === kindOf(event) && step.open, "what ends was under way");
      const within = [...steps.values()].filter(({ parent }) => parent === step);
      assert.ok(within.every(({ open }) => !open), `a ${step.kind} ends after all within it`);
      step.open = false;
    } else {
      assert.ok(!steps.has(event.id), "a step starts once");
      if (event.parent === undefined) assert.equal(++roots, 1, "there is one root");
      else assert.ok(parent?.open, "a step starts within one that is under way");
      steps.set(event.id, { kind: kindOf(event), parent, open: event.type.endsWith("-start") });
    }
    record.onEvent(event);
  }
  assert.equal(roots, 1);
  for (const { kind, open } of steps.values()) assert.ok(!open, `a ${kind} has no end`);
  return record.report("");
}
