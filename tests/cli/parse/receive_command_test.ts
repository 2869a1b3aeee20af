import { reads, refuses } from "../../support/command_lines.ts";

const LISTEN = { hostname: "127.0.0.1", port: 9000 };

reads([
  ["receive 9000", { command: "receive", listen: LISTEN, dir: "." }],
  ["receive 9000", {
    raw: false,
    timeout: 30_000,
    output: undefined,
    once: false,
    onConflict: "refuse",
    maxSize: Infinity,
    maxConnections: 4_096,
    insecure: false,
    grace: 30_000,
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
  ["receive --help", { command: "help", topic: "receive" }],
]);

refuses([
  [["receive", "--insecure=false", "1"], "--insecure=false: it takes no value"],
  [["receive", "-q=no", "1"], "-q=no: it takes no value"],
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
]);
