// deno-lint-ignore-file no-console -- a program that talks to a person
/**
 * `deno task test`: sets up what the tests need, runs them, and closes with one
 * line of figures. Arguments go to `deno test`, a file or `--filter` say.
 *
 * @module
 */

import { ROOT } from "./support/children.ts";
import { denoTest, type Figures } from "./support/deno_test.ts";
import { FOR_TESTS, missing, packagesOf } from "./support/programs.ts";
import {
  APART,
  documented,
  groupsOf,
  testFiles,
  writeModules,
} from "./support/suite.ts";

const PROGRAMS = Object.keys(FOR_TESTS) as (keyof typeof FOR_TESTS)[];

const inCI = Deno.env.get("CI") === "true";

/** Installs what is missing where that is possible, and says so. */
function setUp(): void {
  const packages = packagesOf(missing(PROGRAMS));
  const mayInstall = Deno.uid() === 0 && missing(["apt-get"]).length === 0;
  if (packages.length === 0 || !mayInstall) return;
  console.log(`set-up: installing ${packages.join(", ")} from Debian`);
  const install = ["install", "-y", "--no-install-recommends"];
  const update = aptGet("update");
  if (!aptGet(...install, ...packages)) return;
  // One by one, a package that is not to be had leaves the others be.
  const reasons = packages.map((name) => aptGet(...install, name));
  const failed = packages.filter((_, n) => reasons[n]);
  if (failed.length === 0) return;
  const reason = update ?? reasons.find(Boolean);
  console.log(`set-up: Cannot install ${failed.join(", ")}: ${reason}`);
}

/** Runs apt-get without a question; its reason, if it failed. */
function aptGet(...args: string[]): string | undefined {
  const { success, stderr } = new Deno.Command("apt-get", {
    args: ["-qq", ...args],
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).outputSync();
  if (success) return;
  const lines = new TextDecoder().decode(stderr).trim().split("\n");
  return lines.find((line) => line.startsWith("E: ")) ??
    `apt-get ${args[0]} failed: ${lines.at(-1)}`;
}

/** A directory each for what the tests make and for what is made for them. */
interface Place {
  tmp: string;
  modules: string;
}

/** Runs all tests, or those that the arguments for `deno test` choose. */
async function runTests(args: string[], at: Place): Promise<Figures> {
  // The tests may start "deno", which need not be on the PATH here.
  const home = Deno.execPath().replace(/\/[^/]*$/, "");
  const env = { PATH: `${home}:${Deno.env.get("PATH")}`, TMPDIR: at.tmp };
  if (args.length > 0) {
    const unlimited = args.some((arg) => arg.endsWith("nightly.ts"));
    return await denoTest(args, { env, unlimited });
  }
  const modules = writeModules(groupsOf(testFiles(ROOT)), ROOT, at.modules);
  // Their paths are shown relative to the working directory.
  const shown = at.modules.split("/").slice(-2).join("/");
  const made = new RegExp(`\\S*${shown}/(\\S+)\\.ts(?= => )`);
  // More than there are processors: many tests wait for other programs.
  const jobs = String(navigator.hardwareConcurrency + 1);
  const together = denoTest(
    ["--parallel", "--doc", ...modules, ...documented(ROOT)],
    {
      env: { ...env, DENO_JOBS: jobs },
      rename: (line) => line.replace(made, "$1"),
    },
  );
  const apart = denoTest(Object.keys(APART), { env, after: together });
  const all = await Promise.all([together, apart]);
  return {
    passed: all.reduce((sum, { passed }) => sum + passed, 0),
    failed: all.reduce((sum, { failed }) => sum + failed, 0),
    skipped: all.flatMap(({ skipped }) => skipped),
  };
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
const dir = await Deno.makeTempDir({ dir: "/tmp", prefix: "halfclose-test-" });
try {
  const place = { tmp: `${dir}/tmp`, modules: `${dir}/modules` };
  await Deno.mkdir(place.tmp);
  const figures = await runTests(Deno.args, place);
  const left = [...Deno.readDirSync(place.tmp)].map(({ name }) => name);
  if (!report(figures, left)) Deno.exitCode = 1;
} finally {
  await Deno.remove(dir, { recursive: true });
}
