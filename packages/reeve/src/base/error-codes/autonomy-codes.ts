import type { CodeTable } from './code-table.ts'

/** Of what works by itself: directives and scripts. */
export const autonomyCodes: CodeTable = {
  'bad-directive': [
    'A directive cannot be followed as it is written.',
    'Correct the lines that the message names.',
  ],
}
