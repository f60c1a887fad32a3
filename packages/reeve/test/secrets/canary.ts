import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A value that no text holds by chance, with characters that every encoding changes. */
export const canary = 'cnr9Kx/"Lq7+Wm2&Vt5=Zb8%Hd4<Rj6é'

/** The forms in which a value gives itself away; of base64, what is the same whatever stands beside it. */
export function formsOfCanary(value = canary): [form: string, text: string][] {
  const bytes = Buffer.from(value)
  const base64 = [0, 1, 2].flatMap((offset) => {
    const whole = Buffer.concat([Buffer.alloc(offset, 'x'), bytes, Buffer.alloc(2, 'y')])
    const inner = (text: string) =>
      text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
    return [
      [`base64 at ${offset}`, inner(whole.toString('base64'))],
      [`base64url at ${offset}`, inner(whole.toString('base64url'))],
    ] as [string, string][]
  })
  const half = Math.floor(value.length / 2)
  return [
    ['plain', value],
    ['first half', value.slice(0, half)],
    ['second half', value.slice(half)],
    ['URL', encodeURIComponent(value)],
    ['form', new URLSearchParams({ a: value }).toString().slice(2)],
    ['JSON', JSON.stringify(value).slice(1, -1)],
    ['JSON in JSON', JSON.stringify(JSON.stringify(value)).slice(3, -3)],
    ['hex', bytes.toString('hex')],
    ['HEX', bytes.toString('hex').toUpperCase()],
    ...base64,
  ]
}

/** The forms that stand in these bytes. */
export function leaksIn(bytes: Buffer | string, value = canary): string[] {
  const [asBytes, asText] =
    typeof bytes === 'string'
      ? [Buffer.from(bytes).toString('latin1'), bytes]
      : [bytes.toString('latin1'), bytes.toString('utf8')]
  return formsOfCanary(value).flatMap(([form, text]) =>
    asText.includes(text) || asBytes.includes(Buffer.from(text).toString('latin1')) ? [form] : [],
  )
}

/** Of every file under a folder, but those named. */
export function leaksUnder(folder: string, but: readonly string[] = []): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())
  return files
    .filter(({ name }) => !but.includes(name))
    .flatMap(({ parentPath, name }) =>
      leaksIn(readFileSync(join(parentPath, name))).map((form) => `${name}: ${form}`),
    )
}
