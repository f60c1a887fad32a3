import { isoText } from '../../base/time/time.ts'
import type { Item } from '../../store/memory/items.ts'

/** A version of an item as programs get it: with the run that recorded it as `runId`, and times as texts. */
interface ItemView extends Omit<Item, 'at' | 'run' | 'validFrom' | 'validUntil' | 'endedAt'> {
  /** The run that recorded it. */
  runId: string | null
  recordedAt: string
  validFrom: string | null
  validUntil: string | null
  endedAt: string | null
}

export function itemView(item: Item): ItemView {
  const { at, run: runId, ...rest } = item
  const iso = (time: number | null) => (time === null ? null : isoText(time))
  return {
    ...rest,
    runId,
    recordedAt: isoText(at),
    validFrom: iso(item.validFrom),
    validUntil: iso(item.validUntil),
    endedAt: iso(item.endedAt),
  }
}
