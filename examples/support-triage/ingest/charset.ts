import { decodeWords } from 'postal-mime'

const utf8 = new TextDecoder('utf-8', { fatal: true })
const windows1252 = new TextDecoder('windows-1252')
const iso2022jp = new TextDecoder('iso-2022-jp')
const shiftJis = new TextDecoder('shift_jis', { fatal: true })

export interface Decoded {
  text: string
  charset: string
}

/**
 * Decodes bytes whose declared charset is missing or wrong. Valid UTF-8 is hardly ever anything else; ISO-2022-JP
 * announces itself by escapes; Shift_JIS is believed only where it yields kana; the rest of the world's broken mail
 * is windows-1252, in which every byte means something.
 */
export function guessCharset(bytes: Uint8Array): Decoded {
  if (hasJapaneseEscape(bytes)) return { text: iso2022jp.decode(bytes), charset: 'iso-2022-jp' }
  try {
    return { text: utf8.decode(bytes), charset: 'utf-8' }
  } catch {
    const japanese = decodeShiftJis(bytes)
    return japanese === undefined
      ? { text: windows1252.decode(bytes), charset: 'windows-1252' }
      : { text: japanese, charset: 'shift_jis' }
  }
}

/** True when text shows the marks of a wrong charset: replacement characters, raw escapes, UTF-8 read as Latin-1. */
export function looksMisdecoded(text: string): boolean {
  return text.includes('\ufffd') || text.includes('\u001b$') || isDoubleEncoded(text)
}

/**
 * Undoes UTF-8 that some system on the way read as windows-1252 and encoded again (`fÃ¼r` for `für`).
 * @returns undefined when the text is not such a case.
 */
export function undoDoubleEncoding(text: string): string | undefined {
  if (!isDoubleEncoded(text)) return
  const bytes = new Uint8Array(text.length)
  let length = 0
  for (const character of text) {
    const byte = windows1252Byte(character)
    if (byte === undefined) return
    bytes[length++] = byte
  }
  try {
    return utf8.decode(bytes.subarray(0, length))
  } catch {
    return
  }
}

/** Turns the text that an `x-user-defined` decoder gave back into the very bytes it read. */
export function bytesOfUserDefined(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index) & 0xff
  return bytes
}

/**
 * Reads a raw header (one character per byte) whose bytes or encoded words lie about their charset: every word is
 * relabelled so that it decodes byte by byte, and the charset is guessed from all the bytes together.
 */
export function repairHeader(raw: string): Decoded {
  const relabelled = raw.replace(/=\?[^?\s]+\?([QqBb])\?/g, '=?x-user-defined?$1?')
  return guessCharset(bytesOfUserDefined(decodeWords(relabelled)))
}

function isDoubleEncoded(text: string): boolean {
  return /[ÃÂ][\u0080-\u00bf‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€[™œ“”˜¦]|â‚¬/u.test(text)
}

function hasJapaneseEscape(bytes: Uint8Array): boolean {
  for (let index = 0; index < bytes.length - 2; index++) {
    if (bytes[index] === 0x1b && bytes[index + 1] === 0x24) return true
  }
  return false
}

function decodeShiftJis(bytes: Uint8Array): string | undefined {
  try {
    const text = shiftJis.decode(bytes)
    const kana = text.match(/[\u3040-\u30ff]/g)?.length ?? 0
    const foreign = [...text].filter((character) => character.charCodeAt(0) > 0x7f).length
    return kana >= 4 && kana * 4 >= foreign ? text : undefined
  } catch {
    return
  }
}

const byteOfCharacter = new Map(
  Array.from({ length: 256 }, (_, byte) => [windows1252.decode(Uint8Array.of(byte)), byte] as const),
)

function windows1252Byte(character: string): number | undefined {
  return byteOfCharacter.get(character)
}
