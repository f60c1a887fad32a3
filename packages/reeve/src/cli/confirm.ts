import { createInterface } from 'node:readline/promises'
import type { Terminal } from './terminal.ts'

/** Whether somebody sits there who can be asked. */
export function canAsk({ json }: Terminal): boolean {
  return !json && process.stdin.isTTY === true && process.stdout.isTTY === true
}

/** Asks a person; anything but yes is no. */
export async function confirmed(question: string): Promise<boolean> {
  const questions = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return /^(y|yes)$/i.test((await questions.question(`${question} (y/N) `)).trim())
  } finally {
    questions.close()
  }
}
