import { createInterface } from 'node:readline/promises'
import type { Terminal } from './terminal.ts'

/** Whether somebody sits there who can be asked. */
export function canAsk({ json }: Terminal): boolean {
  return !json && process.stdin.isTTY === true && process.stdout.isTTY === true
}

/** Asks a person. `otherwise`: what an empty answer means; anything else but yes is no, Ctrl-C and Ctrl-D too. */
export async function confirmed(
  question: string,
  otherwise: 'yes' | 'no' = 'no',
  { stdin, stdout }: Pick<NodeJS.Process, 'stdin' | 'stdout'> = process,
): Promise<boolean> {
  const questions = createInterface({ input: stdin, output: stdout })
  try {
    const choices = otherwise === 'yes' ? 'Y/n' : 'y/N'
    const answer = (await questions.question(`${question} (${choices}) `)).trim()
    return answer === '' ? otherwise === 'yes' : /^(y|yes)$/i.test(answer)
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'AbortError') throw error
    stdout.write('\n')
    return false
  } finally {
    questions.close()
  }
}
