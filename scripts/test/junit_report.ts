import { XMLParser, XMLValidator } from "fast-xml-parser";

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
  /** Whether the report is whole: a process that exits in mid-test leaves none, or half of one. */
  complete: boolean;
}

/** The parts of a JUnit report that are read: suites may stand in suites. */
interface Suite {
  testsuite?: Suite[];
  testcase?: TestCase[];
}

interface TestCase {
  name?: string;
  skipped?: { message?: string }[];
  failure?: unknown[];
  error?: unknown[];
}

const elements = ["testsuites", "testsuite", "testcase", "skipped", "failure", "error"];
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "",
  parseAttributeValue: false,
  isArray: (name, _path, _isLeaf, isAttribute) => !isAttribute && elements.includes(name),
});

/** Reads the JUnit XML that `node --test-reporter=junit`, `deno test` and `bun test` write. */
export function parseJunitReport(xml: string): TestReport {
  if (XMLValidator.validate(xml) !== true) return { tests: [], complete: false };
  const { testsuites } = parser.parse(xml) as { testsuites?: Suite[] };
  return { tests: (testsuites ?? []).flatMap(testsOf), complete: testsuites !== undefined };
}

function testsOf({ testsuite = [], testcase = [] }: Suite): TestOutcome[] {
  return [...testcase.map(outcomeOf), ...testsuite.flatMap(testsOf)];
}

function outcomeOf({ name = "", skipped, failure, error }: TestCase): TestOutcome {
  // Node escapes a quote in a name twice.
  const test = { name: name.replaceAll("&quot;", '"') };
  if (failure !== undefined || error !== undefined) return { ...test, outcome: "failed" };
  if (skipped === undefined) return { ...test, outcome: "passed" };
  const reason = skipped[0]?.message;
  return { ...test, outcome: "skipped", ...(reason === undefined ? {} : { reason }) };
}
