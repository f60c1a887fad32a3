import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { deniedEditsContract } from './denied-edits.ts'

deniedEditsContract('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-denied-edits-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return `file:${join(folder, 'reeve.db')}`
})
