import { setTimeout as delay } from 'node:timers/promises'
import { messageOf } from '../../../base/errors.ts'
import { safeLine } from '../../../base/text/one-line.ts'
import type { Backend } from '../../backend/backend.ts'
import { withBackend } from '../../backend/with-backend.ts'
import type { Cli } from '../../cli.ts'
import { type ExitCode, exitCodes } from '../../terminal/exit-codes.ts'
import { type TopView, topLines } from './screen.ts'

const localPauseMs = 1000
/** A server answers a request a look. */
const remotePauseMs = 2000
const mostRunning = 50

/** Another buffer of the terminal, so that what stood there comes back; the cursor is hidden. */
const enter = '\u001b[?1049h\u001b[?25l'
const leave = '\u001b[?25h\u001b[?1049l'
const home = '\u001b[H'
const clearLine = '\u001b[K'
const clearBelow = '\u001b[J'

/** Shows queues, runs, spend and what waits, until `q`; once, where nobody sits at a terminal or programs read. */
export function top(cli: Cli): Promise<ExitCode> {
  return withBackend(cli, async (backend) => {
    const { terminal } = cli
    if (terminal.json || !process.stdout.isTTY || !process.stdin.isTTY) {
      const view = await look(backend)
      terminal.value(view)
      for (const line of topLines(view, terminal.colors)) terminal.line(line)
      return exitCodes.done
    }
    await watch(cli, backend)
    return exitCodes.done
  })
}

async function look(backend: Backend): Promise<TopView> {
  const today = await backend.today()
  const { runs: running } = await backend.runs({ status: 'running' }, mostRunning)
  return { today, running }
}

async function watch(cli: Cli, backend: Backend): Promise<void> {
  const { terminal } = cli
  const ended = new AbortController()
  const end = () => ended.abort()
  const onKey = (key: Buffer) => {
    if (['q', 'Q', '\u0003', '\u0004', '\u001b'].includes(key.toString())) end()
  }
  let view: TopView | undefined
  let trouble = ''
  const draw = () => {
    // A terminal that knows no size says 0.
    const rows = process.stdout.rows || 24
    const columns = process.stdout.columns || 80
    const lines = view ? topLines(view, terminal.colors, rows - 1) : ['looking …']
    const foot = terminal.colors.dim(`${backend.place}   q ends`)
    const all = [...lines.slice(0, rows - 1), trouble === '' ? foot : terminal.colors.red(trouble)]
    process.stdout.write(
      home + all.map((line) => terminal.clean(cut(line, columns)) + clearLine).join('\r\n') + clearBelow,
    )
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, end)
  terminal.closed.addEventListener('abort', end, { once: true })
  process.stdin.setRawMode(true).on('data', onKey).resume()
  process.stdout.on('resize', draw)
  process.stdout.write(enter)
  try {
    while (!ended.signal.aborted) {
      try {
        view = await look(backend)
        trouble = ''
      } catch (error) {
        // A server that restarts is asked again; what was seen last stands there.
        trouble = safeLine(`this is old: ${messageOf(error)}`)
      }
      draw()
      const pauseMs = backend.workspace ? localPauseMs : remotePauseMs
      await delay(pauseMs, undefined, { signal: ended.signal }).catch(() => undefined)
    }
  } finally {
    process.stdout.write(leave)
    process.stdout.off('resize', draw)
    process.stdin.off('data', onKey).setRawMode(false).pause()
  }
}

/** A line that fits in the width; what stands between escapes counts alone. */
export function cut(line: string, columns: number): string {
  let width = 0
  let result = ''
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of the terminal.
  for (const [part, colour] of line.matchAll(/(\u001b\[[\d;]*m)|[^\u001b]/gu)) {
    if (colour === undefined && width++ >= columns) continue
    result += part
  }
  return result
}
