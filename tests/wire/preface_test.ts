import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TransferError } from "../../lib/base/errors.ts";
import { checkPreface, PREFACE, VERSION } from "../../lib/wire/preface.ts";
import { hex, joined, utf8 } from "../support/helpers.ts";

function refusal(bytes: Uint8Array): string {
  const error = assertThrows(() => checkPreface(bytes), TransferError);
  assertEquals(error.code, "protocol");
  return error.message;
}

Deno.test("the preface is eight bytes that nothing else says", () => {
  assertEquals(
    new Uint8Array(PREFACE),
    hex(`
      89        # no text begins with it, no 7-bit link keeps it
      48 43     # "HC"
      0d 0a     # a link that rewrites line ends changes this
      1a        # ends a text file on DOS
      0a        # or changes this
      02        # version 2`),
  );
  assertEquals(VERSION, 2);
});

Deno.test("checkPreface() asks for more until all eight bytes are there", () => {
  for (let count = 0; count < 8; count++) {
    assertEquals(checkPreface(PREFACE.subarray(0, count)), false);
  }
  assertEquals(checkPreface(PREFACE as Uint8Array), true);
  assertEquals(checkPreface(joined([PREFACE, utf8("more")])), true);
});

Deno.test("checkPreface() finds the first wrong byte, wherever it is", () => {
  for (let at = 0; at < 7; at++) {
    const bytes = PREFACE.slice(0, at + 1);
    bytes[at]! ^= 1;
    refusal(bytes);
  }
});

Deno.test("checkPreface() names both versions when they differ", () => {
  for (const version of [0, 1, 3, 127]) {
    for (const keyed of [0, 0x80]) {
      const bytes = PREFACE.slice();
      bytes[7] = version | keyed;
      assertEquals(
        refusal(bytes),
        `Cannot talk to the peer: it speaks version ${version} and this ` +
          "program version 2; both sides need the same one",
      );
    }
  }
});

Deno.test("checkPreface() tells a peer with a key from one with another version: auth", () => {
  const bytes = PREFACE.slice();
  bytes[7] = 0x82;
  const error = assertThrows(() => checkPreface(bytes), TransferError);
  assertEquals(error.code, "auth");
});

Deno.test("checkPreface() says who it is that says something else", () => {
  for (
    const [bytes, said] of [
      [utf8("GET / HTTP/1.0\r\n\r\n"), '"GET / HTTP/1.0", like an HTTP client'],
      [utf8("POST /x HTTP/1.1"), '"POST /x HTTP/1.1", like an HTTP client'],
      [utf8("HTTP/1.1 400 Bad"), '"HTTP/1.1 400 Bad", like an HTTP server'],
      [utf8("SSH-2.0-x\r\n"), '"SSH-2.0-x", like an SSH server or client'],
      [utf8("220 Welcome\r\n"), '"220 Welcome", like a mail or FTP server'],
      [
        hex("16 03 01 02 00"),
        '"\\u{16}\\u{3}\\u{1}\\u{2}\\u{0}", like a TLS client: ' +
        "this side is not encrypted",
      ],
      [
        hex("15 03 03 00 02"),
        '"\\u{15}\\u{3}\\u{3}\\u{0}\\u{2}", like a TLS server: ' +
        "this side is not encrypted",
      ],
      [utf8("\x1b[31mred"), '"\\u{1b}[31mred"'],
      [utf8("x".repeat(1000)), `"${"x".repeat(40)}"`],
      [utf8("\n"), '""'],
    ] as const
  ) {
    assertEquals(
      refusal(bytes),
      "Cannot talk to the peer: it does not speak halfclose; it began with " +
        said,
    );
  }
});

Deno.test("checkPreface() gives a value or one typed error for any bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
    try {
      const complete = checkPreface(bytes);
      const known = Math.min(bytes.length, 8);
      assertEquals(
        bytes.subarray(0, known),
        PREFACE.subarray(0, known) as never,
      );
      assertEquals(complete, bytes.length >= 8);
    } catch (error) {
      if (!(error instanceof TransferError)) throw error;
      assertEquals(error.code, "protocol");
    }
  }));
});
