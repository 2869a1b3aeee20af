import { assert, assertEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { parseCommand } from "../../../lib/cli/parse/parse.ts";

const LISTEN = { hostname: "127.0.0.1", port: 9000 };
const TARGET = { hostname: "h", port: 1 };

/** What is typed, and how it is read beyond the defaults. */
const READS: [string, Record<string, unknown>][] = [
  ["send a h:1", { command: "send", paths: ["a"], target: TARGET }],
  ["send a h:1", {
    raw: false,
    timeout: 30_000,
    json: false,
    quiet: false,
    progress: "auto",
    name: undefined,
    reply: undefined,
    retry: 3,
    connectTimeout: 10_000,
    limitRate: Infinity,
    preserve: false,
    skipUnsendable: false,
  }],
  ["send a b c h:1", { paths: ["a", "b", "c"] }],
  ["send - h:1", { paths: ["-"] }],
  ["send --json - h:1", { json: true, paths: ["-"] }],
  ["send --retry 1 - h:1", { retry: 1, paths: ["-"] }],
  ["send 007 h:1", { paths: ["007"] }],
  ["send -- -a h:1", { paths: ["-a"] }],
  ["send ./-a h:1", { paths: ["./-a"] }],
  ["send a unix:/s", { target: { transport: "unix", path: "/s" } }],
  ["send --name n a h:1", { name: "n", paths: ["a"] }],
  ["send --name=n a h:1", { name: "n" }],
  ["send a h:1 --name n", { name: "n" }],
  ["send --raw a h:1", { raw: true }],
  ["send --raw --reply r a h:1", { reply: "r" }],
  ["send --raw --reply - a h:1", { reply: "-" }],
  ["send --retry 0 a h:1", { retry: 0 }],
  ["send --timeout 0.5 a h:1", { timeout: 500 }],
  ["send --connect-timeout 2 a h:1", { connectTimeout: 2_000 }],
  ["send --limit-rate 10M a h:1", { limitRate: 10_000_000 }],
  ["send --preserve a h:1", { preserve: true }],
  ["send --skip-unsendable a h:1", { skipUnsendable: true }],
  ["send --json a h:1", { json: true }],
  ["send -q a h:1", { quiet: true }],
  ["send --json true h:1", { json: true, paths: ["./true"] }],
  ["send --quiet a h:1", { quiet: true }],
  ["send --progress bar a h:1", { progress: "bar" }],
  ["send --progress plain a h:1", { progress: "plain" }],
  ["send --progress none a h:1", { progress: "none" }],
  ["receive 9000", { command: "receive", listen: LISTEN, dir: "." }],
  ["receive 9000", {
    raw: false,
    timeout: 30_000,
    output: undefined,
    once: false,
    onConflict: "refuse",
    maxSize: Infinity,
  }],
  ["receive [::1]:0", { listen: { hostname: "::1", port: 0 } }],
  ["receive -d D 9000", { dir: "D" }],
  ["receive --dir D 9000", { dir: "D" }],
  ["receive -o F 9000", { output: "F", once: true }],
  ["receive -o - 9000", { output: "-", once: true }],
  ["receive --output - 9000", { output: "-", once: true }],
  ["receive --output=- 9000", { output: "-", once: true }],
  ["receive --once 9000", { once: true }],
  ["receive --raw -o F 9000", { raw: true, once: true }],
  ["receive --on-conflict replace 9000", { onConflict: "replace" }],
  ["receive --on-conflict rename 9000", { onConflict: "rename" }],
  ["receive --max-size 2Gi 9000", { maxSize: 2 ** 31 }],
  ["receive --max-connections 5 9000", { maxConnections: 5 }],
  ["receive --timeout 5 9000", { timeout: 5_000 }],
  ["receive --json -q --progress none 9000", { json: true, quiet: true }],
  ["demo", { command: "demo" }],
  ["-h", { command: "help", topic: "main" }],
  ["--help", { command: "help", topic: "main" }],
  ["send -h", { command: "help", topic: "send" }],
  ["receive --help", { command: "help", topic: "receive" }],
  ["demo --help", { command: "help", topic: "demo" }],
  ["-V", { command: "version" }],
  ["--version", { command: "version" }],
  ["send -V", { command: "version" }],
];

for (const [typed, found] of READS) {
  const what = JSON.stringify(found).slice(0, 60);
  Deno.test(`halfclose ${typed}: ${what}`, () => {
    const command: object = parseCommand(typed.split(" "));
    const asked = Object.keys(found).map((key) => [
      key,
      command[key as keyof typeof command],
    ]);
    assertEquals(Object.fromEntries(asked), found);
  });
}

/** What is typed, and what is said about it. */
const REFUSES: [string[], string][] = [
  [[], "a command is missing: send, receive, keygen or demo"],
  [["sned"], 'there is no command "sned"'],
  [["\x1b[2J"], 'there is no command "\\u{1b}[2J"'],
  [["send"], "send needs PATH... and HOST:PORT"],
  [["send", "a"], "send needs PATH... and HOST:PORT"],
  [["send", "a", "b"], 'the address "b"'],
  [["send", "a", "h:0"], 'the address "h:0"'],
  [["send", "-", "a", "h:1"], 'stdin ("-") goes alone'],
  [["send", "--name", "n", "a", "b", "h:1"], "--name is for a single path"],
  [["send", "a", "h:1", "--name"], "--name needs a value"],
  [["send", "a", "h:1", "--name="], "--name needs a value"],
  [["send", "--retry", "--json", "a", "h:1"], "--retry needs a value"],
  [["send", "--reply", "r", "a", "h:1"], "--reply needs --raw"],
  [
    ["send", "--raw", "--reply", "-", "--json", "a", "h:1"],
    "--reply - and --json both want stdout",
  ],
  [["send", "--raw", "a", "b", "h:1"], "--raw sends a single stream"],
  [
    ["send", "--raw", "--name", "n", "a", "h:1"],
    "--raw sends nothing but bytes, so --name would change nothing",
  ],
  [["send", "--raw", "--preserve", "a", "h:1"], "--preserve would change"],
  [
    ["send", "a", "h:1", "--raw", "--skip-unsendable"],
    "--skip-unsendable would change",
  ],
  [["send", "--retry", "x", "a", "h:1"], '--retry "x"'],
  [["send", "--timeout", "0", "a", "h:1"], '--timeout "0"'],
  [["send", "--connect-timeout", "x", "a", "h:1"], '--connect-timeout "x"'],
  [["send", "--limit-rate", "fast", "a", "h:1"], '--limit-rate "fast"'],
  [
    ["send", "--progress", "no", "a", "h:1"],
    '--progress "no": it must be one of',
  ],
  [["send", "--once", "a", "h:1"], 'there is no option "--once"'],
  [["send", "-x", "a", "h:1"], 'there is no option "-x"'],
  [["send", "--no-json", "a", "h:1"], 'there is no option "--no-json"'],
  [["send", "--json=no", "a", "h:1"], "--json=no: it takes no value"],
  [["receive", "--insecure=false", "1"], "--insecure=false: it takes no value"],
  [["receive", "-q=no", "1"], "-q=no: it takes no value"],
  [["demo", "--help=no"], "--help=no: it takes no value"],
  [["send", "-d", "D", "a", "h:1"], 'there is no option "-d"'],
  [["receive"], "receive needs one [HOST:]PORT"],
  [["receive", "1", "2"], "receive needs one [HOST:]PORT"],
  [["receive", "x"], 'the address "x"'],
  [["receive", "-d", "D", "-o", "F", "1"], "--dir and --output exclude"],
  [["receive", "--raw", "1"], "--raw needs -o"],
  [["receive", "-o", "-", "--json", "1"], "-o - and --json both want stdout"],
  [["receive", "--on-conflict", "x", "1"], "it must be one of refuse, replace"],
  [["receive", "--max-size", "0", "1"], '--max-size "0"'],
  [["receive", "--max-connections", "0", "1"], '--max-connections "0"'],
  [["receive", "--preserve", "1"], 'there is no option "--preserve"'],
  [["demo", "x"], "demo takes no arguments"],
  [["demo", "--json"], 'there is no option "--json"'],
];

for (const [args, found] of REFUSES) {
  Deno.test(`halfclose ${args.join(" ")}: ${found}`, () => {
    const error = assertThrows(
      () => parseCommand(args),
      TransferError,
      found,
    );
    assertEquals([error.code, error.exit], ["usage", 2]);
    assert(error.message.startsWith("Cannot read "), error.message);
    assert(!error.message.includes("\n"), "more than one line");
  });
}
