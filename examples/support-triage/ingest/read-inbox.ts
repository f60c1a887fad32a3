import { readdir, readFile, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { ReaderProcess } from 'reeve/tools'
import { readCsvRows } from './csv-rows.ts'
import { readJsonLines } from './json-lines.ts'
import { guessLanguage } from './language.ts'
import { capBody, contentId, type Fault, type Reading, type Ticket } from './ticket.ts'

const largestMailBytes = 25 * 1024 * 1024
type MailReader = ReaderProcess<Uint8Array, Ticket>

/**
 * Reads every message of a folder of `.eml` files (in the order of their names), of a `.csv` with the columns
 * `text[,category]` or `from,subject,body[,id][,category]`, or of a `.jsonl` with the same keys. A broken file, row
 * or line is reported with its place and reading goes on; only a path that cannot be read at all throws.
 */
export async function* readInbox(path: string): AsyncGenerator<Reading> {
  const kind = extname(path).toLowerCase()
  const isFolder = (await stat(path)).isDirectory()
  if (isFolder || kind === '.eml') yield* readMails(path, isFolder)
  else if (kind === '.csv') yield* readRows(path, readCsvRows(path))
  else if (kind === '.jsonl') yield* readRows(path, readJsonLines(path))
  else
    throw new Error(`"${path}" is no inbox: give a folder of .eml files, a .csv, a .jsonl or one .eml file.`)
}

/** Mail is parsed elsewhere, one after the other: what keeps the parser busy is given up, and costs that mail alone. */
async function* readMails(path: string, isFolder: boolean): AsyncGenerator<Reading> {
  const module = new URL('./mail-reader.ts', import.meta.url)
  const reader: MailReader = new ReaderProcess({
    what: 'mail',
    module,
    maxBytes: largestMailBytes,
  })
  try {
    if (!isFolder) {
      yield await readMailFile(reader, path)
      return
    }
    const names = (await readdir(path)).filter((name) => name.toLowerCase().endsWith('.eml')).sort()
    for (const name of names) yield await readMailFile(reader, join(path, name))
  } finally {
    reader.close()
  }
}

async function readMailFile(reader: MailReader, path: string): Promise<Reading> {
  try {
    const { size } = await stat(path)
    if (size === 0) return { ok: false, where: path, problem: 'the file is empty' }
    if (size > largestMailBytes) {
      return {
        ok: false,
        where: path,
        problem: `the mail has ${size} bytes; the most is ${largestMailBytes}`,
      }
    }
    return { ok: true, ticket: await reader.read(await readFile(path), size) }
  } catch (error) {
    return { ok: false, where: path, problem: error instanceof Error ? error.message : String(error) }
  }
}

type Row = { ok: true; line: number; values: Record<string, unknown> } | Fault

async function* readRows(path: string, rows: AsyncGenerator<Row>): AsyncGenerator<Reading> {
  for await (const row of rows) {
    if (!row.ok) {
      yield row
      continue
    }
    const body = textOf(row.values, 'body') ?? textOf(row.values, 'text')
    yield body === undefined
      ? { ok: false, where: `${path}:${row.line}`, problem: 'neither "text" nor "body" holds a text' }
      : { ok: true, ticket: ticketOf(row.values, body) }
  }
}

function ticketOf(values: Record<string, unknown>, text: string): Ticket {
  const notes: string[] = []
  const from = textOf(values, 'from') ?? ''
  const subject = textOf(values, 'subject') ?? ''
  const body = capBody(text, notes)
  const id = textOf(values, 'id') ?? contentId(from, subject, body)
  const ticket: Ticket = { id, from, subject, body, attachments: [], notes }
  const language = guessLanguage(`${subject}\n${body}`)
  if (language !== undefined) ticket.language = language
  const category = textOf(values, 'category')
  if (category !== undefined) ticket.category = category
  return ticket
}

/** @returns undefined for a missing, blank or non-text value. */
function textOf(values: Record<string, unknown>, key: string): string | undefined {
  const value = values[key]
  if (typeof value !== 'string') return
  const text = value.trim()
  return text === '' ? undefined : text
}
