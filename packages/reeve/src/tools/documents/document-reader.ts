// A process of its own: a file that keeps its parser busy keeps nobody else waiting, and is ended with its process.
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { DocumentFormat, ReadDocument } from '../../memory/ingest/document-reader.ts'
import { serveReader } from '../process/reader-process.ts'
import type { DocumentRequest } from './read-document.ts'

/** More than this comes of no file that a person would look into. */
const mostCharacters = 8_000_000
const mostLines = 500_000

const readers: Readonly<Record<DocumentFormat, (bytes: Uint8Array) => Promise<ReadDocument>>> = {
  html: async (bytes) => (await import('./formats/html.ts')).readHtmlFile(bytes),
  pdf: async (bytes) => (await import('./formats/pdf.ts')).readPdf(bytes),
  csv: async (bytes) => (await import('./formats/csv.ts')).readTable(bytes),
  mail: async (bytes) => (await import('./formats/mail.ts')).readMail(bytes),
}

serveReader(async ({ path, format }: DocumentRequest): Promise<ReadDocument> => {
  await using handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  const read = await readers[format](await handle.readFile())
  const { text, places } = read
  if (text.trim() === '') throw new Error('there is no text in it')
  if (text.length > mostCharacters || places.of.length > mostLines)
    throw new Error(`it comes to ${text.length} characters on ${places.of.length} lines; split it`)
  return { ...read, text: kept(text), ...(read.title !== undefined && { title: kept(read.title) }) }
})

/** Without what no database keeps, and without control characters, which show something else than what is there. */
function kept(text: string): string {
  return text.toWellFormed().replace(/(?![\t\n\r])\p{Cc}/gu, (sign) => (sign === '\0' ? '' : ' '))
}
