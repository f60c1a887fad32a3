import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const src = join(import.meta.dirname, '../src')
const document = readFileSync(join(import.meta.dirname, '../../../docs/limits.md'), 'utf8')

const rows = document
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| what'))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
  .map(([what, limit, at, change, place]) => ({ what, limit, at, change, place }))

const units: Record<string, number> = {
  KiB: 1024,
  MiB: 1024 ** 2,
  s: 1000,
  years: 365.25 * 86_400_000,
}

/** `16 MiB`, `1,024 bytes`, `10 s`, `200`: times in ms. */
function figureOf(limit: string): number {
  const [, figure, unit] = /^([\d,]+)(?: (\w+))?/.exec(limit) ?? []
  return Number(figure?.replaceAll(',', '')) * (units[unit ?? ''] ?? 1)
}

/** What the code gives a name: `name = 1024 * 1024`, `name ?? 1_000`, `name: 3`. */
function valueIn(file: string, name: string): number[] {
  const text = readFileSync(join(src, file), 'utf8')
  const pattern = new RegExp(
    `\\b${name}\\s*(?:=|\\?\\?|:)\\s*([\\d_.]+(?: \\*\\*? (?:[\\d_.]+|unitMs\\.d))*)`,
    'g',
  )
  const values = [...text.matchAll(pattern)].map(([, product]) =>
    product!
      .replaceAll('_', '')
      .replace('unitMs.d', '86400000')
      .split(' * ')
      .reduce((so, factor) => so * Number(factor), 1),
  )
  return [...new Set(values)]
}

test('the limits that the document states are those of the code', () => {
  const stated = rows.filter(({ place }) => place !== '')
  expect(stated.length).toBeGreaterThan(50)
  const differ = stated.flatMap(({ what, limit, place }) => {
    const [, file, name] = /^`(.+)` `(.+)`$/.exec(place!) ?? []
    if (!file || !name) return [`${what}: "${place}" names no file and constant`]
    const found = valueIn(file, name)
    // MiB may stand for a number of MiB.
    const wanted =
      file === 'inspect/health/checks/database.ts' ? figureOf(limit!) / units.MiB! : figureOf(limit!)
    return found.length === 1 && found[0] === wanted
      ? []
      : [`${what}: ${limit} here, ${found.join(' and ')} in ${file}`]
  })
  expect(differ).toEqual([])
})

test('the errors that the document names are errors of the code', () => {
  const code = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(src, file), 'utf8'))
    .join('\n')
  const named = rows.flatMap(({ at }) =>
    [...at!.matchAll(/`([a-z]+(?:-[a-z]+)+)`/g)].map((match) => match[1]!),
  )
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter((name) => !code.includes(`'${name}'`))).toEqual([])
})
