import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { type RecordedRun, recordOf } from '../../evals/replay/recorded-run.ts'
import { replayRecorded } from '../../runtime/evals/replaying.ts'
import { internalsOf } from '../../runtime/runtime.ts'
import { requireNamedRun } from '../backend/named/named-run.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { withRuntime } from '../terminal/project-runtime.ts'

interface RecordOptions {
  name?: string
  replace?: boolean
}

/** Makes a test of a run that ended: a file with its record, and a test that tries the project's code over it. */
export function recordTest(
  cli: Cli,
  { name, replace = false }: RecordOptions,
  text: string,
): Promise<ExitCode> {
  return withRuntime(cli, async (runtime) => {
    const { database, engine } = internalsOf(runtime)
    const { id } = await requireNamedRun(cli, database, text)
    const record = await recordOf(database, id, engine.services.secrets)
    const named = name ?? `${record.workflow.replace(/[^a-z0-9]+/gi, '-')}-${id.slice(0, 8)}`
    if (!/^[a-z0-9][a-z0-9._-]{0,99}$/i.test(named))
      throw new ReeveError(
        'bad-option',
        `--name is "${named}"; it becomes a file's name: letters, digits, - _ .`,
      )
    const files = {
      test: join('test', `${named}.test.ts`),
      record: join('test', 'recorded', `${named}.json`),
    }
    const { folder } = runtime.project
    const there = Object.values(files).find((file) => existsSync(join(folder, file)))
    if (there !== undefined && !replace)
      throw new ReeveError(
        'record-exists',
        `${there} is there already. Nothing was written. Give another --name, or --replace.`,
      )
    const { outcome, why } = await replayRecorded(runtime, record)
    mkdirSync(join(folder, 'test', 'recorded'), { recursive: true })
    writeFileSync(join(folder, files.record), `${JSON.stringify(record, null, 2)}\n`)
    writeFileSync(join(folder, files.test), testOf(record, named))
    cli.terminal.value({ runId: id, ...files, passes: outcome === 'same', why })
    cli.terminal.line(`${files.test} tries the code of "${record.workflow}" over what run ${id} did.`)
    cli.terminal.line(`${files.record} is its record. Known secrets are masked; read it before you share it.`)
    if (outcome === 'same') {
      cli.terminal.line('It passes. Run it with: npm test')
      return exitCodes.done
    }
    cli.terminal.line(
      cli.terminal.colors.yellow(`It does not pass: the present code differs from the run: ${why}`),
    )
    return exitCodes.failed
  })
}

const endOf = ({ events }: RecordedRun): { type: string; payload: Json } | undefined => events.at(-1)

function testOf(record: RecordedRun, name: string): string {
  const ends = endOf(record)?.type === 'run-succeeded' ? 'succeeded' : 'failed'
  const title = `${record.workflow} does what it did when it was recorded`.replaceAll("'", "\\'")
  return `import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { replayRecord } from 'reeve/testing'

const record = JSON.parse(readFileSync(join(import.meta.dirname, 'recorded', '${name}.json'), 'utf8'))

// Models, tools, people and time are answered from the record; a call or a result that differs fails.
test('${title}', async () => {
  const { status } = await replayRecord(record, { project: join(import.meta.dirname, '..') })
  assert.equal(status, '${ends}')
})
`
}
