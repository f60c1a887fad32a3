import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { events } from '../../src/store/journal/events.ts'

const source = join(import.meta.dirname, '../../src')
const vocabulary = /^store\/journal\/(events\.ts|vocabulary\/)/
const quotedName = new RegExp(`'(?:${Object.keys(events).join('|')})'`)

/** Patterns over the names of events. */
const pattern = /\/[^/\n]*-\((?:[a-z]+\|)*(?:completed|succeeded|failed|stuck|cancelled|given-up)\b[^/\n]*\//
/** A payload's type that the reader claims by itself. */
const claimed =
  /JSON\.parse\([^\n]*\bpayload\b[^\n]*\)\s+as\s+(?!unknown\b|Json\b)|payload(?:Of|IfSound)\([^)\n]*\)\)?\s+as\b/

/** The texts of templates, without the code in them. */
function templateTexts(code: string): string[] {
  const texts: string[] = []
  const open: ('template' | 'code')[] = ['code']
  let text = ''
  for (let index = 0; index < code.length; index++) {
    const at = code[index]!
    if (open.at(-1) === 'template') {
      if (at === '\\') index++
      else if (at === '`' || code.startsWith('${', index)) {
        texts.push(text)
        text = ''
        if (at === '`') open.pop()
        else {
          open.push('code')
          index++
        }
      } else text += at
    } else if (at === '`') open.push('template')
    else if (at === "'" || at === '"') {
      while (++index < code.length && code[index] !== at) if (code[index] === '\\') index++
    } else if (at === '{' && open.length > 1) open.push('code')
    else if (at === '}' && open.length > 1) open.pop()
  }
  return texts
}

function faultsIn(text: string): string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '')
  return [
    ...templateTexts(code).filter((part) => quotedName.test(part)),
    ...code.split('\n').filter((line) => pattern.test(line) || claimed.test(line)),
  ]
}

test('no event is named where the compiler does not look, and nobody casts a payload', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !vocabulary.test(file),
  )
  const faults = files.flatMap((file) =>
    faultsIn(readFileSync(join(source, file), 'utf8')).map((line) => `${file}: ${line.trim()}`),
  )
  expect(files.length).toBeGreaterThan(200)
  expect(faults).toEqual([])
})

/** The samples are no templates themselves. */
const asCode = (line: string) => line.replaceAll('#{', '$' + '{')

test.each([
  "`select 1 from events where type = 'run-started'`",
  "`select #{columns} where e.type = 'effect-intended' order by #{order}`",
  "`select #{names.map((one) => `'#{one}'`)} where later.type in ('signal-received', 'signal-timed-out')`",
  'const isEnd = /^run-(succeeded|failed)$/.test(event.type)',
  'const { dueAt } = JSON.parse(event.payload!) as { dueAt: number }',
  'const { binds } = (JSON.parse(payload) as { binds?: string }).binds',
  "const asked = payloadOf(event, 'approval-requested') as Asked",
])('%s would be found', (line) => {
  expect(faultsIn(asCode(line))).toHaveLength(1)
})

test.each([
  "if (event.type === 'run-started') return `the #{event.type} of it`",
  'const value: unknown = JSON.parse(payload)',
  "`select 1 from events where type = #{quoted('run-started')}`",
])('%s may stand', (line) => {
  expect(faultsIn(asCode(line))).toEqual([])
})
