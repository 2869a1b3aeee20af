import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
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
  assert(named.size > 20);
  const missing = [...named].filter((name) =>
    source(name.replace(/^tests\//, "")) === undefined
  );
  assertEquals(missing, []);
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
  assert(count > 20, `${count}`);
  assertEquals(missing, []);
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
  assertEquals(Object.fromEntries(found), { ...OUTCOMES });
});
