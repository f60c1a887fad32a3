/** A bug to be seeded: a text that stands once in a file, and what to put in its place. */
export interface Mutant {
  name: string
  /** In the package. */
  file: string
  find: string
  replace: string
}

/** Patches of template strings stand in plain ones. */
export const bug = (name: string, file: string, find: string, replace: string): Mutant => ({
  name,
  file: `src/${file}`,
  find,
  replace,
})
