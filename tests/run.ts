// deno-lint-ignore-file no-console -- a program that talks to a person
/**
 * `deno task test`: sets up what the tests need, runs them, and closes with one
 * line of figures. Arguments go to `deno test`, a file or `--filter` say.
 *
 * @module
 */

import { TextLineStream } from "@std/streams/text-line-stream";
import { FOR_TESTS, missing, packagesOf } from "./support/programs.ts";

const PROGRAMS = Object.keys(FOR_TESTS) as (keyof typeof FOR_TESTS)[];

const inCI = Deno.env.get("CI") === "true";

/** Installs what is missing where that is possible; a line for what it does. */
function setUp(): void {
  const packages = packagesOf(missing(PROGRAMS));
  const mayInstall = Deno.uid() === 0 && missing(["apt-get"]).length === 0;
  if (packages.length === 0 || !mayInstall) return;
  console.log(`set-up: installing ${packages.join(", ")} from Debian`);
  const install = ["install", "-y", "-qq", "--no-install-recommends"];
  const failures = [aptGet("update", "-qq")];
  // Together is faster; one by one, a package that is not to be had leaves
  // the others be.
  if (aptGet(...install, ...packages)) {
    failures.push(...packages.map((name) => aptGet(...install, name)));
  }
  for (const failure of failures) if (failure) console.log(failure);
}

/** Runs apt-get without a question; a line about it, if it failed. */
function aptGet(...args: string[]): string | undefined {
  const { success, stderr } = new Deno.Command("apt-get", {
    args,
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).outputSync();
  if (success) return;
  const lines = new TextDecoder().decode(stderr).trim().split("\n");
  const reason = lines.find((line) => line.startsWith("E: ")) ?? lines.at(-1);
  return `set-up: apt-get ${args[0]} ${args.at(-1)} failed: ${reason}`;
}

/** What `deno test` said in the end. */
interface Figures {
  passed: number;
  failed: number;
  skipped: string[];
}

/** Runs the tests; their output goes by unchanged and is read on the way. */
async function runTests(args: string[], tmp: string): Promise<Figures> {
  // The tests may start "deno", which need not be on the PATH here.
  const home = Deno.execPath().replace(/\/[^/]*$/, "");
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "-q", // not a line for each program that is not there
      "-P",
      "--doc",
      "--trace-leaks",
      "--lock=deno.lock",
      "--frozen",
      ...args,
    ],
    env: { PATH: `${home}:${Deno.env.get("PATH")}`, TMPDIR: tmp },
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const figures: Figures = { passed: 0, failed: 0, skipped: [] };
  const [shown, read] = child.stdout.tee();
  const reading = (async () => {
    const lines = read.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    for await (const line of lines) take(line.replace(COLOURS, ""), figures);
  })();
  await shown.pipeTo(Deno.stdout.writable, { preventClose: true });
  await reading;
  const { success } = await child.status;
  // A module that does not even load fails no test.
  if (!success && figures.failed === 0) figures.failed = 1;
  return figures;
}

// deno-lint-ignore no-control-regex -- colours are control characters
const COLOURS = /\x1b\[[0-9;]*m/g;

function take(line: string, figures: Figures): void {
  const skipped = /^\s*(.+) \.\.\. ignored/.exec(line)?.[1];
  if (skipped) figures.skipped.push(skipped);
  const summary = /^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed/.exec(
    line,
  );
  if (!summary) return;
  figures.passed = Number(summary[1]);
  figures.failed = Number(summary[2]);
}

/** Closes with the figures; whether all is well. */
function report({ passed, failed, skipped }: Figures, left: string[]): boolean {
  let well = failed === 0 && passed > 0;
  if (skipped.length > 0) {
    console.log("not run:");
    for (const name of skipped) console.log(`  ${name}`);
  }
  const lacking = missing(PROGRAMS);
  if (lacking.length > 0) {
    const packages = packagesOf(lacking).join(" ");
    console.log(`missing: ${lacking.join(", ")}; in Debian's ${packages}`);
  }
  if (left.length > 0) {
    console.log(`left behind in the temporary directory: ${left.join(", ")}`);
    well = false;
  }
  if (inCI && lacking.length > 0) {
    console.log("CI must not go without what is missing");
    well = false;
  }
  const more = skipped.length > 0 ? `, ${skipped.length} skipped` : "";
  console.log(`\n${passed} passed, ${failed} failed${more}`);
  return well;
}

setUp();
// Everything temporary goes here, so that what a test leaves behind shows.
const tmp = await Deno.makeTempDir({ dir: "/tmp", prefix: "halfclose-test-" });
try {
  const figures = await runTests(Deno.args, tmp);
  const left = [...Deno.readDirSync(tmp)].map(({ name }) => name);
  if (!report(figures, left)) Deno.exitCode = 1;
} finally {
  await Deno.remove(tmp, { recursive: true });
}
