import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { escape, escapeJson, printable, quote } from "../../lib/base/escape.ts";
import { generateKey } from "../../lib/security/key.ts";

Deno.test("quote() leaves what people can read as it is", () => {
  for (
    const text of ["a.bin", "naïve 日本 👍 – R.E.M.", "", "a/b c", "'#$%'"]
  ) {
    assertEquals(quote(text), `"${text}"`);
  }
});

Deno.test("quote() shows by number what moves a cursor or deceives an eye", () => {
  for (
    const [text, shown] of [
      ["\x1b[31mred", "\\u{1b}[31mred"],
      ["a\rb\nc\td\0e", "a\\u{d}b\\u{a}c\\u{9}d\\u{0}e"],
      ["\x7f\x9b", "\\u{7f}\\u{9b}"],
      ["\u202Etxt.exe", "\\u{202e}txt.exe"],
      ["a\u200Bb\uFEFFc", "a\\u{200b}b\\u{feff}c"],
      ["\u2028\u2029", "\\u{2028}\\u{2029}"],
      ["\uD800x", "\\u{d800}x"],
      ['say "hi" \\ there', 'say \\"hi\\" \\\\ there'],
      ["\u{E0041}", "\\u{e0041}"],
    ] as const
  ) {
    assertEquals(quote(text), `"${shown}"`);
    assertEquals(escape(text), shown);
  }
});

Deno.test("quote() and escape() show of a key that it is one", () => {
  const key = generateKey();
  for (const one of [key, key.toUpperCase(), key.slice(0, 9)]) {
    const begun = one.slice(0, 5);
    assertEquals(quote(`--key=${one}`), `"--key=${begun}…"`);
    assertEquals(
      escape(`./${one}/x and ${one}`),
      `./${begun}…/x and ${begun}…`,
    );
  }
  assertEquals(quote(`a ${key}`, 30), `"a hck1_……"`);
  assertEquals(
    escape("it does not begin with hck1_"),
    "it does not begin with hck1_",
  );
});

Deno.test("quote() cuts what is too long and says so", () => {
  assertEquals(quote("x".repeat(300)), `"${"x".repeat(300)}"`);
  assertEquals(quote("x".repeat(301)), `"${"x".repeat(300)}…"`);
  assertEquals(quote("abcdef", 3), '"abc…"');
});

Deno.test("quote() never lets an unsafe character through, whatever the string", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    assert(!/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(quote(text)));
  }));
});

Deno.test("printable() escapes what escape() does, but for quotes and backslashes", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const plain = text.replace(/["\\]/g, "");
    assertEquals(printable(plain), escape(plain));
  }));
  assertEquals(printable('no "a\\b"\x1b'), 'no "a\\b"\\u{1b}');
});

Deno.test("printable() of what is printable already changes nothing", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    for (const once of [quote(text), escape(text), printable(text)]) {
      assertEquals(printable(once), once);
    }
  }));
});

Deno.test("escapeJson() means the same and shows no control, format or line break", () => {
  const names = [
    "\x7f\x9b\x85",
    "gpj.\u202ea",
    "\u2028\u2029",
    "\u{e0041}\ufeff",
  ];
  const fields = { names, plain: 'é "日本" \\ \n' };
  const json = escapeJson(JSON.stringify(fields));
  assertEquals(JSON.parse(json), fields);
  assertEquals(json.match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu), null);
  assert(json.includes('"gpj.\\u202ea"') && json.includes("日本"), json);
});
