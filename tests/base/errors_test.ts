import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  asTransferError,
  type Code,
  codeOf,
  foundBy,
  isCut,
  isOutOfDescriptors,
  OUTCOMES,
  reasonOf,
  together,
  TransferError,
} from "../../lib/base/errors.ts";

Deno.test("OUTCOMES is the table that people script against", () => {
  const table = Object.entries(OUTCOMES)
    .map(([code, { exit, retriable }]) => `${exit} ${code} ${retriable}`);
  assertEquals(table, [
    "1 internal false",
    "2 usage false",
    "3 source false",
    "4 source-changed false",
    "5 connect true",
    "6 auth false",
    "7 protocol false",
    "8 rejected false",
    "9 remote-io false",
    "10 integrity true",
    "11 lost true",
    "12 stalled true",
    "13 unconfirmed true",
    "14 local-io false",
    "15 bind false",
  ]);
});

Deno.test("codeOf() finds every code by its number and no other", () => {
  for (const [code, { exit }] of Object.entries(OUTCOMES)) {
    assertEquals(codeOf(exit), code as Code);
  }
  for (const exit of [0, 16, 255, -1, 1.5]) {
    assertEquals(codeOf(exit), undefined);
  }
});

Deno.test("TransferError has the exit code and the retry policy of its code", () => {
  for (const code of Object.keys(OUTCOMES) as Code[]) {
    const error = new TransferError(code, {
      doing: "do it",
      found: "it is so",
    });
    assertEquals(error.name, "TransferError");
    assertEquals(error.exit, OUTCOMES[code].exit);
    assertEquals(error.retriable, OUTCOMES[code].retriable);
    assertEquals(error.errors, []);
    assert(error instanceof Error);
  }
});

Deno.test("TransferError keeps its cause, and has none where none was given", () => {
  const cause = new Error("deep");
  assertStrictEquals(new TransferError("lost", "x", { cause }).cause, cause);
  assert(!("cause" in new TransferError("lost", "x")));
});

Deno.test("TransferError lets a busy receiver be asked again", () => {
  const busy = new TransferError("rejected", "busy", { retriable: true });
  assertEquals([busy.exit, busy.retriable], [8, true]);
});

Deno.test("TransferError lets a failure be final that the table would retry", () => {
  const raw = new TransferError("lost", "cut", { retriable: false });
  assertEquals([raw.exit, raw.retriable], [11, false]);
});

Deno.test("asTransferError() passes a typed error and types every other", () => {
  const typed = new TransferError("stalled", {
    doing: "wait",
    found: "too long",
  });
  assertStrictEquals(asTransferError(typed, "internal", "do it"), typed);
  const cause = new Error("Is a directory (os error 21)");
  const error = asTransferError(cause, "local-io", "store it");
  assertEquals(error.code, "local-io");
  assertEquals(error.message, "Cannot store it: Is a directory");
  assertStrictEquals(error.cause, cause);
  assertEquals(
    asTransferError("just text", "internal", "go on").message,
    "Cannot go on: just text",
  );
});

Deno.test("together() passes one failure and holds several", () => {
  const [first, second] = [
    new TransferError("lost", { doing: "send", found: "one" }),
    new TransferError("rejected", { doing: "store", found: "two" }),
  ];
  assertStrictEquals(together([first]), first);
  const both = together([first, second]);
  assertEquals(both.code, "lost");
  assertEquals(both.errors, [first, second]);
  assertEquals(
    both.message,
    "2 entries failed, one of them: Cannot send: one",
  );
  assertThrows(() => together([]), RangeError);
});

Deno.test("together() is retriable where any failure is, and has the code of that", () => {
  const lost = new TransferError("lost", "x");
  const no = new TransferError("rejected", "x");
  for (
    const [failures, code, retriable] of [
      [[lost, lost], "lost", true],
      [[no, lost], "lost", true],
      [[no, no], "rejected", false],
    ] as const
  ) {
    const one = together(failures);
    assertEquals([one.code, one.retriable], [code, retriable]);
  }
});

Deno.test("TransferError keeps what was being done and what was found apart", () => {
  for (
    const [doing, found] of [
      ['send "a: b" to 127.0.0.1:9', "it is gone"],
      ['store "\\": x"', "taken: by what"],
      ["read 4 bytes", "the peer ended after 2"],
    ] as const
  ) {
    const error = new TransferError("lost", { doing, found });
    assertEquals([error.doing, error.found], [doing, found]);
    assertEquals(error.message, `Cannot ${doing}: ${found}`);
  }
});

Deno.test("TransferError takes a message that is given whole for what was found", () => {
  for (const message of ["something else: entirely", ""]) {
    const { doing, found, ...rest } = new TransferError("lost", message);
    assertEquals([doing, found, rest.code], ["", message, "lost"]);
  }
});

Deno.test("reasonOf() is one line without the system's number", () => {
  assertEquals(reasonOf(new Error("No space (os error 28)")), "No space");
  assertEquals(reasonOf(new Error("one\r\ntwo\nthree")), "one two three");
  assertEquals(reasonOf(null), "null");
});

Deno.test("reasonOf() escapes what the runtime has put into its message as it is", () => {
  const denied = new Error('Requires read access to "evd/\x1b[31mevil\u202e"');
  const reason = 'Requires read access to "evd/\\u{1b}[31mevil\\u{202e}"';
  assertEquals(reasonOf(denied), reason);
  assertEquals(
    asTransferError(denied, "source", "read it").message,
    `Cannot read it: ${reason}`,
  );
  // And only once, whoever asks again.
  assertEquals(reasonOf(new Error(reason)), reason);
});

Deno.test("isCut() tells a gone connection from a reason", () => {
  for (
    const [code, cut] of [
      ["lost", true],
      ["stalled", true],
      ["rejected", false],
      ["integrity", false],
      ["protocol", false],
    ] as const
  ) {
    assertEquals(isCut(new TransferError(code, "Cannot")), cut);
  }
});

Deno.test("foundBy() says who, where the system alone has spoken", () => {
  const cause = new Error("Permission denied (os error 13)");
  const bare = asTransferError(cause, "source", 'read "a"');
  assertEquals(foundBy(bare, "we"), "we: Permission denied");
  assertEquals(foundBy(bare), "Permission denied");
  const told = new TransferError("source", {
    doing: "read",
    found: "it is gone",
  }, {
    cause,
  });
  assertEquals(foundBy(told, "we"), "it is gone");
  const alone = new TransferError("source", {
    doing: "read",
    found: "it is gone",
  });
  assertEquals(foundBy(alone, "we"), "it is gone");
});

Deno.test("isOutOfDescriptors() knows what closing files would cure", () => {
  const error = (code: string) => Object.assign(new Error("failed"), { code });
  for (const code of ["EMFILE", "ENFILE"]) {
    assert(isOutOfDescriptors(error(code)));
  }
  for (const other of [error("EACCES"), new Error("EMFILE"), "EMFILE"]) {
    assert(!isOutOfDescriptors(other));
  }
});
