const words = [
  'zero',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
  'eleven',
  'twelve',
]

/** A small whole number as English writes it out: `3` is `three`. Undefined from thirteen on. */
export function numberWord(value: number): string | undefined {
  return words[value]
}
