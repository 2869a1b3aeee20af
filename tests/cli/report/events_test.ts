import { assertEquals } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import {
  jsonLineOf,
  type ReportEvent,
} from "../../../lib/cli/report/events.ts";

const LOST = new TransferError("lost", { doing: "send", found: "it is gone" });
const FIELDS = '"code":"lost","message":"Cannot send: it is gone"';

/** Each event, and its line to the letter: people script against it. */
const LINES: [ReportEvent, string][] = [
  [
    { event: "listening", addr: { hostname: "::1", port: 9 } },
    '{"event":"listening","address":"::1","port":9}',
  ],
  [
    { event: "listening", addr: { transport: "unix", path: "/s" } },
    '{"event":"listening","path":"/s"}',
  ],
  [
    { event: "connected", id: 7, peer: "h:1" },
    '{"event":"connected","peer":"h:1"}',
  ],
  [
    { event: "progress", phase: "receiving", bytes: 5, total: 10 },
    '{"event":"progress","phase":"receiving","bytes":5,"total":10}',
  ],
  [
    { event: "retry", attempt: 1, wait: 250, error: LOST, of: 3 },
    `{"event":"retry","attempt":1,"wait":250,${FIELDS}}`,
  ],
  [
    { event: "skipped", path: "a/b", reason: "it is a socket" },
    '{"event":"skipped","path":"a/b","reason":"it is a socket"}',
  ],
  [
    { event: "raw", report: { bytes: 5, clean: true } },
    '{"event":"raw","bytes":5,"clean":true}',
  ],
  [
    { event: "error", error: LOST },
    `{"event":"error",${FIELDS},"retriable":true}`,
  ],
  [
    { event: "error", error: LOST, peer: "h:1" },
    `{"event":"error",${FIELDS},"retriable":true,"peer":"h:1"}`,
  ],
  [
    { event: "error", error: LOST, peer: "h:1", unlisted: 0 },
    `{"event":"error",${FIELDS},"retriable":true,"peer":"h:1","untold":0}`,
  ],
  [
    { event: "closed", id: 7, peer: "\x9b\u202eh" },
    '{"event":"closed","peer":"\\u009b\\u202eh"}',
  ],
];

for (const [event, line] of LINES) {
  Deno.test(`${event.event} is written as ${line.slice(0, 70)}`, () => {
    assertEquals(jsonLineOf(event), line);
  });
}
