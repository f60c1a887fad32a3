import type { QuickJSHandle, QuickJSWASMModule } from 'quickjs-emscripten'
import { type ChildReply, type ChildRequest, LogLines, nextRequest, reply } from './child-protocol.ts'

const starter = `((script, text) => {
  const { parse, stringify } = JSON
  return script(parse(text)).then((value) => stringify(value === undefined ? null : value))
})`

type QuickJs = typeof import('quickjs-emscripten')

const { getQuickJS } = (await import(process.argv[2]!)) as QuickJs
const quickJs = await getQuickJS()
// The first runtime pays for what is made lazily, while files can still be opened.
quickJs.newContext().dispose()
const request = await nextRequest()
try {
  reply(run(quickJs, request))
} catch (error) {
  // The interpreter itself gave up, such as on a text nested too deep for its stack.
  reply({ status: 'failed', error: describe(error), logs: [] })
}

/** The guest has the language and `console.log`, nothing else: no timers, no modules, no bytecode, no host objects. */
function run(quickJs: QuickJSWASMModule, request: ChildRequest): ChildReply {
  const logs = new LogLines(request.outputBytes)
  const deadline = performance.now() + request.timeMs
  const runtime = quickJs.newRuntime()
  runtime.setMemoryLimit(request.memoryBytes)
  runtime.setMaxStackSize(192 * 1024)
  let late = false
  runtime.setInterruptHandler(() => {
    late ||= performance.now() > deadline
    return late || logs.full
  })
  const context = runtime.newContext()
  const failed = (error: QuickJSHandle): ChildReply => {
    if (late) return { status: 'timeout', logs: logs.lines }
    if (logs.full) return { status: 'too-much', logs: [] }
    return { status: 'failed', error: describe(context.dump(error)), logs: logs.lines }
  }

  const log = context.newFunction('log', (...values) => {
    logs.add(values.map((value) => printed(context.dump(value))).join(' '))
    if (logs.full) throw new Error('too much output')
  })
  const console = context.newObject()
  context.setProp(console, 'log', log)
  context.setProp(context.global, 'console', console)

  // Made before the script can change what JSON means.
  const start = context.unwrapResult(context.evalCode(starter, 'start.js'))
  const script = context.evalCode(`(async (input) => { 'use strict'\n${request.code}\n})`, 'script.js')
  if (script.error) return failed(script.error)
  const text = context.newString(JSON.stringify(request.input))
  const started = context.callFunction(start, context.undefined, script.value, text)
  if (started.error) return failed(started.error)
  const jobs = runtime.executePendingJobs()
  if (jobs.error) return failed(jobs.error)
  const state = context.getPromiseState(started.value)
  if (state.type === 'rejected') return failed(state.error)
  if (state.type === 'pending') {
    return { status: 'failed', error: 'it waits for something that never comes', logs: logs.lines }
  }
  if (logs.full) return { status: 'too-much', logs: [] }
  const json: unknown = context.dump(state.value)
  if (typeof json !== 'string') return { status: 'failed', error: 'its result is not JSON', logs: logs.lines }
  if (json.length > request.outputBytes) return { status: 'too-much', logs: [] }
  return { status: 'done', json, logs: logs.lines }
}

function describe(error: unknown): string {
  if (typeof error !== 'object' || error === null) return printed(error)
  const { name, message, stack } = error as Error
  const line = /script\.js:(\d+)/.exec(String(stack))?.[1]
  return `${name}: ${message}${line ? ` (line ${Number(line) - 1})` : ''}`.slice(0, 4000).toWellFormed()
}

function printed(value: unknown): string {
  if (typeof value === 'string') return value
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}
