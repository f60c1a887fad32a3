import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readEnvironment } from '../../src/base/config.ts'
import { systemClock } from '../../src/base/time/time.ts'
import { exportLines } from '../../src/store/audit/export.ts'
import { keptHead } from '../../src/store/audit/heads/head.ts'
import { lastHead } from '../../src/store/audit/heads/sign-heads.ts'
import { bindKeys } from '../../src/store/audit/key/bind-keys.ts'
import { readKeys } from '../../src/store/audit/key/key-file.ts'
import { eraseSubject } from '../../src/store/keeping/erasing/erase.ts'
import { openDatabase } from '../../src/store/open.ts'
import type { AuditKeySlot } from '../../src/store/redacting.ts'
import { audit, scene } from './forgeries.ts'

async function exported() {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-export-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const environment = readEnvironment(folder, { REEVE_USER: 'ada' })
  await scene(environment)
  const slot: AuditKeySlot = {}
  const database = openDatabase(environment.database, systemClock, { slot })
  onTestFinished(() => database.close())
  slot.keys = await bindKeys(database, readKeys(environment), { now: 0, by: 'ada', mayChange: false })
  const file = join(folder, 'audit.jsonl')
  const lines: string[] = []
  for await (const line of exportLines(database, 1)) lines.push(line)
  const verified = (changed: string[], ...args: string[]) => {
    writeFileSync(file, `${changed.join('\n')}\n`)
    const script = join(import.meta.dirname, '../../bin/verify-audit.mjs')
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, file, ...args], {
      encoding: 'utf8',
    })
    return { status, said: stdout + stderr }
  }
  return { environment, database, folder, lines, verified }
}

test('an export is checked by a script that needs Node alone, and every change of it is found', async () => {
  const { database, folder, lines, verified } = await exported()
  expect(verified(lines)).toMatchObject({
    status: 0,
    said: expect.stringMatching(/3 runs, .* every chain holds, signed by/),
  })
  const kept = join(folder, 'head.json')
  writeFileSync(kept, JSON.stringify(keptHead((await lastHead(database))!)))
  const { publicKey } = JSON.parse(lines[0]!) as { publicKey: string }
  expect(verified(lines, '--key', publicKey, '--head', kept)).toMatchObject({ status: 0 })
  const changes: [string[], RegExp][] = [
    [
      lines.map((line) => line.replace(/\\"by\\":\\"ada\\"/, '\\"by\\":\\"eve\\"')),
      /the payload of event \d+ was changed/,
    ],
    [
      lines.map((line) => line.replace('"principal":"ada","proof"', '"principal":"eve","proof"')),
      /act \d+ .* was changed/,
    ],
    [lines.filter((line) => !line.includes('"event":"approval-decided"')), /event \d+ is missing/],
    [lines.filter((line) => !line.startsWith('{"type":"head"')), /its lines are not those that were signed/],
    [lines.slice(0, -1), /the file is cut off/],
    [
      lines.map((line) => line.replace('"costUsd":0', '"costUsd":9')),
      /its lines are not those that were signed/,
    ],
  ]
  for (const [changed, said] of changes) {
    const found = verified(changed)
    expect(found.said).toMatch(said)
    expect(found.status).toBe(1)
  }
  expect(verified(lines, '--key', 'A'.repeat(43)).said).toMatch(/is signed by another key/)
  expect(readFileSync(join(import.meta.dirname, '../../bin/verify-audit.mjs'), 'utf8')).not.toMatch(
    /from '(?!node:)/,
  )
})

test('what was erased is no fault, and who decided stays compared', async () => {
  const { environment, database } = await exported()
  const [row] = await database.all<Record<string, string | number | null>>(
    `select * from approvals where status = 'approved'`,
  )
  await eraseSubject(database, 'margaret', { by: 'ada', proof: 'local-user', at: 1 })
  expect(await audit(environment)).toEqual([])
  // Its row is gone with what it showed; somebody puts one back.
  const forged = { ...row, decided_by: 'eve' }
  const names = Object.keys(forged)
  await database.run(
    `insert into approvals (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`,
    Object.values(forged),
  )
  expect((await audit(environment)).join()).toMatch(/says that eve decided, and no act says that/)
})
