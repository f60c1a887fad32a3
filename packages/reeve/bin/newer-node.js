import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { allowScript, findNodePackage, oldestMajor } from './node-package.js'

const wrongUse = 2
const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Starts the same command in the Node of the `node` package and ends as it does. Signals are passed on. A terminal sends
 * Ctrl-C to both processes, so that the command hears it twice: it takes signals that come together for one.
 */
export function startNewerNode() {
  const found = findNodePackage()
  const why = whyUnusable(found)
  if (why) return refuse(why)
  const script = fileURLToPath(new URL('./reeve.js', import.meta.url))
  const child = spawn(found.binary, [script, ...process.argv.slice(2)], {
    // The channel says nothing. It closes when this process ends.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, REEVE_LAUNCHER: process.version },
  })
  for (const signal of passedOn) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    if (child.pid !== undefined) return
    refuse(
      `The project's package "node" is ${found.version}, but does not start: ${error.message}. Please run: npm rebuild node.`,
    )
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    for (const each of passedOn) process.removeAllListeners(each)
    process.kill(process.pid, signal)
  })
}

function whyUnusable(found) {
  const install = `install Node ${oldestMajor} or newer (https://nodejs.org)`
  if (!found) {
    return `Please ${install}, or add one to the project: npm install node@${oldestMajor} (where npm then reports its install script: ${allowScript}).`
  }
  if (Number.parseInt(found.version, 10) < oldestMajor) {
    return `The project's package "node" is ${found.version}, which is too old as well. Please ${install}, or update it: npm install node@${oldestMajor}.`
  }
  if (found.hasBinary) return undefined
  return `The project's package "node" is ${found.version}, but has no binary, because its install script did not run. Please run: ${allowScript}; or ${install}.`
}

function refuse(why) {
  const message = `Reeve needs Node ${oldestMajor} or newer; this is ${process.version} (${process.execPath}). ${why}`
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ error: { code: 'node-too-old', message, details: {} } }, null, 2))
  } else {
    console.error(`reeve: ${message}`)
  }
  process.exitCode = wrongUse
}
