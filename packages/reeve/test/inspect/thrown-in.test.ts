import { expect, test } from 'vitest'
import { thrownIn } from '../../src/inspect/events/thrown-in.ts'

const linux = { own: '/desk/node_modules/reeve/dist/', windows: false, here: '/desk' }
const windows = { own: 'C:\\desk\\node_modules\\reeve\\dist\\', windows: true, here: 'C:\\desk' }

test.each([
  ['a method', 'at Object.run (file:///desk/workflows/pay.ts:7:11)', linux, 'workflows/pay.ts:7:11'],
  ['no brackets', 'at async file:///desk/lib/a%20b.ts:1:2', linux, 'lib/a b.ts:1:2'],
  ['code that was loaded anew', 'at run (file:///desk/a.ts?reeve=3:7:11)', linux, 'a.ts:7:11'],
  ['a path', 'at run (/desk/workflows/pay.ts:7:11)', linux, 'workflows/pay.ts:7:11'],
  ['Windows', 'at run (file:///C:/desk/a.ts:7:11)', windows, 'a.ts:7:11'],
  ['a path of Windows', 'at run (C:\\desk\\lib\\a.ts:7:11)', windows, 'lib/a.ts:7:11'],
])('the place is read of %s', (_what, line, on, place) => {
  expect(thrownIn(`Error: no (file:///not/a/frame)\n    ${line}`, on)).toBe(place)
})

test('the first place is told that is the project’s own', () => {
  const stack = `TypeError: x
    at JSON.parse (<anonymous>)
    at check (node:internal/url:817:25)
    at parse (file:///desk/node_modules/zod/v4/core/parse.js:1:2)
    at Object.step (file:///work/reeve/src/engine/step.ts:3:4)
    at read (file:///desk/lib/read.ts:12:5)
    at run (file:///desk/workflows/pay.ts:7:11)`
  expect(thrownIn(stack, { ...linux, own: '/work/reeve/src/' })).toBe('lib/read.ts:12:5')
  expect(thrownIn(stack, { ...linux, own: '/work/reeve/src/', here: '/srv' })).toBe('read.ts:12:5')
  expect(thrownIn('TypeError: x\n    at parse (file:///desk/node_modules/zod/a.js:1:2)', linux)).toBe(null)
  expect(thrownIn(undefined)).toBe(null)
})

test('of an error that is thrown here, this file', () => {
  expect(thrownIn(new Error('x').stack)).toMatch(/thrown-in\.test\.ts:\d+:\d+$/)
})
