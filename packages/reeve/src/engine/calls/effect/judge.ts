import type { ReeveError } from '../../../base/errors.ts'
import type { Json } from '../../../base/json/json.ts'
import type { RecordedRuling } from '../../../store/journal/events.ts'
import type { EffectReservation } from '../../../store/spending/effect-budgets.ts'

/** What is said of a call right before it is made. */
export type Judgement =
  | {
      isAllowed: true
      /** For the journal. */
      ruling: RecordedRuling
      /** What it takes of effect budgets. */
      reservations: readonly EffectReservation[]
    }
  | {
      isAllowed: false
      /** A person may still say yes: the call settles as asked, and whoever made it asks. */
      asks: boolean
      /** `call-denied` or `approval-needed`, with the ruling in its details. */
      error: ReeveError
    }

/** Says whether a call may be made: the layer that knows grants and provenance gives it. Only live calls are judged. */
export interface Judge {
  /** `id`: by which the effect's reservations are known; `isRepeat`: it was sent before, or may have been. */
  judge(call: { id: string; args: Json; isRepeat: boolean }): Promise<Judgement>
  /** Whether nothing changed since that would change it. Asked once the intent is durable, before anything is sent. */
  stillHolds(): Promise<boolean>
}
