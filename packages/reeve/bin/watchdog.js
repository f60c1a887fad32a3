// Watches one command and starts it again: dumber than what it watches. It imports nothing of Reeve, opens no database and asks
// no model, so that nothing that stops Reeve stops it. It must run on every Node that knows ES modules.
//
//   starting → up → (no answer, or no progress) → ended by force → waiting a little longer each time → starting
//      ↘ (ended by itself) ↗                                     ↘ (too many ends within a time) → given up: --then is called
import { spawn } from 'node:child_process'
import http from 'node:http'
import https from 'node:https'

const usage = `reeve watchdog [options] -- COMMAND …

Starts the command and keeps it going: it must be alive, answer, and make progress.

  --health <url>     what must answer (default: http://127.0.0.1:PORT/healthz, PORT from REEVE_PORT or 4100; none: nothing)
  --every <s>        seconds between two looks (default 10)
  --timeout <s>      how long an answer may take (default 5)
  --fails <n>        looks without an answer, one after the other, until it is started again (default 3)
  --stall <s>        how long its heartbeats may stand still (default 60)
  --starting <s>     how long it may take to answer first (default 120)
  --grace <s>        from SIGTERM to SIGKILL (default 15)
  --pause <s>        before it is started again: twice as long each time, a minute at most (default 1)
  --crashes <n>      ends within --within until the watchdog gives up (default 5)
  --within <s>       (default 600)
  --then <command>   what the shell runs when the watchdog gives up; REEVE_WATCHDOG_WHY says why

It ends with 0 when it is told to stop (SIGTERM, SIGINT, SIGHUP), with 1 when it gives up, with 2 when it is called wrongly.
`

const defaults = {
  every: 10,
  timeout: 5,
  fails: 3,
  stall: 60,
  starting: 120,
  pause: 1,
  grace: 15,
  crashes: 5,
  within: 600,
}
/** The longest wait before it is started again (ms). */
const longestPauseMs = 60_000

