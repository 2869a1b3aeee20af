/**
 * Files that may not exist: other programs create, rename and remove them.
 *
 * @module
 */

/**
 * Reads a path's metadata without following a symbolic link.
 *
 * @param path Any path.
 * @returns The metadata, or `null` where nothing has that path.
 */
export async function lstatIfThere(
  path: string,
): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/**
 * Removes a file, unless it was removed or renamed before.
 *
 * @param path The file.
 */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    // A rename gave it its final name, or another process removed it.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
