import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mayTrace } from '../faults/disk/means.ts'

test('the log is synced between the last write of a commit and its acknowledgement, as the system sees it', (context) => {
  if (!mayTrace()) context.skip('strace is not there, or may not trace')
  const place = join(import.meta.dirname, '..', '.tmp')
  mkdirSync(place, { recursive: true })
  const folder = mkdtempSync(join(place, 'sync-'))
  const trace = join(folder, 'trace')
  const watched = ['-e', 'trace=write,pwrite64,fsync,fdatasync', '-o', trace, '-y', '-f', '-qq', '-s', '40']
  const child = [process.execPath, join(import.meta.dirname, 'acknowledging.ts'), join(folder, 'watched.db')]
  execFileSync('strace', [...watched, ...child], { stdio: ['ignore', 'ignore', 'inherit'] })
  const calls = readFileSync(trace, 'utf8').split('\n')
  const commits: { written: boolean; synced: boolean }[] = []
  let commit = { written: false, synced: false }
  for (const call of calls.slice(calls.findIndex((line) => line.includes('"begin\\n"')))) {
    if (/ pwrite64\(.*-wal>/.test(call)) commit = { written: true, synced: false }
    // Beside a call of another thread it is told in two lines, of which the second is padded.
    if (/ f(data)?sync(\(.*-wal>| resumed>)\) += 0$/.test(call)) commit.synced = true
    if (!call.includes('"acknowledged ')) continue
    commits.push(commit)
    commit = { written: false, synced: false }
  }
  expect(commits).toEqual(Array.from({ length: 10 }, () => ({ written: true, synced: true })))
  rmSync(folder, { recursive: true })
})
