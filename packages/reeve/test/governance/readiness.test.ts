import { expect, test } from 'vitest'
import { checkChecklist, missingIn } from '../../src/governance/readiness/checklist.ts'
import { type Evidence, judgeReadiness, lowerBound } from '../../src/governance/readiness/readiness.ts'

const checklist = {
  owner: 'ada',
  tools: { 'helpdesk.reply': 'high' },
  sources: ['policy/'],
  completion: 'the customer has an answer',
  review: 'ada reads ten a week',
  rollback: 'reeve undo',
  evaluation: 'evals/triage',
} as const

const good = { status: 'approved', isEdited: false } as const
const edited = { status: 'approved', isEdited: true } as const
const rejected = { status: 'rejected', isEdited: false } as const

function evidence(
  changes: Partial<Evidence> = {},
  decisions: Evidence['decisions'] = Array(100).fill(good),
): Evidence {
  return { decisions, runs: { succeeded: 100, failed: 0 }, denied: 0, undone: 1, evals: 'green', ...changes }
}

test('a complete checklist and good evidence earn autonomy, one level after another, and nothing is raised', () => {
  for (const [given, proposed] of [
    ['observe', 'draft'],
    ['draft', 'supervised'],
    ['supervised', 'autonomous'],
    ['autonomous', null],
  ] as const)
    expect(judgeReadiness(checklist, evidence(), given)).toMatchObject({
      earned: 'autonomous',
      effective: given,
      proposed,
      lacks: [],
    })
})

test.each([
  ['an edit', evidence({}, [edited, ...Array(100).fill(good)]), 'observe', 'draft'],
  [
    'a rejection some time ago',
    evidence({}, [...Array(15).fill(good), rejected, ...Array(85).fill(good)]),
    'draft',
    'supervised',
  ],
  ['runs that failed', evidence({ runs: { succeeded: 60, failed: 40 } }), 'observe', 'draft'],
  ['a denied call', evidence({ denied: 1 }), 'observe', 'draft'],
  ['red evals', evidence({ evals: 'red' }), 'observe', 'draft'],
  [
    'evals that nobody told of',
    { ...evidence(), evals: undefined } as unknown as Evidence,
    'supervised',
    'supervised',
  ],
  ['an undo that was never tried', evidence({ undone: 0 }), 'supervised', 'supervised'],
  ['few decisions', evidence({}, Array(19).fill(good)), 'observe', 'draft'],
] as const)('autonomy falls back on %s', (_, found, __, earned) => {
  const judged = judgeReadiness(checklist, found, 'autonomous')
  expect(judged.earned).toBe(earned)
  expect(judged.effective).toBe(earned)
  expect(judged.proposed).toBeNull()
  expect(judged.lacks.at(-1)!.why.length).toBeGreaterThan(0)
})

test.each(Object.keys(checklist))('without "%s" of the checklist nothing but observing is earned', (part) => {
  const { [part as keyof typeof checklist]: _, ...rest } = checklist
  expect(missingIn(rest)).toHaveLength(1)
  expect(judgeReadiness(rest, evidence(), 'autonomous')).toMatchObject({
    earned: 'observe',
    effective: 'observe',
  })
  expect(
    missingIn({
      ...checklist,
      [part]: Array.isArray(checklist[part as 'sources']) ? [] : part === 'tools' ? {} : ' ',
    }),
  ).toHaveLength(1)
})

test('the surest share of few is low, and never above the share itself', () => {
  expect(lowerBound(0, 0)).toBe(0)
  expect(lowerBound(10, 10)).toBeCloseTo(0.722, 2)
  expect(lowerBound(80, 80)).toBeGreaterThan(0.95)
  expect(lowerBound(95, 100)).toBeLessThan(0.95)
  expect(lowerBound(0, 10)).toBe(0)
})

test('a checklist of another kind is refused', () => {
  expect(checkChecklist(undefined, 'w')).toEqual({})
  expect(() => checkChecklist({ tools: { pay: 'huge' } }, 'w')).toThrow('low, medium or high')
  expect(() => checkChecklist({ owner: 5 }, 'w')).toThrow('`owner`')
})
