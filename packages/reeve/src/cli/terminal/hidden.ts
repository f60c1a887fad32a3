import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { ReeveError } from '../../base/errors.ts'

/**
 * A text that nobody else may see: from standard input where that is no terminal, else typed or pasted without being shown.
 * @throws `bad-option`
 */
export async function readHidden(
  question: string,
  { stdin, stderr }: Pick<NodeJS.Process, 'stdin' | 'stderr'> = process,
): Promise<string> {
  if (stdin.isTTY !== true) return (await text(stdin)).replace(/\r?\n$/, '')
  const shown = new Writable({ write: (_chunk, _encoding, done) => done() })
  const questions = createInterface({ input: stdin, output: shown, terminal: true })
  stderr.write(`${question}: `)
  try {
    return await questions.question('')
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'AbortError') throw error
    throw new ReeveError('bad-option', 'No value was given. Nothing was changed.')
  } finally {
    questions.close()
    stderr.write('\n')
  }
}
