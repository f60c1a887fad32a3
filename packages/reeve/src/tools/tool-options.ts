import { checkOptions, refuseUnknownOptions } from '../base/options.ts'
import { axisNames } from './axes.ts'

const shape = {
  description: 'text',
  input: 'schema!',
  output: 'schema!',
  effectOf: 'function',
  riskOf: 'function',
  retry: 'object',
  rate: 'object',
  oncePer: ['function', 'object'],
  undo: 'object',
  secrets: 'list',
  verify: 'function',
  run: 'function!',
} as const

/** Those that are checked where they are used. */
const checkedLater = [
  'name',
  'effect',
  'risk',
  'approval',
  'approvalTimeout',
  'approvalTerms',
  'timeout',
  ...axisNames,
]

/** Refuses what no definition of a tool has: an approval that is misspelt would be none. @throws `bad-tool` */
export function checkToolOptions(definition: unknown, called: string): void {
  checkOptions(definition, called, shape, 'bad-tool')
  refuseUnknownOptions(definition, called, [...Object.keys(shape), ...checkedLater], 'bad-tool')
}
