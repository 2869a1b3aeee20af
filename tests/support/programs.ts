/**
 * Every program that the tests, the lab and the benchmarks start, with the
 * Debian package that has it, and the rights that some of them need.
 *
 * @module
 */

/** On every Debian machine: the packages are essential or required there. */
export const ALWAYS = {
  "apt-get": "apt",
  awk: "mawk",
  bash: "bash",
  cat: "coreutils",
  cmp: "diffutils",
  cp: "coreutils",
  find: "findutils",
  head: "coreutils",
  ls: "coreutils",
  mkdir: "coreutils",
  mkfifo: "coreutils",
  mktemp: "coreutils",
  rm: "coreutils",
  seq: "coreutils",
  sh: "dash",
  sha256sum: "coreutils",
  sleep: "coreutils",
  stty: "coreutils",
  sync: "coreutils",
  touch: "coreutils",
  truncate: "coreutils",
  wc: "coreutils",
  yes: "coreutils",
  losetup: "mount",
  mount: "mount",
  umount: "mount",
  nsenter: "util-linux",
  unshare: "util-linux",
} as const;

/** What the tests, those of the lab too, need besides; `deno task test`
 * installs it. */
export const FOR_TESTS = {
  ip: "iproute2",
  "mkfs.ext4": "e2fsprogs",
  ncat: "ncat",
  // `nc` alone may be any of three programs; this name is OpenBSD's.
  "nc.openbsd": "netcat-openbsd",
  nft: "nftables",
  openssl: "openssl",
  python3: "python3",
  socat: "socat",
  strace: "strace",
  tcpdump: "tcpdump",
} as const;

/** What only the benchmarks need; they name what is missing. */
export const FOR_BENCH = {
  rsync: "rsync",
  scp: "openssh-client",
  "ssh-keygen": "openssh-client",
  sshd: "openssh-server",
} as const;

/** Rights by name, and whether this process has each. */
export const RIGHTS = {
  root: () => Deno.uid() === 0,
  /** To call the C library. */
  ffi: () => Deno.permissions.querySync({ name: "ffi" }).state === "granted",
  loop: () => Deno.uid() === 0 && succeeds("losetup", "-f"),
  netns: () => Deno.uid() === 0 && succeeds("unshare", "-n", "true"),
  mounts: () => Deno.uid() === 0 && succeeds("unshare", "-m", ...TRY_MOUNT),
  /** To see the packets of loopback. */
  capture: () => Deno.uid() === 0 && succeeds("tcpdump", "-i", "lo", "-L"),
} as const;

const PACKAGES = { ...ALWAYS, ...FOR_TESTS, ...FOR_BENCH };

/** A program that may be started: Deno itself, or one that is listed here. */
export type Program = "deno" | keyof typeof PACKAGES;

/** Something that a test may need and that a machine may lack. */
export type Need = keyof typeof FOR_TESTS | Right;

type Right = keyof typeof RIGHTS;

/** Whether a program may be started at all. */
export function isListed(program: string): program is Program {
  return program === "deno" || Object.hasOwn(PACKAGES, program);
}

const TRY_MOUNT = ["mount", "-t", "tmpfs", "none", "/mnt"];

/**
 * Says what of a list is not there.
 *
 * @param needs Programs and rights.
 * @returns Those that are missing, in the same order.
 */
export function missing<N extends Program | Need>(needs: readonly N[]): N[] {
  return needs.filter((need) =>
    need in RIGHTS ? !isGranted(need as Right) : !pathOf(need as Program)
  );
}

/**
 * Looks a program up as a shell does.
 *
 * @param program Its name.
 * @returns Its path; undefined where it is not installed.
 */
export function pathOf(program: Program): string | undefined {
  if (program === "deno") return Deno.execPath();
  const paths = (Deno.env.get("PATH") ?? "").split(":")
    .map((dir) => `${dir}/${program}`);
  return paths.find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false; // not in this directory, or the directory is not there
    }
  });
}

/**
 * Says which Debian packages have some programs.
 *
 * @param programs What is looked up; a right is in no package.
 * @returns The packages, each once.
 */
export function packagesOf(programs: readonly (Program | Need)[]): string[] {
  const found = programs.map((program) =>
    (PACKAGES as Partial<Record<string, string>>)[program]
  );
  return [...new Set(found)].filter((name) => name !== undefined);
}

const granted = new Map<Right, boolean>();

/** Asks for each right once: some of the questions start a program. */
function isGranted(right: Right): boolean {
  if (!granted.has(right)) granted.set(right, RIGHTS[right]());
  return granted.get(right)!;
}

function succeeds(program: Program, ...args: string[]): boolean {
  try {
    const options = { args, stdout: "null", stderr: "null" } as const;
    return new Deno.Command(program, options).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
