import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { loadDirectives } from '../../src/autonomy/directives/load-directives.ts'
import { loadScripts } from '../../src/autonomy/scripts/load-scripts.ts'
import { silentLog } from '../../src/base/log.ts'
import { workflow } from '../../src/context.ts'
import { toolOutcomes } from '../../src/inspect/health/tool-outcomes.ts'
import { criteriaSeen, lastRuns } from '../../src/inspect/ledger/last-runs.ts'
import type { Question } from '../../src/models/solver.ts'
import { knownOf, type Project, projectOf } from '../../src/project/load.ts'
import { internalsOf, Runtime } from '../../src/runtime/runtime.ts'
import { scriptedSolver } from '../../src/testing/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'reeve-directives-'))
const asked: string[] = []
const site = createServer((request, response) => {
  asked.push(request.url!)
  response.setHeader('content-type', 'text/html')
  response.statusCode = request.url === '/blog/tea' ? 200 : 404
  response.end('<h1>All about tea</h1>')
})
let runtime: Runtime

const head = (description: string, more: string) =>
  `#!/bin/sh\n# reeve:\n#   description: ${description}\n#   effect: idempotent\n#   approval: never\n${more}`

beforeAll(async () => {
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  const { port } = site.address() as { port: number }
  for (const each of ['scripts', 'directives', 'out']) mkdirSync(join(folder, each))
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text)
  write('out/tea.md', 'All about tea')
  write('check.sh', '#!/bin/sh\ntest "$1" = tea && echo "$2"\n')
  write(
    'scripts/make.sh',
    head(
      'Makes a post',
      '#   inputs:\n#     topic: string (required)\ncase $1 in --topic=*) t=${1#--topic=};; esac\nprintf \'{"slug": "%s", "count": 3}\' "$t"\n',
    ),
  )
  const database = new DatabaseSync(join(folder, 'shop.db'))
  database.exec("create table posts (slug text); insert into posts values ('tea')")
  database.close()
  const directive = (name: string, tools: string, criteria: string) =>
    write(
      `directives/${name}.md`,
      `# ${name}\n\n## Goal\nA post.\n\n## Inputs\n- topic: string (required)\n\n## Tools\n${tools}\n\n## Success Criteria\n${criteria}\n\n## Known Failure Modes\n- none yet\n`,
    )
  const make = '- scripts/make.sh --topic {topic}'
  directive(
    'all_kinds',
    make,
    `- GET http://127.0.0.1:${port}/blog/{slug} answers 200 and contains "about {topic}"
- file out/{slug}.md exists and contains "{topic}"
- file out/{slug}.tmp is absent
- command /bin/sh check.sh {slug} "it is {topic}" exits 0 and prints "it is tea"
- sql shop.db "select count(*) from posts where slug = {slug}" is 1
- output has slug, count
- {count} is at least 3
- judged by judging: the text is about {topic}`,
  )
  directive('parent', '- directive all_kinds --topic {topic}', '- output has slug')
  directive('by_workflow', '- workflow shout', '- {text} is "{topic}!"')
  directive('own_judge', '- workflow ask', '- judged by judging: it is good')
  const shout = workflow({
    name: 'shout',
    input: z.object({ topic: z.string() }),
    run: async (_, { topic }) => ({ text: `${topic}!` }),
  })
  const ask = workflow({
    name: 'ask',
    input: z.object({ topic: z.string() }),
    run: (ctx, { topic }) => ctx.generate('text', { route: 'judging', with: { topic } }),
  })
  const reply = (question: Question) =>
    question.name.startsWith('check:') ? '{"met":true,"why":"it says so"}' : 'a text'
  const judge = scriptedSolver(Array(10).fill(reply), { name: 'the judge' })
  const project: Project = projectOf({ routes: { judging: { solvers: [judge] } } }, [shout, ask], folder)
  project.scripts = await loadScripts(folder)
  project.tools = project.scripts.map(({ tool }) => tool)
  project.directives = await loadDirectives(folder, knownOf(project))
  runtime = await Runtime.open({
    project,
    environment: { database: { kind: 'sqlite', file: ':memory:' }, keys: {}, user: 'nobody', ci: false },
    log: silentLog,
    keptRuns: 0,
  })
  await runtime.start()
})

