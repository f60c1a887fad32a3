import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startWatchdog } from './watched.ts'

const quick = [
  '--every',
  '0.05',
  '--timeout',
  '3',
  '--fails',
  '2',
  '--grace',
  '0.2',
  '--stall',
  '1',
  '--pause',
  '0.05',
]

/** Answers and beats, until it is asked for /hang: from then on it blocks. After /still it answers and beats no more. */
const server = `
  const http = require('node:http')
  let beats = 0
  http.createServer((request, answer) => {
    if (request.url === '/hang') { require('node:fs').writeSync(1, 'it hangs\\n'); for (;;); }
    if (request.url === '/still') globalThis.still = true
    if (!globalThis.still) beats++
    answer.setHeader('reeve-heartbeats', String(beats))
    answer.end('ok')
  }).listen(Number(process.argv[1]), '127.0.0.1')
`

test('what is killed, hangs or stops making progress is started again, and a loop of crashes ends with a command', async () => {
  const port = 20_000 + Math.floor(Math.random() * 20_000)
  const node = [process.execPath, '-e', server, String(port)]
  const then = '--then'
  const command = 'echo "told: $REEVE_WATCHDOG_WHY"'
  const dog = startWatchdog([
    ...quick,
    ...['--health', `http://127.0.0.1:${port}/healthz`, '--crashes', '3', then, command, '--', ...node],
  ])
  onTestFinished(() => void dog.process.kill('SIGKILL'))
  const [, first] = await dog.says(/pid (\d+)/)
  await dog.says(/it is up/)
  process.kill(Number(first), 'SIGKILL')
  await dog.says(/it ended with SIGKILL; it is started again in 0.05 s/)
  const [, second] = await dog.says(/pid (\d+)/)
  await dog.says(/it is up/)
  void fetch(`http://127.0.0.1:${port}/hang`).catch(() => {})
  await dog.says(/it hangs/)
  await dog.says(/it has not answered 2 times in a row; it is ended/)
  await dog.says(/it ended with SIG(TERM|KILL); it is started again in 0.1 s/)
  expect(first).not.toBe(second)
  await dog.says(/pid (\d+)/)
  await dog.says(/it is up/)
  await fetch(`http://127.0.0.1:${port}/still`)
  await dog.says(/it answers, and has made no progress for 1 s; it is ended/)
  await dog.says(/given up: it ended 3 times within 600 s, the last time with SIG(TERM|KILL)/)
  await dog.says(/told: it ended 3 times/)
  expect(await dog.ended).toBe(1)
})

test('it imports nothing of Reeve, and says how it is called', async () => {
  const source = readFileSync(join(import.meta.dirname, '../../bin/watchdog.js'), 'utf8')
  const imported = [...source.matchAll(/\bfrom '([^']+)'|import\('([^']+)'\)/g)].map(([, one]) => one)
  expect(imported).toEqual(['node:child_process', 'node:http', 'node:https'])
  const dog = startWatchdog(['--bark', '3', '--', 'true'])
  expect(await dog.ended).toBe(2)
  expect(dog.said()).toContain('--bark 3 is no option that the watchdog knows')
})
