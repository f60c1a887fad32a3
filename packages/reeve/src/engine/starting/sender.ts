import { isRecord } from '../../base/json/record.ts'

/** Where inputs say who sent them, by custom. */
const fields = ['from', 'sender', 'email'] as const
const longest = 200

/** Who sent an input, as it says itself: anybody can write anything there. Addresses are alike whatever their case. */
export function senderIn(input: unknown): string | undefined {
  if (!isRecord(input)) return undefined
  for (const field of fields) {
    const value = input[field]
    if (typeof value === 'string' && value !== '') return value.trim().toLowerCase().slice(0, longest)
  }
  return undefined
}
