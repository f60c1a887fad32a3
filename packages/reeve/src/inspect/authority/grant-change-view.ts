import { isoText } from '../../base/time/time.ts'

/** A change of grants as programs get it: its times are texts, as all are. */
export function grantChangeView(change: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(change).map(([name, value]) => [
      name,
      ['from', 'until', 'at'].includes(name) && typeof value === 'number' ? isoText(value) : value,
    ]),
  )
}
