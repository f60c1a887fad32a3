import { Transform, type TransformCallback } from 'node:stream'
import { describeInexact, findInexact } from '../../base/json/exact-json.ts'

/** JSON-RPC: what was sent is no valid request. */
const invalidRequest = -32600
const parseError = -32700

export interface RequestFault {
  status: number
  /** As JSON-RPC tells of it. */
  error: { jsonrpc: '2.0'; id: string | number | null; error: { code: number; message: string } }
}

/**
 * What a message of a peer says, unless reading it would change it: the workflow of a call would start with another
 * order's number, or with one of two receivers.
 */
export function readExactMessage(text: string): { message: unknown } | { fault: RequestFault } {
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch {
    return { fault: faultOf(400, null, parseError, 'Parse error: Invalid JSON') }
  }
  const inexact = findInexact(text)
  if (!inexact) return { message }
  const id = (message as { id?: unknown } | null)?.id
  const known = typeof id === 'string' || Number.isSafeInteger(id) ? (id as string | number) : null
  const problem = `Nothing was done: the message cannot be read exactly: ${describeInexact(inexact)}`
  return { fault: faultOf(400, known, invalidRequest, problem) }
}

/**
 * The lines of a peer on standard input, but those that `readExactMessage` refuses: `answer` is told what to send back
 * in their place. Lines that are no JSON pass: what reads them says so.
 */
export class ExactLines extends Transform {
  readonly #answer: (line: string) => void
  #pending: Buffer[] = []

  constructor(answer: (line: string) => void) {
    super()
    this.#answer = answer
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let from = 0
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, from)) {
      this.#pending.push(chunk.subarray(from, end + 1))
      this.#pass()
      from = end + 1
    }
    if (from < chunk.length) this.#pending.push(chunk.subarray(from))
    done()
  }

  override _flush(done: TransformCallback): void {
    this.#pass()
    done()
  }

  #pass(): void {
    const line = Buffer.concat(this.#pending)
    this.#pending = []
    const read = readExactMessage(line.toString('utf8'))
    if ('message' in read || read.fault.error.error.code === parseError) this.push(line)
    else this.#answer(`${JSON.stringify(read.fault.error)}\n`)
  }
}

function faultOf(status: number, id: string | number | null, code: number, message: string): RequestFault {
  return { status, error: { jsonrpc: '2.0', id, error: { code, message } } }
}
