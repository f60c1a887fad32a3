import { mkdir, open, readFile, truncate } from 'node:fs/promises'
import { join } from 'node:path'

export type ReceiverName = 'helpdesk' | 'chat'

/** One line of `receivers.jsonl`: something reached a receiver. */
export interface Arrival {
  /** From 1, without gaps. */
  seq: number
  at: string
  receiver: ReceiverName
  key: string
  /** True for a repetition that was answered from the first arrival. */
  replayed: boolean
  /** True when it took effect: counting these lines counts the effects. */
  applied: boolean
  body: Record<string, unknown>
}

export interface ArrivalLog {
  /** Every arrival that was in the file on opening, in order. */
  readonly earlier: Arrival[]
  /** Resolves once the line is on the disk. Lines that wait together share one fsync. */
  append(arrival: Omit<Arrival, 'seq'>): Promise<void>
  /** The arrivals after `since`, at most `limit`. */
  read(since: number, limit: number): Promise<Arrival[]>
  close(): Promise<void>
}

/**
 * Opens the log, which is the receivers' only memory. A last line without its line end was never acknowledged (the
 * process died while writing) and is cut off; any other unreadable line is an error, for keys would be forgotten.
 */
export async function openArrivalLog(directory: string): Promise<ArrivalLog> {
  await mkdir(directory, { recursive: true })
  const path = join(directory, 'receivers.jsonl')
  const file = await open(path, 'a')
  const earlier = await readEarlier(path).catch(async (error: unknown) => {
    await file.close()
    throw error
  })
  let seq = earlier.length
  let size = (await file.stat()).size
  const waiting: { arrival: Omit<Arrival, 'seq'>; done: () => void; failed: (error: unknown) => void }[] = []
  let writing: Promise<void> | undefined

  async function write(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0)
      const lines = batch.map((each, index) => JSON.stringify({ seq: seq + index + 1, ...each.arrival }))
      const bytes = Buffer.from(`${lines.join('\n')}\n`)
      try {
        await file.appendFile(bytes)
        await file.datasync()
        seq += batch.length
        size += bytes.length
        for (const each of batch) each.done()
      } catch (error) {
        // Half a line in the middle of the log would make every later one unreadable.
        await file.truncate(size).catch(() => {})
        for (const each of batch) each.failed(error)
      }
    }
    writing = undefined
  }

  return {
    earlier,
    append(arrival) {
      return new Promise((done, failed) => {
        waiting.push({ arrival, done, failed })
        writing ??= write()
      })
    },
    async read(since, limit) {
      const text = await readFile(path, 'utf8')
      return parseLog(text.slice(0, text.lastIndexOf('\n') + 1), path).slice(since, since + limit)
    },
    async close() {
      await writing
      await file.close()
    },
  }
}

async function readEarlier(path: string): Promise<Arrival[]> {
  const bytes = await readFile(path)
  const end = bytes.lastIndexOf(0x0a) + 1
  if (end < bytes.length) await truncate(path, end)
  return parseLog(bytes.toString('utf8', 0, end), path)
}

function parseLog(text: string, path: string): Arrival[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line, index) => {
      try {
        return JSON.parse(line) as Arrival
      } catch (cause) {
        throw new Error(
          `${path}:${index + 1} is not a line of JSON, so the receivers cannot know what they have already received. Mend or move the file.`,
          { cause },
        )
      }
    })
}
