import { decodeText } from '../../../memory/ingest/decode-text.ts'
import type { ReadDocument } from '../../../memory/ingest/document-reader.ts'
import { PlacedLines } from './placed-lines.ts'

const mostColumns = 500

/** Each row as an item of a list that says what its cells are: `- name: Ada; city: Paris`. */
export function readTable(bytes: Uint8Array): ReadDocument {
  const decoded = decodeText(bytes)
  if ('problem' in decoded) throw new Error(`it ${decoded.problem}`)
  const lines = new PlacedLines('row')
  let head: string[] | undefined
  let number = 0
  for (const row of rowsOf(decoded.text.replace(/^\ufeff/, ''))) {
    number++
    if (row.length > mostColumns)
      throw new Error(`row ${number} has ${row.length} cells, and ${mostColumns} are the most`)
    const cells = row.map((cell) => cell.replace(/\s+/g, ' ').trim())
    if (cells.every((cell) => cell === '')) continue
    if (!head) {
      head = cells
      continue
    }
    const named = cells.flatMap((cell, index) => {
      const name = head![index] || `column ${index + 1}`
      return cell === '' ? [] : [`${name}: ${cell}`]
    })
    lines.add(`- ${named.join('; ')}`, number)
  }
  if (head && number === 1) throw new Error('it has a row of names, and no rows below it')
  return lines.whole()
}

/** RFC 4180, with whichever of comma, semicolon and tab the first line has most of. */
export function* rowsOf(text: string): Generator<string[]> {
  const separator = separatorOf(text.slice(0, 10_000).split(/\r?\n/, 1)[0]!)
  let row: string[] = []
  let at = 0
  while (at < text.length) {
    let cell: string
    if (text[at] === '"') {
      let end = text.indexOf('"', at + 1)
      while (end !== -1 && text[end + 1] === '"') end = text.indexOf('"', end + 2)
      // A quote that is never closed goes on to the end.
      const until = end === -1 ? text.length : end
      cell = text.slice(at + 1, until).replaceAll('""', '"')
      at = until + 1
      // What stands behind the closing quote belongs to the cell.
      const from = at
      while (at < text.length && !isEnd(text[at]!, separator)) at++
      cell += text.slice(from, at)
    } else {
      const from = at
      while (at < text.length && !isEnd(text[at]!, separator)) at++
      cell = text.slice(from, at)
    }
    row.push(cell)
    if (text[at] === separator) {
      at++
      if (at === text.length) row.push('')
      continue
    }
    if (text[at] === '\r' && text[at + 1] === '\n') at++
    at++
    yield row
    row = []
  }
  if (row.length > 0) yield row
}

const isEnd = (sign: string, separator: string) => sign === separator || sign === '\n' || sign === '\r'

function separatorOf(line: string): string {
  const counted = [',', ';', '\t'].map((sign) => ({ sign, count: line.split(sign).length }))
  return counted.reduce((best, one) => (one.count > best.count ? one : best)).sign
}
