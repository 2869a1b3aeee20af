/**
 * Runs `deno test`, lets its output by and reads the figures from it.
 *
 * @module
 */

/** What `deno test` said in the end. */
export interface Figures {
  passed: number;
  failed: number;
  /** The names of tests that were not run, with what they lack. */
  skipped: string[];
}

/** How a run of `deno test` differs from any other. */
export interface RunOptions {
  /** Variables it gets besides this process's own. */
  env: Record<string, string>;
  /** Changes a line before it is shown; whole lines are then shown at once. */
  rename?: (line: string) => string;
  /** Output is kept back until this has resolved: another run's end. */
  after?: Promise<unknown>;
  /** Whether tests may take as long as they take. @default {false} */
  unlimited?: boolean;
}

/** How long a run may print nothing: longer than a test may take. */
const LONGEST_SILENCE_MS = 300_000;

// deno-lint-ignore no-control-regex -- colours are control characters
const COLOURS = /\x1b\[[0-9;]*m/g;

/**
 * Runs the tests; their output goes to stdout.
 *
 * @param args Arguments of `deno test`: files and flags.
 * @param options How it differs from other runs.
 * @returns The figures; at least one failure where the run failed.
 */
export async function denoTest(
  args: readonly string[],
  { env, rename, after, unlimited = false }: RunOptions,
): Promise<Figures> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "-q", // not a line for each program that is not there
      "-P",
      ...(unlimited ? [] : ["--preload=tests/support/time_limit.ts"]),
      "--lock=deno.lock",
      "--frozen",
      ...args,
    ],
    env,
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const figures: Figures = { passed: 0, failed: 0, skipped: [] };
  const encoder = new TextEncoder();
  const held: string[] = [];
  let line = "";
  const giveUp = () => {
    Deno.stdout.writeSync(encoder.encode(`\nkilled after silence: ${line}\n`));
    child.kill("SIGKILL");
  };
  let silence: ReturnType<typeof setTimeout> | undefined;
  for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
    clearTimeout(silence);
    if (!unlimited) silence = setTimeout(giveUp, LONGEST_SILENCE_MS);
    const lines = (line + piece).split("\n");
    line = lines.pop()!;
    const shown = rename ? lines.map((line) => `${rename(line)}\n`) : [piece];
    if (after) held.push(...shown);
    else for (const one of shown) await write(encoder.encode(one));
    for (const one of lines) take(one.replace(COLOURS, ""), figures);
  }
  clearTimeout(silence);
  await after;
  for (const one of held) await write(encoder.encode(one));
  const { success } = await child.status;
  // A module that does not even load fails no test.
  if (!success && figures.failed === 0) figures.failed = 1;
  return figures;
}

async function write(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await Deno.stdout.write(bytes.subarray(at));
  }
}

function take(line: string, figures: Figures): void {
  // Where modules run side by side each line begins with its module.
  const skipped = /^(?:\S+ => )?\s*(.+) \.\.\. ignored/.exec(line)?.[1];
  if (skipped) figures.skipped.push(skipped);
  const summary = /^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed/.exec(
    line,
  );
  if (!summary) return;
  figures.passed = Number(summary[1]);
  figures.failed = Number(summary[2]);
}