afterAll(async () => {
  await runtime?.stop()
  site.close()
  rmSync(folder, { recursive: true, force: true })
})

async function follow(name: string, topic: string) {
  const handle = await runtime.startRun(`directive:${name}`, { topic })
  return handle.result()
}

test('a directive calls its script, and every kind of criterion is looked at', async () => {
  const result = await follow('all_kinds', 'tea')
  expect(result).toMatchObject({
    status: 'succeeded',
    output: { status: 'met', output: { slug: 'tea', count: 3 } },
  })
  const { criteria } = (result as { output: { criteria: { met: boolean }[] } }).output
  expect(criteria.map(({ met }) => met)).toEqual(Array(8).fill(true))
})

test('a criterion that is not met fails the run, with what was found', async () => {
  const result = await follow('by_workflow', 'tea')
  expect(result).toMatchObject({ status: 'succeeded', output: { output: { text: 'tea!' } } })
  const missed = await follow('parent', 'coffee & "cake"/..')
  expect(missed).toMatchObject({ status: 'failed', error: { code: 'child-failed' } })
})

test('values are escaped for where they stand, and none becomes a path, an option or a query', async () => {
  asked.length = 0
  const result = await follow('all_kinds', '../x?admin=1')
  expect(result).toMatchObject({ status: 'failed', error: { code: 'criteria-unmet' } })
  const { criteria } = (
    result as unknown as { error: { details: { criteria: { met: boolean; seen: string }[] } } }
  ).error.details
  expect(asked).toEqual(['/blog/..%2Fx%3Fadmin%3D1'])
  expect(criteria.map(({ met }) => met)).toEqual([false, false, false, false, false, true, true, true])
  expect(criteria[1]!.seen).toContain('{slug} may not be used there')
  expect(criteria[4]!.seen).toBe('the query gave 0')
})

test('a directive calls another, and has its output', async () => {
  expect(await follow('parent', 'tea')).toMatchObject({
    status: 'succeeded',
    output: { status: 'met', output: { slug: 'tea', count: 3 } },
  })
})

test('who wrote it does not judge it', async () => {
  const result = await follow('own_judge', 'tea')
  expect(result).toMatchObject({
    status: 'failed',
    error: {
      details: {
        criteria: [{ met: false, seen: expect.stringContaining('asks the judge, which had a part') }],
      },
    },
  })
})

test('what the inputs do not allow is refused before anything runs', async () => {
  await expect(runtime.startRun('directive:all_kinds', { topik: 'tea' })).rejects.toMatchObject({
    code: 'invalid-input',
  })
})

test('of a directive its newest run is told with what it found, of a script how its calls ended', async () => {
  const { database } = internalsOf(runtime)
  await follow('all_kinds', 'tea')
  const { id } = await runtime.startRun('directive:all_kinds', { topic: 'no such page' })
  await runtime.result(id)
  const all = await lastRuns(database, ['directive:all_kinds', 'directive:never'])
  expect([...all.keys()]).toEqual(['directive:all_kinds'])
  expect(all.get('directive:all_kinds')).toMatchObject({
    runId: id,
    result: 'unmet',
    detail: expect.stringContaining('criteria-unmet'),
    durationMs: expect.any(Number),
  })
  const seen = await criteriaSeen(database, id)
  expect(seen).toHaveLength(8)
  expect(seen[0]).toMatchObject({ met: false, seen: expect.stringContaining('404') })
  // A child that did not come so far tells nothing.
  expect(await criteriaSeen(database, 'none')).toEqual([])
  const calls = async () => toolOutcomes(database, ['script.make', 'script.never'], 0)
  const before = await calls()
  expect([...before.keys()]).toEqual(['script.make'])
  const { ended, failed, last } = before.get('script.make')!
  expect(last).toMatchObject({ runId: id, failed: false, detail: null })
  // Its result is no JSON then.
  await follow('all_kinds', 'a "quoted" one')
  expect((await calls()).get('script.make')).toMatchObject({
    ended: ended + 1,
    failed: failed + 1,
    last: { failed: true, detail: expect.stringContaining('script-') },
  })
})
