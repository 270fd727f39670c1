/** One test, as a runner reported it. */
export interface TestOutcome {
  name: string;
  outcome: "passed" | "failed" | "skipped";
  /** Why it was skipped, where the runner says so: Node does, Deno and Bun do not. */
  reason?: string;
}

/** What a runner reported of one file. */
export interface TestReport {
  tests: TestOutcome[];
  /** Whether the report reached its end: a process that exits in mid-test leaves none, or half of one. */
  complete: boolean;
}

const element =
  /<(\/?)(testsuites|testcase|skipped|failure|error)((?:\s+[\w:.-]+="[^"]*")*)\s*(\/?)>/g;

/** Reads the JUnit XML that `node --test-reporter=junit`, `deno test` and `bun test` write. */
export function parseJunitReport(xml: string): TestReport {
  const tests: TestOutcome[] = [];
  let complete = false;
  // Comments hold the diagnostics of tests, in any spelling; they must not be read as elements.
  for (const match of xml.replace(/<!--[^]*?-->/g, "").matchAll(element)) {
    const [, closing, name, attributes] = match;
    if (closing === "/") {
      complete = name === "testsuites";
    } else if (name === "testsuites") {
      complete = match[4] === "/";
    } else if (name === "testcase") {
      tests.push({ name: attribute(attributes!, "name") ?? "", outcome: "passed" });
    } else {
      const test = tests.at(-1);
      if (test === undefined || test.outcome === "failed") continue;
      test.outcome = name === "skipped" ? "skipped" : "failed";
      if (name === "skipped") test.reason = attribute(attributes!, "message");
    }
  }
  return { tests, complete };
}

function attribute(attributes: string, name: string): string | undefined {
  const match = new RegExp(`\\s${name}="([^"]*)"`).exec(attributes);
  return match === null ? undefined : unescapeXml(match[1]!);
}

function unescapeXml(text: string): string {
  // Node escapes a quote in a name twice (`&amp;quot;`), hence the second pass.
  return unescapeOnce(unescapeOnce(text));
}

const entities: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function unescapeOnce(text: string): string {
  return text.replace(
    /&(?:#(\d+)|#x([0-9a-f]+)|(lt|gt|quot|apos|amp));/gi,
    (_, decimal, hex, entity) =>
      entity === undefined
        ? String.fromCodePoint(decimal === undefined ? parseInt(hex, 16) : Number(decimal))
        : entities[entity.toLowerCase()]!,
  );
}
