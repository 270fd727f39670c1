import assert from "node:assert/strict";

/** Returns the rejection of a dial; fails if the dial connects. */
export async function rejectionOf(dial: Promise<unknown>): Promise<unknown> {
  let value;
  try {
    value = await dial;
  } catch (error) {
    return error;
  }
  assert.fail(`the dial gave ${value}`);
}
