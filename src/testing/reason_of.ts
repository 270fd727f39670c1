import assert from "node:assert/strict";

/** What a dial is rejected with; that it is not is an error. */
export async function rejectionOf(dial: Promise<unknown>): Promise<unknown> {
  let value;
  try {
    value = await dial;
  } catch (error) {
    return error;
  }
  assert.fail(`the dial gave ${value}`);
}
