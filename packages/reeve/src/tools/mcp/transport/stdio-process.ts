import { once } from 'node:events'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js'
import { messageOf, ReeveError } from '../../../base/errors.ts'
import { ProcessTree } from '../../../base/process/process-tree.ts'
import { credentialsIn } from '../../../base/secrets/known-secrets.ts'
import { Secrets } from '../../../base/secrets/secrets.ts'
import { lastCharacters } from '../../../base/text/shorten.ts'
import { visibleBrief } from '../../../base/text/visible-text.ts'
import type { OpenedDefinition } from '../definition/server-definition.ts'
import { diedFault, floodFault, unreadFault } from '../faults.ts'
import { readMessage } from './exact-message.ts'

const alwaysPassed = ['PATH', 'HOME', 'TMPDIR', 'SystemRoot']
/** Lines that are no JSON (banners, progress) are passed over until there are this many. */
const mostNoise = 50
const stderrKept = 2048
const graceMs = 1000

type StdioDefinition = Exclude<OpenedDefinition, { url: string }>

export interface ProcessEdges {
  /** Where the variables come from that the definition lets through. */
  environment: NodeJS.ProcessEnv
  maxMessage: number
  /** Checks that a value is a JSON-RPC message. @throws when it is not */
  parseMessage: (value: unknown) => JSONRPCMessage
}

/**
 * A server as a child process, one JSON-RPC message a line. It gets the variables it is allowed and no others. At the end
 * its whole tree is killed, so that nothing it started stays behind.
 * An error handed to `onerror` with a code `mcp-…` means that the connection must end.
 */
