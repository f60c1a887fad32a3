import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { reeveJson } from './hosted.ts'
import { project, type Rested, start } from './reeve.ts'

const patient = (version: string) => `import { workflow } from 'reeve'
import { z } from 'zod'

export default workflow({
  version: '${version}',
  key: () => 'K-1',
  input: z.object({}),
  run: (ctx) => ctx.waitFor('paid', { schema: z.object({}) }),
})
`

/** What a command has printed so far. */
function heard(child: ReturnType<typeof start>) {
  let text = ''
  child.stdout.on('data', (part) => {
    text += String(part)
  })
  const says = (wanted: string | RegExp) =>
    vi.waitFor(() => expect(text).toMatch(wanted), { timeout: 60_000, interval: 50 })
  return { says }
}

test('dev says which runs continue after a kill, schedules with their zone, and what becomes of runs of an older version', async () => {
  const folder = project()
  writeFileSync(join(folder, 'workflows/patient.ts'), patient('1'))
  const first = start(folder, ['dev', '--port', '0'])
  const { says } = heard(first)
  await says('Ctrl-C stops')
  await reeveJson<Rested>(folder, ['run', 'patient', '--detach'])
  await says('signal-awaited')
  writeFileSync(join(folder, 'workflows/patient.ts'), patient('2'))
  await says(/workflows\/patient.ts changed: loaded\n.* those of version "1" wait for a worker that has it/)
  const { runId: slow } = await reeveJson<Rested>(folder, ['run', 'slow', '--detach'])
  await says(new RegExp(`${slow} .*run-started`))
  first.kill('SIGKILL')
  await once(first, 'exit')

  const second = heard(start(folder, ['dev', '--port', '0']))
  await second.says(/^schedule yearly: greet, next at \d{4}-01-01 00:00 Europe\/Berlin$/m)
  await second.says(new RegExp(`^1 run continues: slow ${slow}$`, 'm'))
})
