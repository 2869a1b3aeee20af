import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { OUTCOMES } from "../../lib/base/errors.ts";

const ROOT = join(import.meta.dirname!, "../..");
const RELIABILITY = Deno.readTextFileSync(join(ROOT, "docs/RELIABILITY.md"));

/** The text of a test file, named by its path below tests/. */
function source(name: string): string | undefined {
  try {
    return Deno.readTextFileSync(join(ROOT, "tests", name));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

Deno.test("every test file that docs/RELIABILITY.md names is there", () => {
  const named = new Set(RELIABILITY.match(/\b[a-z_/]+_test\.ts\b/g));
  assert(named.size > 20, "No names found: mend the pattern of this test.");
  const missing = [...named].filter((name) =>
    source(name.replace(/^tests\//, "")) === undefined
  );
  assertEquals(missing, [], "Write the file's present path there.");
});

Deno.test("every test that docs/RELIABILITY.md quotes is in that file", () => {
  // "file_test.ts: the first words …": up to the ellipsis, without blanks that
  // the table adds.
  const quoted = RELIABILITY.matchAll(
    /\b([a-z_/]+_test\.ts): (?:… )?([^…|;,]+?)(?: …|;|,| *\|)/g,
  );
  let count = 0;
  const missing: string[] = [];
  for (const [, file, words] of quoted) {
    count++;
    if (!source(file!)?.includes(words!)) missing.push(`${file}: ${words}`);
  }
  assert(count > 20, "No quotes found: mend the pattern of this test.");
  assertEquals(
    missing,
    [],
    "Quote the test's present name there. If the test is gone, so is the " +
      "promise: its row goes too, and the commit says why.",
  );
});

/** The documents, by path from the root. */
const DOCUMENTS = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ...[...Deno.readDirSync(join(ROOT, "docs"))]
    .filter(({ name }) => name.endsWith(".md"))
    .map(({ name }) => `docs/${name}`),
];

Deno.test("every path that a document names is there", () => {
  const missing: string[] = [];
  let count = 0;
  for (const path of DOCUMENTS) {
    const text = Deno.readTextFileSync(join(ROOT, path));
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)]
      .map(([, to]) => join(path, "..", to!));
    const named = [
      ...text.matchAll(
        /(?<![\w/.])((?:lib|tests|bench|lab|docs|types)\/[\w/-]*(?:\.\w+)?)/g,
      ),
    ].map(([, to]) => to!);
    for (const to of [...links, ...named]) {
      count++;
      if (!isThere(to)) missing.push(`${path} names ${to}`);
    }
  }
  assert(count > 100, "No paths found: mend the patterns of this test.");
  assertEquals(missing, [], "Write the file's present path in that document.");
});

function isThere(path: string): boolean {
  try {
    Deno.statSync(join(ROOT, path));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test("CONTRIBUTING.md names every task and no other", () => {
  const map = Deno.readTextFileSync(join(ROOT, "CONTRIBUTING.md"));
  const named = [...map.matchAll(/^\| `deno task ([a-z:]+)` /gm)]
    .map(([, task]) => task!);
  const tasks = Object.keys(config.tasks)
    .filter((task) => task !== "send" && task !== "receive");
  assertEquals(
    named.sort(),
    tasks.sort(),
    "Add the task to the table there, with what `time` printed for it.",
  );
});

Deno.test("README's table of exit codes is the program's", () => {
  const readme = Deno.readTextFileSync(join(ROOT, "README.md"));
  const rows = [...readme.matchAll(
    /^\| (\d+) +\| `([a-z-]+)` +\| .* \| (yes|when busy|) *\|$/gm,
  )];
  const found = rows.map(([, exit, code, again]) => [
    code,
    { exit: Number(exit), retriable: again === "yes" },
  ]);
  assertEquals(
    Object.fromEntries(found),
    { ...OUTCOMES },
    "Change the README's table and OUTCOMES in lib/base/errors.ts together.",
  );
});