export class StdioProcess implements Transport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: JSONRPCMessage) => void
  readonly #definition: StdioDefinition
  readonly #edges: ProcessEdges
  /** What of its environment it was given by name or value. */
  readonly secrets = new Secrets()
  readonly #environment: Record<string, string>
  #tree: ProcessTree | undefined
  #line: Buffer[] = []
  #lineLength = 0
  #noise = 0
  #deaf = false
  #stderr = ''

  constructor(definition: StdioDefinition, edges: ProcessEdges) {
    this.#definition = definition
    this.#edges = edges
    const { passed, secrets } = environmentFor(definition, edges.environment)
    this.#environment = passed
    this.secrets.add(secrets)
  }

  async start(): Promise<void> {
    const { command, args = [], cwd, name } = this.#definition
    try {
      const program = { file: command, args, env: this.#environment, cwd }
      await ProcessTree.start(program, (tree) => {
        this.#tree = tree
        tree.leader.on('error', () => {})
        tree.leader.stdout.on('data', (chunk: Buffer) => this.#take(chunk))
        tree.leader.stderr.on('data', (chunk: Buffer) => this.#keepStderr(chunk))
        tree.leader.once('exit', () => void this.#exited(tree))
      })
    } catch (cause) {
      this.#tree = undefined
      const why = `MCP server "${name}" cannot be started with "${command}": ${messageOf(cause)}`
      throw new ReeveError('mcp-not-started', why, { cause })
    }
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const stdin = this.#tree?.leader.stdin
    if (!stdin?.writable) throw diedFault(this.#definition.name, this.lastWords())
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    stdin.write(`${JSON.stringify(message)}\n`, (error) => {
      if (error) reject(diedFault(this.#definition.name, this.lastWords()))
      else resolve()
    })
    return promise
  }

  /** Asks it to end by closing its input, then by SIGTERM; what is left of its group is killed. */
  async close(): Promise<void> {
    this.#deaf = true
    const tree = this.#tree
    if (!tree) {
      this.onclose?.()
      return
    }
    tree.leader.stdin.end()
    if (!(await exitsWithin(tree, graceMs))) tree.signal('SIGTERM')
    await exitsWithin(tree, graceMs)
    await tree.end()
  }

  /** How it ended, and the end of what it wrote to its standard error, without the secrets it was given. */
  lastWords(): string {
    const child = this.#tree?.leader
    const exit = child?.signalCode ?? child?.exitCode ?? null
    const how = exit === null ? '' : ` (${typeof exit === 'number' ? `exit code ${exit}` : exit})`
    const said = this.secrets.redact(this.#stderr.trim())
    return said ? `${how}; its last words: "${visibleBrief(lastCharacters(said, 400), 400)}"` : how
  }

  #take(chunk: Buffer): void {
    let start = 0
    for (let end = chunk.indexOf(10); !this.#deaf && end >= 0; end = chunk.indexOf(10, start)) {
      this.#line.push(chunk.subarray(start, end))
      this.#lineLength += end - start
      start = end + 1
      const text =
        this.#lineLength > this.#edges.maxMessage ? undefined : Buffer.concat(this.#line).toString()
      this.#line = []
      this.#lineLength = 0
      if (text === undefined) this.#refuseLine()
      else this.#read(text.trim())
    }
    if (this.#deaf) return
    this.#line.push(chunk.subarray(start))
    this.#lineLength += chunk.length - start
    if (this.#lineLength > this.#edges.maxMessage) this.#refuseLine()
  }

  #refuseLine(): void {
    const { maxMessage } = this.#edges
    this.#line = []
    this.#refuse(floodFault(this.#definition.name, `a message of more than ${maxMessage} bytes`))
  }

  #read(line: string): void {
    if (line === '') return
    const { name } = this.#definition
    if (!line.startsWith('{') && !line.startsWith('[')) {
      if (++this.#noise > mostNoise) {
        this.#refuse(floodFault(name, `${this.#noise} lines that are not messages`))
      }
      return
    }
    let message: JSONRPCMessage
    try {
      message = this.#edges.parseMessage(readMessage(line))
    } catch (error) {
      const shown = visibleBrief(this.secrets.redact(line), 160)
      this.#refuse(unreadFault(name, error, `it sent a line that is not a JSON-RPC message: ${shown}`))
      return
    }
    this.onmessage?.(message)
  }

  #refuse(fault: ReeveError): void {
    if (this.#deaf) return
    this.#deaf = true
    this.onerror?.(fault)
  }

  #keepStderr(chunk: Buffer): void {
    this.#stderr = (this.#stderr + chunk.subarray(-stderrKept).toString()).slice(-stderrKept)
  }

  async #exited(tree: ProcessTree): Promise<void> {
    // What it started would hold its pipes open. What it wrote before it ended is read first, if that ends soon.
    await tree.end()
    const { stdout, stderr } = tree.leader
    const read = new AbortController()
    const timer = setTimeout(() => read.abort(), graceMs)
    if (!stdout.closed) await once(tree.leader, 'close', { signal: read.signal }).catch(() => {})
    clearTimeout(timer)
    stdout.destroy()
    stderr.destroy()
    this.onclose?.()
  }
}

async function exitsWithin({ leader }: ProcessTree, ms: number): Promise<boolean> {
  if (leader.exitCode !== null || leader.signalCode !== null) return true
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const onExit = () => resolve(true)
  leader.once('exit', onExit)
  const timer = setTimeout(() => resolve(false), ms)
  const exited = await promise
  clearTimeout(timer)
  leader.off('exit', onExit)
  return exited
}

function environmentFor(
  { env = [] }: StdioDefinition,
  source: NodeJS.ProcessEnv,
): { passed: Record<string, string>; secrets: string[] } {
  const given = Array.isArray(env) ? pick(source, env as string[]) : (env as Record<string, string>)
  return {
    passed: { ...pick(source, alwaysPassed), ...given },
    secrets: Object.values(given).flatMap(credentialsIn),
  }
}

function pick(source: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {}
  for (const name of names) {
    const value = source[name]
    if (value !== undefined) picked[name] = value
  }
  return picked
}
