import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { confirmed } from '../../src/cli/terminal/confirm.ts'

test.each([
  ['y\r', 'no', true],
  ['\r', 'no', false],
  ['\r', 'yes', true],
  ['maybe\r', 'yes', false],
  // Ctrl-C and Ctrl-D.
  ['\u0003', 'yes', false],
  ['\u0004', 'yes', false],
] as const)(
  'a person who types %j where an empty answer means %s has said %s',
  async (typed, otherwise, said) => {
    const stdin = new PassThrough()
    const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 80 })
    const answer = confirmed('Delete it?', otherwise, { stdin, stdout } as never)
    stdin.write(typed)
    expect(await answer).toBe(said)
  },
)
