import type { LinePlaces } from './passages.ts'

/** Formats whose parsing a stranger's file may make as slow and as large as it likes. */
export type DocumentFormat = 'html' | 'pdf' | 'csv' | 'mail'

/** What a file says, as Markdown. */
export interface ReadDocument {
  title?: string
  text: string
  places: LinePlaces
  /** A stranger wrote it. */
  untrusted?: boolean
}

/** Reads files that strangers may have written: in bounded time and memory, whatever they hold. */
export interface DocumentReader {
  /**
   * Reads the regular file at `path`, following no link.
   * @throws `not-read` with why: the file's fault, in words for whoever put it there; `missing-package`
   */
  read(path: string, format: DocumentFormat): Promise<ReadDocument>
}

const formats: Readonly<Record<string, DocumentFormat>> = {
  html: 'html',
  htm: 'html',
  xhtml: 'html',
  pdf: 'pdf',
  csv: 'csv',
  tsv: 'csv',
  eml: 'mail',
}

/** `text` and `lines` are read without a `DocumentReader`; undefined: such files are no knowledge. */
export function formatOf(file: string): DocumentFormat | 'text' | 'lines' | undefined {
  const ending = /\.([a-z]{1,8})$/i.exec(file)?.[1]?.toLowerCase()
  if (ending === undefined) return undefined
  if (ending === 'md' || ending === 'markdown' || ending === 'txt') return 'text'
  return ending === 'jsonl' ? 'lines' : formats[ending]
}

/** For people: what can be read. */
export const readableFiles = '.md, .txt, .html, .pdf, .csv, .tsv, .jsonl or .eml'
