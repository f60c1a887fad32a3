import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { readEnvironment } from '../../src/base/config.ts'
import { forgeryCases } from './forgeries.ts'

forgeryCases('SQLite, with a key in a file beside it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-audit-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return readEnvironment(folder, { REEVE_USER: 'ada' })
})
