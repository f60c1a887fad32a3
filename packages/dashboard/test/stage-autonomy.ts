import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadDirectives } from '../../reeve/src/autonomy/directives/load-directives.ts'
import { goal } from '../../reeve/src/autonomy/goals/goal.ts'
import { Proposals } from '../../reeve/src/autonomy/proposals.ts'
import { loadScripts } from '../../reeve/src/autonomy/scripts/load-scripts.ts'
import { silentLog } from '../../reeve/src/base/log.ts'
import { knownOf, type Project } from '../../reeve/src/project/load.ts'
import { internalsOf, type Runtime } from '../../reeve/src/runtime/runtime.ts'
import { addRepair } from '../../reeve/src/store/autonomy/repairs.ts'
import { keepResult } from '../../reeve/src/store/evals/results.ts'
import { propose } from '../../reeve/src/store/proposals/proposals.ts'
import type { Stranger } from './stage-workflows.ts'

const script = (description: string, inputs: string, body: string) =>
  `#!/bin/sh\n# reeve:\n#   description: ${description}\n#   effect: idempotent\n#   approval: never\n#   inputs:\n${inputs}\n${body}\n`

const directive = (
  title: string,
  parts: { goal: string; inputs: string; does: string; criteria: string; modes: string },
) =>
  `# ${title}

## Goal
${parts.goal}

## Inputs
${parts.inputs}

## Tools
${parts.does}

## Success Criteria
${parts.criteria}

## Known Failure Modes
${parts.modes}
`

/** Standing instructions with their scripts, as files; and the goals that they serve. */
export async function addDirectives(project: Project, folder: string): Promise<void> {
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text)
  for (const each of ['scripts', 'directives']) mkdirSync(join(folder, each))
  write(
    'scripts/make_post.sh',
    script(
      'Writes a post from its topic',
      '#     topic: string (required)\n#     words: number',
      'printf \'{"slug": "winter-feeding", "words": 812}\'',
    ),
  )
  write(
    'scripts/read_payments.sh',
    script(
      'Reads the payments of a day',
      '#     day: string (required)',
      'printf \'{"payments": 11, "open": 2}\'',
    ),
  )
  write(
    'directives/publish-article.md',
    directive('Publish an article', {
      goal: 'A new post stands on the site each week, so that beekeepers find us. It is written from what customers asked.',
      inputs: '- topic: string (required) what it is about\n- words: number',
      does: '- scripts/make_post.sh --topic {topic} --words {words}',
      criteria: '- output has slug, words\n- {make_post.words} is at least 500',
      modes: '- The site refuses a slug that was used before: take another topic.',
    }),
  )
  write(
    'directives/reconcile-payments.md',
    directive('Reconcile payments', {
      goal: 'Every payment of the day before belongs to an invoice.',
      inputs: '- day: string (required)',
      does: '- scripts/read_payments.sh --day {day}',
      criteria: '- output has payments\n- {open} is 0',
      modes: '- The bank sends a day late after a holiday: follow it again tomorrow.',
    }),
  )
  write(
    'directives/weekly-report.md',
    directive('Weekly report', {
      goal: 'On Monday the owner knows what the week before brought.',
      inputs: '- day: string (required)',
      does: '- directive reconcile-payments --day {day}',
      criteria: '- output has payments',
      modes: '- none yet',
    }),
  )
  project.scripts = await loadScripts(folder)
  project.tools = [...project.tools, ...project.scripts.map(({ tool }) => tool)]
  project.directives = await loadDirectives(folder, knownOf(project))
}

export const goals = [
  goal({
    name: 'answered-right',
    aim: 'Letters are answered without a person having to correct them',
    owner: 'alex',
    metric: { metric: 'taskSuccess', over: '30d' },
    target: { atLeast: 0.95 },
    review: '2099-03-01',
  }),
  goal({
    name: 'cheap-answers',
    aim: 'An answer costs less than a cent',
    owner: 'alex',
    metric: { metric: 'costPerSuccessfulRunUsd', workflow: 'sum-up', over: '30d' },
    target: { atMost: 0.01 },
    review: '2020-01-01',
    budget: 0.05,
  }),
  goal({
    name: 'visitors',
    aim: 'Beekeepers find the site',
    owner: 'ines',
    metric: () => null,
    target: { atLeast: 2000 },
    review: '2099-06-01',
  }),
]

const dayMs = 86_400_000

