/**
 * Waiting for what another task or program writes to a directory.
 *
 * @module
 */

/**
 * Waits until a condition on the files below a directory holds. It is asked
 * once, and again after each change that the kernel reports.
 *
 * @param root The directory; it must exist.
 * @param condition Whether the files are as the test wants them.
 */
export async function waitForFiles(
  root: string,
  condition: () => Promise<boolean>,
): Promise<void> {
  // Before the first question, so that no change falls in between.
  using watcher = Deno.watchFs(root);
  if (await condition()) return;
  for await (const _ of watcher) {
    if (await condition()) return;
  }
}
