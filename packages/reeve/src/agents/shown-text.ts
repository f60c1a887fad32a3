/** A long result as the model sees it: beginning and end. The journal has the whole. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text
  const head = Math.floor(length * 0.75)
  const tail = length - head
  const left = text.length - length
  return `${text.slice(0, head)}\n[… ${left} of ${text.length} characters left out; the run's journal keeps the whole …]\n${text.slice(-tail)}`
}

/** The beginning of a text, for a log line or an error. */
export function brief(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
