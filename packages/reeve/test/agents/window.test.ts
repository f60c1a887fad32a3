import { expect, test, vi } from 'vitest'
import { ContextWindow, estimateTokens } from '../../src/agents/loop/window.ts'

const call = (id: string) => ({ id, tool: 'read', args: { page: id } })
const result = (id: string, length: number) => ({
  call: call(id),
  text: `${id}:`.padEnd(length, 'x'),
  failed: false,
})

function filled(limit: number, lengths: number[]): ContextWindow {
  const window = new ContextWindow({ input: 'the task', around: 10, limit })
  for (const [index, length] of lengths.entries()) {
    const id = `c${index + 1}`
    window.add(index + 1, { calls: [call(id)], results: [result(id, length)] })
  }
  return window
}

function weigh(window: ContextWindow): number {
  return window.messages().reduce((sum, message) => sum + estimateTokens(message.text ?? ''), 0)
}

test('nothing goes while there is room', () => {
  const window = filled(10_000, [3000, 3000])
  expect(window.fit()).toMatchObject({ fits: true, dropped: [] })
  expect(window.messages()).toHaveLength(5)
})

test('the oldest results go first, and the last stays whole', () => {
  const window = filled(1500, [3000, 1500, 1500])
  const { fits, dropped } = window.fit()
  expect(fits).toBe(true)
  expect(dropped).toEqual([{ turn: 1, what: 'result', tool: 'read', characters: 2840 }])
  const texts = window.messages().flatMap((each) => (each.role === 'tool' ? [each.text] : []))
  expect(texts[0]).toMatch(/^c1:x+ \[… 2840 characters left out to save room …\]$/)
  expect(texts.slice(1).map((text) => text.length)).toEqual([1500, 1500])
  // What is cut stays cut: the same prompt begins the next turn.
  expect(window.fit().dropped).toEqual([])
})

test('then old turns shrink to a line each, calls and results together', () => {
  const window = filled(
    800,
    Array.from({ length: 8 }, () => 300),
  )
  const { fits, dropped } = window.fit()
  expect(fits).toBe(true)
  expect([...new Set(dropped.map(({ what }) => what))]).toEqual(['turn'])
  const messages = window.messages()
  expect(messages[0]!.text).toMatch(
    /What was done so far, shortened:\nturn 1: read\(\{"page":"c1"\}\) gave c1:/,
  )
  const asked = messages.flatMap((each) => (each.role === 'assistant' ? (each.calls ?? []) : []))
  const answered = messages.flatMap((each) => (each.role === 'tool' ? [each.call] : []))
  expect(answered).toEqual(asked.map(({ id }) => id))
  expect(messages.at(-1)).toMatchObject({ role: 'tool', call: 'c8' })
})

test('then the last results share the room, and the oldest lines go', () => {
  const window = new ContextWindow({ input: 'the task', around: 10, limit: 400 })
  for (let turn = 1; turn <= 20; turn++)
    window.add(turn, { calls: [call(`c${turn}`)], results: [result(`c${turn}`, 250)] })
  window.add(21, { calls: [call('a'), call('b')], results: [result('a', 9000), result('b', 9000)] })
  const { fits, dropped } = window.fit()
  expect(fits).toBe(true)
  expect(weigh(window)).toBeLessThanOrEqual(400)
  expect(new Set(dropped.map(({ what }) => what))).toEqual(new Set(['turn', 'result', 'summary']))
  expect(window.messages()[0]!.text).toContain('earlier turns are not shown')
})

test('what cannot be made to fit is said', () => {
  const window = new ContextWindow({ input: 'x'.repeat(5000), around: 10, limit: 1000 })
  expect(window.fit().fits).toBe(false)
})

test('it fits whatever comes, turn by turn, whenever the input leaves room', () => {
  let seed = 7
  const random = () => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31
    return seed / 2 ** 31
  }
  for (let trial = 0; trial < 60; trial++) {
    const limit = 1500 + Math.floor(random() * 3000)
    const window = new ContextWindow({ input: 'the task', around: 50, limit })
    for (let turn = 1; turn <= 12; turn++) {
      const ids = Array.from({ length: 1 + Math.floor(random() * 3) }, (_each, index) => `c${turn}-${index}`)
      const results = ids.map((id) => ({
        call: call(id),
        text: (random() < 0.2 ? '語' : 'x').repeat(Math.floor(random() * window.resultLength)),
        failed: false,
      }))
      window.add(turn, { calls: ids.map(call), results })
      const { fits, tokens } = window.fit()
      expect(fits, `trial ${trial} turn ${turn}`).toBe(true)
      expect(tokens).toBeLessThanOrEqual(limit)
    }
  }
})

test('a turn counts as much text when the window has long been full as when it is new', () => {
  const counted = vi.spyOn(Buffer, 'byteLength')
  const window = new ContextWindow({ input: 'the task', around: 10, limit: 2000 })
  const charactersIn = (turn: number) => {
    counted.mockClear()
    const id = `c${turn}`.padEnd(8)
    window.add(turn, { calls: [call(id)], results: [result(id, 1500)] })
    expect(window.fit().fits).toBe(true)
    return counted.mock.calls.reduce((sum, [text]) => sum + String(text).length, 0)
  }
  const counts = Array.from({ length: 2000 }, (_, index) => charactersIn(index + 1))
  counted.mockRestore()
  const most = (from: number, to: number) => Math.max(...counts.slice(from, to))
  expect(most(1900, 2000)).toBeLessThan(1.2 * most(10, 60))
})
