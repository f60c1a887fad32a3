import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'

/** Streams a UTF-8 file line by line, without line ends and without a byte order mark. */
export async function* readLines(path: string): AsyncGenerator<string> {
  const file = await open(path)
  const input = file.createReadStream({ encoding: 'utf8' })
  // `readline` does not pass a failed read on to its iterator: without a look at the stream it would seem the end.
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  input.once('error', () => lines.close())
  try {
    let isFirst = true
    for await (const line of lines) {
      yield isFirst ? line.replace(/^\ufeff/, '') : line
      isFirst = false
    }
    if (input.errored) throw input.errored
  } finally {
    lines.close()
    input.destroy()
  }
}
