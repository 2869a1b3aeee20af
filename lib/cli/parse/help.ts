/**
 * What `--help` prints.
 *
 * @module
 */

const EXITS = `Exit codes:
   0  delivered: the receiver has the identical bytes, durable, under their name
   1  internal     2  usage        3  source        4  source-changed
   5  connect      6  auth         7  protocol      8  rejected
   9  remote-io   10  integrity   11  lost         12  stalled
  13  unconfirmed: everything was sent and no receipt came; run it again
  14  local-io    15  bind       130  SIGINT       143  SIGTERM`;

const ADDRESSES =
  "Addresses: localhost:9000, 192.0.2.1:9000, [::1]:9000, unix:/path.sock";

const MAIN =
  `halfclose moves bytes over TCP and brings back proof that they arrived.

  halfclose send    [options] PATH... HOST:PORT   a file, several, directories,
                                                  or - for stdin
  halfclose receive [options] [HOST:]PORT         a daemon; --once for a single
                                                  session
  halfclose keygen                                a key for both sides
  halfclose demo                                  the million bytes, three ways,
                                                  on this machine

  -h, --help      this, or with a command the help for that
  -V, --version   the version

${ADDRESSES}
${EXITS}
`;

const SEND = `halfclose send [options] PATH... HOST:PORT

Sends files and directories, or stdin for "-", and waits for the receipts.

  --name NAME            the name at the receiver (for stdin: "stdin")
  --raw                  plain TCP to any listener: half-close, drain, close;
                         reported as "closed cleanly, contents unconfirmed"
  --reply PATH|-         raw only: keep what the peer answers
  --retry N              reconnect up to N times (default 3)
  --timeout S            longest silence from the peer (default 30)
  --connect-timeout S    longest time to connect (default 10)
  --limit-rate RATE      bytes per second at most, like 10M
  --key-file PATH        the key that both sides share; "-" asks for it
                         (without it the variable HALFCLOSE_KEY counts)
  --tls                  the receiver has a certificate for its name; goes
                         with a key or a token
  --ca PATH              trust these authorities for it, in PEM
  --token-file PATH      with --tls: the token that both sides share
  --preserve             keep permission bits
  --skip-unsendable      leave out names that no receiver takes, and list them
  --json                 one JSON object a line on stdout
  --progress HOW         auto, bar, plain or none (default auto)
  -q, --quiet            errors and warnings only

${ADDRESSES}
${EXITS}
`;

const RECEIVE = `halfclose receive [options] [HOST:]PORT

Receives until it is stopped. Without HOST it listens on this machine only;
port 0 takes any free port.

  -d, --dir DIR          where files land (default .)
  -o, --output PATH|-    one stream to that file, or to stdout; implies --once
  --once                 exit after one session with its outcome; stopped
                         before it came, with 130 or 143
  --raw                  a plain TCP stream until its end; needs -o
  --on-conflict HOW      when other content has the name: refuse, replace or
                         rename (default refuse)
  --max-size SIZE        refuse larger entries
  --max-connections N    sessions at a time (default 4096)
  --grace S              how long sessions may take to finish after SIGTERM
                         (default 30); a second signal cuts them
  --timeout S            longest silence from a sender (default 30)
  --key-file PATH        the key that both sides share; "-" asks for it
                         (without it the variable HALFCLOSE_KEY counts)
  --tls-cert PATH        a certificate for this machine's name, in PEM, and
  --tls-key PATH         its key; they go with a key or a token
  --token-file PATH      with --tls-cert: the token that both sides share
  --insecure             let anybody send who can reach the address; without
                         this, listening beyond this machine needs a key
  --json                 one JSON object a line on stdout
  --progress HOW         auto, bar, plain or none (default auto)
  -q, --quiet            errors and warnings only

${ADDRESSES}
${EXITS}
`;

const DEMO = `halfclose demo

Sends 1,000,000 bytes to a program that greets and reads slowly: twenty times
with write and close, twenty times with half-close and drain, twenty times
verified; and prints how many arrived. Everything stays on this machine.
`;

const KEYGEN = `halfclose keygen

Prints a new key: 256 random bits and a checksum. Both sides are given the same
one, in a file that only its user can read, and need no certificates:

  (umask 077; halfclose keygen > key)
  halfclose receive --key-file key -d inbox 0.0.0.0:9000
  halfclose send --key-file key FILE server:9000
`;

/** What there is help for. */
export type Topic = "main" | "send" | "receive" | "keygen" | "demo";

/** The text for each topic. */
export const HELP: Readonly<Record<Topic, string>> = {
  main: MAIN,
  send: SEND,
  receive: RECEIVE,
  keygen: KEYGEN,
  demo: DEMO,
};