/** What they did lately, what evaluations say, and what is proposed. */
export async function fillDirectives(runtime: Runtime, stranger: Stranger | undefined): Promise<void> {
  const internals = internalsOf(runtime)
  const { engine, database, clock } = internals
  // Those that take their place are not begun: these would look again every minute, when all else has ended.
  await internals.proposals.end()
  internals.proposals = new Proposals(
    { database, clock, log: silentLog },
    {
      lesson: { role: 'approver' },
      amendment: { role: 'operator' },
      contradiction: { role: 'operator' },
      training: { role: 'operator' },
      contract: { role: 'owner' },
      reconnect: { role: 'operator' },
      repair: {
        role: 'operator',
        async carryOut() {
          throw new Error('scripts/read_payments.sh was changed since it was looked at')
        },
      },
    },
  )
  const follow = (name: string, input: unknown) =>
    engine.startRun(`directive:${name}`, input as never, { principal: 'alex' })
  await follow('publish-article', { topic: 'Winter feeding' })
  await follow('publish-article', { topic: stranger?.subject ?? 'Mites in autumn', words: 700 })
  await follow('reconcile-payments', { day: '2026-11-26' })
  const now = clock.now()
  for (let index = 0; index < 5; index++) await keepEval(runtime, stranger, index, now - (5 - index) * dayMs)
  await database.transaction(async (session) => {
    const made = { at: now - 3_600_000 }
    await addRepair(session, {
      id: 'repair-1',
      script: 'read_payments',
      file: 'scripts/read_payments.sh',
      key: 'read_payments',
      run: null,
      call: null,
      failure: JSON.stringify({ code: 'script-failed', message: stranger?.body ?? 'total_amount is null' }),
      inputs: null,
      level: 'propose',
      execution: null,
      made_by: 'reeve',
      made_at: made.at,
    })
    const asks = 'curl -s "$BANK/payments?day=$day" |'
    await session.run(
      `update repairs set status = 'proposed', diagnosis = ?, before_text = ?, after_text = ?, tries = ?, reason = ?
       where id = 'repair-1'`,
      [
        JSON.stringify({ kind: 'fault', rule: 'missing-field', why: 'the bank gives no field total_amount' }),
        `${asks}\n  jq "[.items[].total_amount] | add"\n`,
        `${asks}\n  jq "[.items[].total] | add"\n`,
        JSON.stringify([
          {
            number: 1,
            solver: 'acme/small',
            why: stranger?.subject ?? 'an order without items has no field',
            verdict: 'refused',
            gate: 'tests',
            sentence: '1 of its 4 tests fails.',
          },
          {
            number: 2,
            solver: 'acme/large',
            why: 'the field has another name',
            verdict: 'proven',
            gate: 'replay',
            sentence: 'All 4 tests pass, and 12 recorded runs give what they gave.',
          },
        ]),
        'it waits for a person',
      ],
    )
    await propose(
      session,
      {
        kind: 'repair',
        title: 'read_payments.sh: the bank calls the field total now, not total_amount',
        body: { repair: 'repair-1', script: 'read_payments' },
        key: 'repair:read_payments',
        by: 'reeve',
      },
      { id: engine.services.newId(), ...made },
    )
    await propose(
      session,
      {
        kind: 'lesson',
        title: 'Quote the return window first when a customer asks whether something can be sent back',
        body: {
          rule: 'people-add',
          workflow: 'support-triage',
          question: null,
          condition: { at: 'category', is: 'returns' },
          act: 'advise',
          text: 'A customer who asks whether something can be sent back wants to know until when. Say the 30 days first.',
          wording: 'rules',
          matter: null,
          evidence: {
            runs: [],
            decisions: ['a', 'b', 'c', 'd'],
            figures: { corrections: 4 },
            from: new Date(now - 86_400_000 * 6).toISOString(),
            until: new Date(now - 3_600_000).toISOString(),
          },
          trial: {
            cases: 12,
            better: 9,
            worse: 0,
            change: { cases: 12, mean: 0.75, low: 0.52, high: 0.98, p: 0.004, verdict: 'better' },
            costUsd: 0.0031,
          },
        },
        key: 'lesson:return-window',
        by: 'reeve',
      },
      { id: engine.services.newId(), ...made },
    )
    if (!stranger) return
    await propose(
      session,
      {
        kind: 'lesson',
        title: stranger.subject,
        body: { text: stranger.body },
        key: 'lesson:hostile',
        by: 'reeve',
      },
      { id: engine.services.newId(), ...made },
    )
  })
}

async function keepEval(
  runtime: Runtime,
  stranger: Stranger | undefined,
  index: number,
  at: number,
): Promise<void> {
  const { database, engine } = internalsOf(runtime)
  const mean = [0.82, 0.86, 0.9, 0.93, 0.88][index]!
  const isLast = index === 4
  const summary = {
    count: 24,
    scorers: {
      exact: {
        mean,
        ...(index > 0 && {
          change: {
            cases: 24,
            mean: isLast ? -0.05 : 0.03,
            low: isLast ? -0.09 : -0.01,
            high: isLast ? -0.01 : 0.07,
            p: isLast ? 0.03 : 0.2,
            verdict: isLast ? 'worse' : 'unclear',
          },
        }),
      },
      'says the days': { mean: 0.75, missed: 0.8 },
    },
    costUsd: 0.0121,
    seconds: 3.2,
    changed: isLast
      ? [
          { id: 'returns a used scale', scorer: 'exact', before: 1, now: 0 },
          { id: 'asks in Portuguese', scorer: 'exact', before: 0, now: 1 },
        ]
      : [],
    baseline: index > 0 ? { id: `eval-${index - 1}`, sameData: true } : null,
  }
  const names = [
    'returns a used scale',
    'asks in Portuguese',
    'no order number',
    stranger?.subject ?? 'asks in October',
  ]
  const cases = names.map((case_id, number) => ({
    case_id,
    result: JSON.stringify({
      id: case_id,
      outcome: {
        status: number === 2 ? 'failed' : 'succeeded',
        ...(number === 2
          ? { error: { code: 'unanswered', message: 'no solver was sure' } }
          : { output: { category: 'billing' } }),
        calls: [{ tool: 'helpdesk.reply' }],
        solvers: ['acme/small'],
        costUsd: 0.0004,
        ms: 41,
        run: engine.services.newId(),
      },
      scores: {
        exact: { score: number === 0 || number === 2 ? 0 : 1, why: 'urgency 2, and 3 was wanted' },
        'says the days': { score: 0.75 },
      },
    }),
  }))
  await keepResult(
    database,
    {
      id: `eval-${index}`,
      name: 'support-triage',
      at,
      run_by: 'alex',
      data_hash: 'd',
      verdict: isLast ? 'regressed' : 'passed',
      baseline: null,
      summary: JSON.stringify(summary),
    },
    cases,
  )
}