/** @returns {{ settings: Record<string, number>, health: string | undefined, then: string | undefined, command: string[] }} */
function readArguments(given) {
  const settings = { ...defaults }
  const port = process.env.REEVE_PORT || '4100'
  let health = `http://127.0.0.1:${port}/healthz`
  let then
  const split = given.indexOf('--')
  const command = split < 0 ? [] : given.slice(split + 1)
  const options = split < 0 ? given : given.slice(0, split)
  for (let index = 0; index < options.length; index += 2) {
    const [name, value] = [options[index].replace(/^--/, ''), options[index + 1]]
    if (value === undefined) throw new Error(`--${name} needs a value.`)
    if (name === 'health') health = value === 'none' ? undefined : value
    else if (name === 'then') then = value
    else if (Object.hasOwn(defaults, name) && Number(value) > 0) settings[name] = Number(value)
    else throw new Error(`--${name} ${value} is no option that the watchdog knows.`)
  }
  if (health !== undefined && !/^https?:\/\//.test(health))
    throw new Error(`--health is "${health}"; it must be an http or https address, or none.`)
  if (command.length === 0) throw new Error('There is no command to watch. Write it after --.')
  return { settings, health, then, command }
}

/** What the address answers: its heartbeats, or '' where it tells none; undefined: it does not answer well in time. */
function look(url, timeoutMs) {
  return new Promise((resolve) => {
    const get = url.startsWith('https:') ? https.get : http.get
    const request = get(url, { agent: false, headers: { connection: 'close' } }, (answer) => {
      answer.resume()
      answer.once('end', () =>
        done(answer.statusCode === 200 ? String(answer.headers['reeve-heartbeats'] ?? '') : undefined),
      )
    })
    // One clock for all of it: an answer that trickles in is none.
    const late = setTimeout(() => done(undefined), timeoutMs)
    const done = (found) => {
      clearTimeout(late)
      request.destroy()
      resolve(found)
    }
    request.once('error', () => done(undefined))
  })
}

function watch({ settings, health, then, command }) {
  const ms = Object.fromEntries(Object.entries(settings).map(([name, seconds]) => [name, seconds * 1000]))
  const say = (words) => process.stderr.write(`${new Date().toISOString()} watchdog: ${words}\n`)
  /** When it ended, of the last ends that count (ms, a clock that never jumps). */
  let ends = []
  let child
  let isStopping = false
  let killing
  let wakeUp

  const now = () => performance.now()
  const pause = (length) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, length)
      wakeUp = () => {
        clearTimeout(timer)
        resolve(undefined)
      }
    })

  /** To all that it started: they are one group. */
  const signal = (name) => {
    try {
      process.kill(-child.pid, name)
    } catch {
      // It is gone already.
    }
  }

  const end = (why) => {
    if (killing) return
    say(`${why}; it is ended`)
    signal('SIGTERM')
    // One that is stopped takes no SIGTERM before it goes on.
    signal('SIGCONT')
    killing = setTimeout(() => signal('SIGKILL'), ms.grace)
  }

  /** Looks at it until it has ended, and answers whether it ever was well. */
  async function follow(ended) {
    const startedAt = now()
    let wasUp = false
    let fails = 0
    let beats
    let movedAt = startedAt
    for (let isOver = false; !isOver; ) {
      await Promise.race([ended.then(() => (isOver = true)), pause(ms.every)])
      if (isOver || health === undefined || killing) continue
      const found = await Promise.race([look(health, ms.timeout), ended.then(() => (isOver = true))])
      if (isOver) continue
      if (typeof found !== 'string') {
        fails++
        const isLate = wasUp ? fails >= settings.fails : now() - startedAt > ms.starting
        if (isLate && !isStopping)
          end(wasUp ? `it has not answered ${fails} times in a row` : 'it never answered')
        continue
      }
      if (!wasUp) say('it is up')
      wasUp = true
      fails = 0
      if (found !== beats || found === '') movedAt = now()
      beats = found
      if (now() - movedAt > ms.stall && !isStopping)
        end(`it answers, and has made no progress for ${settings.stall} s`)
    }
    return wasUp
  }

  async function run() {
    let pauseMs = ms.pause
    while (!isStopping) {
      const startedAt = now()
      child = spawn(command[0], command.slice(1), { stdio: 'inherit', detached: true })
      const ended = new Promise((resolve) => {
        child.once('exit', (code, by) => resolve(by ?? `code ${code}`))
        child.once('error', (error) => resolve(error.message))
      })
      if (child.pid !== undefined) say(`started ${command.join(' ')} (pid ${child.pid})`)
      await follow(ended)
      const how = await ended
      clearTimeout(killing)
      // What it left behind must not hold its port or its database.
      if (child.pid !== undefined) signal('SIGKILL')
      killing = undefined
      if (isStopping) break
      if (now() - startedAt > ms.within) pauseMs = ms.pause
      ends = [...ends.filter((at) => now() - at < ms.within), now()]
      if (ends.length >= settings.crashes)
        return giveUp(`it ended ${ends.length} times within ${settings.within} s, the last time with ${how}`)
      say(`it ended with ${how}; it is started again in ${pauseMs / 1000} s`)
      await pause(pauseMs)
      pauseMs = Math.min(longestPauseMs, pauseMs * 2)
    }
    say('told to stop')
    return 0
  }

  function giveUp(why) {
    say(`given up: ${why}`)
    if (then === undefined) return 1
    return new Promise((resolve) => {
      const called = spawn(then, {
        shell: true,
        stdio: 'inherit',
        env: { ...process.env, REEVE_WATCHDOG_WHY: why },
      })
      called.once('exit', () => resolve(1))
      called.once('error', () => resolve(1))
    })
  }

  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    process.on(name, () => {
      isStopping = true
      wakeUp?.()
      if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
        signal(name)
        signal('SIGCONT')
        killing ??= setTimeout(() => signal('SIGKILL'), ms.grace)
      }
    })
  }
  return run()
}

const given = process.argv.slice(process.argv[2] === 'watchdog' ? 3 : 2)
if (given.length === 0 || given.includes('--help')) process.stdout.write(usage)
else {
  let asked
  try {
    asked = readArguments(given)
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${usage}`)
    process.exitCode = 2
  }
  if (asked) process.exit(await watch(asked))
}
