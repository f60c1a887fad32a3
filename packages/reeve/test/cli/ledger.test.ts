import { expect, test, vi } from 'vitest'
import { showDecision } from '../../src/cli/autonomy/ledger.ts'
import { Terminal } from '../../src/cli/terminal/terminal.ts'
import type { LedgerLine } from '../../src/inspect/ledger/ledger.ts'

const entry = (why: string, detail: string): LedgerLine => ({
  timestamp: '2030-01-02T12:00:00.000Z',
  decision: 'idle',
  params: {},
  result: 'idle',
  metrics: { cost: 0, duration_s: 0 },
  why,
  goal: null,
  of: { daemon: 'steward', cycle: 1, runId: 'r1', executionId: null, by: { kind: 'nobody' }, detail },
})

test.each([
  ['no rule applies', 'no rule applies', 1],
  ['a draft is there', 'the host is away', 2],
  ['a draft is there', '', 1],
])('the ledger says a sentence once: why %j, detail %j', (why, detail, lines) => {
  const terminal = new Terminal(false)
  const printed = vi.spyOn(terminal, 'line').mockReturnValue(undefined)
  showDecision(terminal, entry(why, detail))
  expect(printed.mock.calls.slice(1, -1)).toHaveLength(lines)
})
