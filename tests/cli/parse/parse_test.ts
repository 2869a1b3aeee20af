import { reads, refuses } from "../../support/command_lines.ts";

reads([
  ["demo", { command: "demo" }],
  ["-h", { command: "help", topic: "main" }],
  ["--help", { command: "help", topic: "main" }],
  ["demo --help", { command: "help", topic: "demo" }],
  ["-V", { command: "version" }],
  ["--version", { command: "version" }],
]);

refuses([
  [[], "a command is missing: send, receive, keygen or demo"],
  [["sned"], 'there is no command "sned"'],
  [["\x1b[2J"], 'there is no command "\\u{1b}[2J"'],
  [["demo", "--help=no"], "--help=no: it takes no value"],
  [["demo", "x"], "demo takes no arguments"],
  [["demo", "--json"], 'there is no option "--json"'],
]);
