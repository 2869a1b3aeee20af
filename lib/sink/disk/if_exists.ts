/**
 * Files that may not be there: others make, rename and remove them meanwhile.
 *
 * @module
 */

/**
 * Looks at what has a name, without following it.
 *
 * @param path Any path.
 * @returns What is there, or `null`.
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
 * Removes a file that something else may have removed or renamed.
 *
 * @param path The file.
 */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    // A rename gave it its final name.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
