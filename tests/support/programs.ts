/**
 * What tests need beyond Deno: programs, with the Debian package that has each,
 * and rights, with the test for each.
 *
 * @module
 */

/** Programs by name, with their Debian packages. */
export const PROGRAMS = {
  // `nc` alone may be any of three programs; this name is OpenBSD's.
  "nc.openbsd": "netcat-openbsd",
  ncat: "ncat",
  socat: "socat",
  python3: "python3",
  openssl: "openssl",
  strace: "strace",
  ip: "iproute2",
  nft: "nftables",
} as const;

/** Rights by name, and whether this process has each. */
export const RIGHTS = {
  root: () => Deno.uid() === 0,
  loop: () => Deno.uid() === 0 && succeeds("losetup", "-f"),
  netns: () => Deno.uid() === 0 && succeeds("unshare", "-n", "true"),
  mount: () => Deno.uid() === 0 && succeeds("unshare", "-m", ...TRY_MOUNT),
} as const;

/** Something a test may need. */
export type Need = keyof typeof PROGRAMS | keyof typeof RIGHTS;

const TRY_MOUNT = ["mount", "-t", "tmpfs", "none", "/mnt"];

/**
 * Says what of a list is not there.
 *
 * @param needs Programs and rights.
 * @returns Those that are missing, in the same order.
 */
export function missing<N extends Need>(needs: readonly N[]): N[] {
  return needs.filter((need) =>
    need in RIGHTS
      ? !RIGHTS[need as keyof typeof RIGHTS]()
      : !isOnPath(need as string)
  );
}

function isOnPath(program: string): boolean {
  const path = Deno.env.get("PATH") ?? "";
  return path.split(":").some((dir) => {
    try {
      return Deno.statSync(`${dir}/${program}`).isFile;
    } catch {
      return false; // not in this directory, or the directory is not there
    }
  });
}

function succeeds(program: string, ...args: string[]): boolean {
  try {
    return new Deno.Command(program, { args, stderr: "null" }).outputSync()
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
