import { once } from 'node:events'
import { expect, test } from 'vitest'
import { createClient } from '../../src/client/index.ts'
import { linesOf, project, reeveJson, start } from './reeve.ts'

test('across a SIGKILL no start over HTTP is lost or doubled: each is asked again with its key', async () => {
  const folder = project()
  const { token } = await (async () => {
    const first = start(folder, ['start', '--json'])
    await linesOf(first).next()
    const made = await reeveJson<{ token: string }>(folder, ['token', 'create', 'shop'])
    first.kill('SIGTERM')
    await once(first, 'exit')
    return made
  })()
  const wanted = Array.from({ length: 150 }, (_, index) => `order ${index}`)
  const acknowledged = new Map<string, string>()
  const ask = async (url: string, key: string) => {
    const client = createClient({ url, token })
    const body = { workflow: 'greet', input: { name: key } }
    const { id } = await client.runs.start({ body, idempotencyKey: key })
    // Whatever was said once must be said again.
    expect(acknowledged.get(key) ?? id).toBe(id)
    acknowledged.set(key, id)
  }
  for (const killAfter of [20, 75, undefined]) {
    const child = start(folder, ['start', '--json'])
    const { url } = (await linesOf(child).next()).value as unknown as { url: string }
    let answered = 0
    await Promise.all(
      wanted.map(async (key) => {
        await ask(url, key).catch((error: unknown) => {
          expect(error).toMatchObject({ code: 'unreachable' })
        })
        if (++answered === killAfter) child.kill('SIGKILL')
      }),
    )
    if (killAfter !== undefined) expect(child.killed).toBe(true)
    else expect(acknowledged.size).toBe(wanted.length)
    if (killAfter === undefined) child.kill('SIGTERM')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
  const { runs } = await reeveJson<{ runs: { id: string }[] }>(folder, ['runs', '--limit', '1000'])
  expect(runs.map(({ id }) => id).sort()).toEqual([...acknowledged.values()].sort())
})
