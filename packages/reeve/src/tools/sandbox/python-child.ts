import { constants } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { type ChildReply, type ChildRequest, LogLines, nextRequest, reply } from './child-protocol.ts'

type Pyodide = typeof import('pyodide')

const folder = process.argv[2]!
// Pyodide asks Node for these constants in a way that `--permission` forbids.
Object.assign(process, { binding: () => ({ fs: constants }) })
const { loadPyodide } = (await import(pathToFileURL(`${folder}/pyodide.mjs`).href)) as Pyodide
let logs: LogLines | undefined
const print = (line: string) => {
  logs?.add(line)
  if (logs?.full) throw new Error('too much output')
}
const python = await loadPyodide({
  indexURL: `${folder}/`,
  env: {},
  jsglobals: Object.create(null),
  stdin: () => null,
  stdout: print,
  stderr: print,
})
// What the script needs is imported while files can still be opened.
python.runPython(
  'import json, math, statistics, re, datetime, decimal, fractions, collections, itertools, functools',
)
const answer = run(await untilLocked())
reply(answer)

/**
 * Python reaches the JavaScript around it sooner or later. Files, sockets and children are gone for good by now (see
 * `walls.ts`); these are what is left of the process that could reach another one: signals, and native code.
 */
async function untilLocked(): Promise<ChildRequest> {
  const request = await nextRequest()
  const powers = [
    'kill',
    '_kill',
    '_debugProcess',
    '_debugEnd',
    '_startProfilerIdleNotifier',
    'binding',
    '_linkedBinding',
    'dlopen',
    'getBuiltinModule',
    'mainModule',
    'report',
    'setuid',
    'setgid',
    'chdir',
  ]
  for (const power of powers) Reflect.deleteProperty(process, power)
  return request
}

function run({ code, input, outputBytes }: ChildRequest): ChildReply {
  logs = new LogLines(outputBytes)
  try {
    const scope = python.runPython('{"__name__": "__main__"}')
    const encode = python.runPython('json.dumps')
    const decode = python.runPython('json.loads')
    scope.set('input', decode(JSON.stringify(input)))
    const value: unknown = python.runPython(code, { globals: scope, filename: 'script.py' })
    const json = String(encode(value))
    if (logs.full || json.length > outputBytes) return { status: 'too-much', logs: [] }
    return { status: 'done', json, logs: logs.lines }
  } catch (error) {
    if (logs.full) return { status: 'too-much', logs: [] }
    return { status: 'failed', error: describe(error), logs: logs.lines }
  }
}

/** The traceback from the script's own lines on. */
function describe(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  const own = text.indexOf('File "script.py"')
  return (own < 0 ? text : text.slice(own)).trim().slice(-4000).toWellFormed()
}
