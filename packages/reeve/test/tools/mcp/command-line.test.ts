import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { expect, onTestFinished, test } from 'vitest'
import { ended, project, start } from '../../cli/reeve.ts'

const binary = fileURLToPath(new URL('../../../bin/reeve.js', import.meta.url))
const memory = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-memory/dist/index.js'))

test('`reeve mcp` serves a project to a client, whatever its code prints', async () => {
  const folder = project()
  const loud = `import { workflow } from 'reeve'
import { z } from 'zod'
console.log('loading')
export default workflow({ input: z.object({}), run: (ctx) => ctx.step('talk', () => { console.log('{"loud":1}'); return 'said' }) })
`
  writeFileSync(join(folder, 'workflows/loud.ts'), loud)
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [binary, 'mcp'],
    cwd: folder,
    env: { PATH: process.env.PATH!, HOME: process.env.HOME!, REEVE_USER: 'ada' },
    stderr: 'pipe',
  })
  const troubles: Error[] = []
  const client = new Client({ name: 'test', version: '1' })
  client.onerror = (error) => troubles.push(error)
  onTestFinished(() => client.close())
  await client.connect(transport)
  const answer = await client.callTool({ name: 'loud', arguments: { input: {} } })
  expect(answer.structuredContent).toMatchObject({ status: 'succeeded', output: 'said' })
  const { tools } = await client.listTools()
  expect(tools.map(({ name }) => name)).not.toContain('reeve.approve')
  expect(troubles).toEqual([])
  const pid = transport.pid!
  await client.close()
  await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false)
})

test('`reeve mcp pin` shows what a server offers and pins it only when told to', async () => {
  const folder = project()
  const declared = `import { mcpServer } from 'reeve/mcp'
export const notes = mcpServer({ name: 'notes', command: ${JSON.stringify(process.execPath)}, args: [${JSON.stringify(memory)}] })
`
  writeFileSync(join(folder, 'tools/notes.ts'), declared)
  const pins = join(folder, 'mcp-pins.json')
  const shown = await ended(start(folder, ['mcp', 'pin', 'tools/notes.ts']))
  expect(shown).toMatchObject({ code: 0, stderr: '' })
  expect(shown.stdout).toMatch(/^new +notes\.create_entities/m)
  // Whole descriptions and schemas: a part of them cannot be judged.
  expect(shown.stdout).toContain('An array of observation contents associated with the entity')
  expect(shown.stdout).toMatch(/takes +\{\n/)
  expect(shown.stdout).not.toContain('… (')
  expect(shown.stdout).toContain('Nothing was pinned')
  expect(existsSync(pins)).toBe(false)
  const pinned = await ended(start(folder, ['mcp', 'pin', 'tools/notes.ts', '--yes']))
  expect(pinned).toMatchObject({ code: 0, stdout: expect.stringContaining('pinned in') })
  const again = await ended(start(folder, ['mcp', 'pin', 'tools/notes.ts', '--json']))
  const { offers } = JSON.parse(again.stdout) as { offers: { state: string }[] }
  expect(new Set(offers.map(({ state }) => state))).toEqual(new Set(['pinned']))
  const none = await ended(start(folder, ['mcp', 'pin', 'tools/mail.ts']))
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('exports no MCP server') })
})
