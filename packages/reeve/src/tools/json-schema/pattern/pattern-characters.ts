const spaces = String.raw`\x{9}-\x{d}\x{20}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`
const noSpaces = String.raw`\x{0}-\x{8}\x{e}-\x{1f}\x{21}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff}`
/** What an escape of JavaScript stands for inside `[]`. */
export const classes: Readonly<Record<string, string>> = {
  d: '0-9',
  D: String.raw`\x{0}-/:-\x{10ffff}`,
  w: '0-9A-Za-z_',
  W: String.raw`\x{0}-/:-@\x{5b}-\x{5e}\x{60}\x{7b}-\x{10ffff}`,
  s: spaces,
  S: noSpaces,
}

/** Unicode's long names of its general categories, which RE2 does not know. */
export const categories: Readonly<Record<string, string>> = {
  Letter: 'L',
  Lowercase_Letter: 'Ll',
  Uppercase_Letter: 'Lu',
  Titlecase_Letter: 'Lt',
  Modifier_Letter: 'Lm',
  Other_Letter: 'Lo',
  Mark: 'M',
  Number: 'N',
  Decimal_Number: 'Nd',
  Punctuation: 'P',
  Symbol: 'S',
  Separator: 'Z',
  Space_Separator: 'Zs',
  Other: 'C',
  Control: 'Cc',
}

/** One character as RE2 reads it everywhere. */
export function literal(point: number): string {
  return (point >= 0x30 && point <= 0x39) ||
    (point >= 0x41 && point <= 0x5a) ||
    (point >= 0x61 && point <= 0x7a)
    ? String.fromCodePoint(point)
    : `\\x{${point.toString(16)}}`
}
