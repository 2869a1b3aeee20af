/**
 * The program.
 *
 * @module
 */
