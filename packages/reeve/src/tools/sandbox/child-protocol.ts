/** Runs inside the disposable child, and imports nothing of Reeve: a line in, one JSON document out. */
export interface ChildRequest {
  code: string
  input: unknown
  memoryBytes: number
  timeMs: number
  outputBytes: number
}

export type ChildReply =
  | { status: 'done'; json: string; logs: string[] }
  | { status: 'failed'; error: string; logs: string[] }
  | { status: 'timeout' | 'too-much'; logs: string[] }

/** Says that the interpreter is loaded, then waits for the one request. A parent that is gone ends the child. */
export async function nextRequest(): Promise<ChildRequest> {
  const input = process.stdin
  const output = process.stdout
  output.write('ready\n')
  input.setEncoding('utf8')
  let text = ''
  for await (const chunk of input) text += chunk
  if (!text.endsWith('\n')) process.exit(1)
  return JSON.parse(text) as ChildRequest
}

export function reply(answer: ChildReply): void {
  const exit = process.exit.bind(process)
  process.stdout.write(JSON.stringify(answer), () => exit(0))
}

/** Lines that a script printed, up to a size. */
export class LogLines {
  readonly lines: string[] = []
  full = false
  #left: number

  constructor(bytes: number) {
    this.#left = bytes
  }

  add(line: string): void {
    this.#left -= line.length + 1
    if (this.#left < 0) this.full = true
    else this.lines.push(line)
  }
}
