import { ReeveError } from '../../base/errors.ts'
import { findMask } from '../../base/secrets/secrets.ts'
import type { Tool } from '../tool.ts'

/**
 * What is wrong with arguments that hold a secret's mask: they were read back from the journal, which has no secrets, and
 * the tool would get the mask in the place of the value. Undefined when nothing is. `whole`: only where it is all of a text.
 */
export function maskProblem(given: unknown, whole = false): string | undefined {
  const path = findMask(given, whole)
  if (path === undefined) return undefined
  const what = path === '' ? 'They hold' : `${path} holds`
  return `${what} the text [secret]. It replaces a secret that was left out of the journal, and the tool would get this text in its place. Let the tool read the secret itself, or give the argument without it`
}

/**
 * Where nobody is asked, a text that only quotes the mask is left alone: whoever wrote it could stop the run.
 * @throws `invalid-input`
 */
export function refuseMask(tool: Tool, given: unknown): void {
  const problem = maskProblem(given, true)
  if (problem === undefined) return
  throw new ReeveError('invalid-input', `The arguments of tool "${tool.name}" cannot be used: ${problem}.`)
}
