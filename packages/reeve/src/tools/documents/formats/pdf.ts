import { getDocumentProxy } from 'unpdf'
import type { ReadDocument } from '../../../memory/ingest/document-reader.ts'
import { PlacedLines } from './placed-lines.ts'

const mostPages = 5_000

/** The text of each page, as its lines stand on it. */
export async function readPdf(bytes: Uint8Array): Promise<ReadDocument> {
  const pdf = await opened(bytes)
  const { numPages } = pdf
  if (numPages > mostPages)
    throw new Error(`it has ${numPages} pages, and ${mostPages} are the most; split it`)
  const lines = new PlacedLines('page')
  let hasText = false
  for (let number = 1; number <= numPages; number++) {
    const page = await pdf.getPage(number)
    const { items } = await page.getTextContent()
    let text = ''
    for (const item of items) if ('str' in item) text += item.str + (item.hasEOL ? '\n' : '')
    page.cleanup()
    if (text.trim() === '') continue
    hasText = true
    lines.add(paragraphsOf(text), number)
    lines.gap()
  }
  if (!hasText)
    throw new Error(
      `none of its ${numPages} pages has text: it holds pictures of pages. Have their text recognised (OCR) first`,
    )
  const { info } = await pdf.getMetadata().catch(() => ({ info: {} }))
  const title = (info as { Title?: unknown }).Title
  return {
    ...lines.whole(),
    ...(typeof title === 'string' && title.trim() !== '' && { title: title.trim().slice(0, 300) }),
  }
}

async function opened(bytes: Uint8Array) {
  try {
    return await getDocumentProxy(new Uint8Array(bytes))
  } catch (error) {
    const name = error instanceof Error ? error.name : ''
    if (name === 'PasswordException') throw new Error('it is locked with a password. Take that away first')
    if (name === 'InvalidPDFException') throw new Error('it is not a PDF, or a broken one')
    throw error
  }
}

/** Words that were parted at the end of a line are one again. */
function paragraphsOf(text: string): string {
  return text
    .replace(/(\p{Ll})-\n(?=\p{Ll})/gu, '$1')
    .split('\n')
    .map((line) => line.trim().replace(/[^\S\n]+/g, ' '))
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}
