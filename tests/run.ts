// deno-lint-ignore-file no-console -- a program that talks to a person
/**
 * `deno task test`: sets up what the tests need, runs them, and closes with one
 * line of figures. Arguments go to `deno test`, a file or `--filter` say.
 *
 * @module
 */

import { TextLineStream } from "@std/streams/text-line-stream";
import { missing, PROGRAMS } from "./support/programs.ts";

type Program = keyof typeof PROGRAMS;

const inCI = Deno.env.get("CI") === "true";

/** Installs what is missing where that is possible, and says so in one line. */
function setUp(): void {
  const lacking = missing(Object.keys(PROGRAMS) as Program[]);
  if (lacking.length === 0 || Deno.uid() !== 0 || !has("apt-get")) return;
  const packages = lacking.map((program) => PROGRAMS[program]);
  console.log(`set-up: installing ${packages.join(", ")} from Debian`);
  const install = ["install", "-y", "-qq", "--no-install-recommends"];
  const failure = aptGet("update", "-qq") ?? aptGet(...install, ...packages);
  if (failure) console.log(`set-up: ${failure}`);
}

/** Runs apt-get without a question; what it said, if it failed. */
function aptGet(...args: string[]): string | undefined {
  const { success, stderr } = new Deno.Command("apt-get", {
    args,
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).outputSync();
  if (!success) return new TextDecoder().decode(stderr).trim();
}

function has(program: string): boolean {
  return new Deno.Command("sh", { args: ["-c", `command -v ${program}`] })
    .outputSync().success;
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
  if (left.length > 0) {
    console.log(`left behind in the temporary directory: ${left.join(", ")}`);
    well = false;
  }
  const lacking = missing(Object.keys(PROGRAMS) as Program[]);
  if (inCI && lacking.length > 0) {
    console.log(`missing, and CI must not go without: ${lacking.join(", ")}`);
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
