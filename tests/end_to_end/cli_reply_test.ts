// An answer that cannot be kept: the transfer went well, and is no success.

import { assertEquals, assertMatch } from "@std/assert";
import { drain, hangUp, writeAll } from "../../lib/net/half_close.ts";
import { ended, type Ending, ROOT, run, Running } from "../support/children.ts";
import { sh, shell } from "../support/commands.ts";
import { noise, tempDir, utf8 } from "../support/helpers.ts";

const BOUNDS = { silence: 10_000, total: 10_000 };

/**
 * Runs a raw sender whose peer reads to the end and then answers.
 *
 * @param reply The value of `--reply`.
 * @param where Redirections of the sender.
 * @param before What happens before the answer.
 */
async function answered(
  reply: string,
  where: string,
  before: () => Promise<void> = () => Promise.resolve(),
): Promise<Ending> {
  await using dir = await tempDir();
  await Deno.writeFile(`${dir.path}/source`, noise(1_000));
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  // Deno lets a program open /dev/full only where it allows everything.
  const allowed = reply === "/dev/full" ? "-A" : "-P";
  const [program, ...args] = shell(
    sh`exec deno run -q ${allowed} cli.ts "$@" ${where}`,
    ...["send", "--raw", "--reply", reply, `${dir.path}/source`],
    `127.0.0.1:${listener.addr.port}`,
  );
  await using sender = new Running(program, args, { cwd: ROOT });
  using conn = await orEnd(sender, listener.accept());
  await before();
  await drain(conn, BOUNDS);
  await writeAll(conn, utf8("250 ok\r\n"));
  await hangUp(conn, BOUNDS);
  return await ended(sender);
}

/** Waits for something; rejects if the program ends before that. */
async function orEnd<T>(program: Running, waiting: Promise<T>): Promise<T> {
  let done = false;
  const early = ended(program).then(({ code, stderr }) => {
    if (!done) throw new Error(`it ended with ${code}: ${stderr}`);
  });
  waiting.catch(() => {}); // the listener is closed where it ended early
  try {
    return await Promise.race([waiting, early.then(() => waiting)]);
  } finally {
    done = true;
  }
}

for (
  const [reply, where] of [["/dev/full", ""], ["-", ">/dev/full"]] as const
) {
  Deno.test(`an answer that a full disk does not take is exit 14: --reply ${reply} ${where}`, async () => {
    const { code, stdout, stderr } = await answered(reply, where);
    assertEquals([code, stdout], [14, ""]);
    assertMatch(
      stderr,
      /^halfclose: Cannot finish sending .*not kept \(No space left on device\)/m,
    );
  });
}

Deno.test("an answer into a pipe whose reader left is exit 14", async () => {
  await using dir = await tempDir();
  const pipe = `${dir.path}/pipe`;
  await run("mkfifo", pipe);
  const reading = Deno.open(pipe, { read: true });
  const { code, stderr } = await answered(pipe, "", async () => {
    (await reading).close(); // it was opened when the sender opened it
  });
  assertEquals(code, 14);
  assertMatch(
    stderr,
    /^halfclose: Cannot finish sending .*not kept \(Broken pipe\)/m,
  );
});
