import { stripVTControlCharacters } from 'node:util'

/** Lines with aligned columns; cells are safe already and may carry colours. */
export function table(header: string[], rows: string[][]): string[] {
  const widths = header.map((title, column) =>
    rows.reduce((most, row) => Math.max(most, widthOf(row[column] ?? '')), widthOf(title)),
  )
  return [header, ...rows].map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(Math.max(0, widths[column]! - widthOf(cell))))
      .join('  ')
      .trimEnd(),
  )
}

function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length
}
