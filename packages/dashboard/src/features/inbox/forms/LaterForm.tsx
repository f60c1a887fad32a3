import { serverNow } from '../../../api/server-time.ts'
import { Button } from '../../../ui/controls/Button.tsx'
import ui from '../../../ui/ui.module.css'
import { clock } from '../../../ui/words.ts'
import css from '../Inbox.module.css'
import { laters } from '../snooze.ts'

/** Puts a thing away until later. It goes on waiting, and others see it. */
export function LaterForm({
  expiresAt,
  onCancel,
  onDone,
}: {
  expiresAt: string | null
  onCancel: () => void
  onDone: (until: number) => void
}) {
  const now = serverNow()
  const end = expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(expiresAt)
  return (
    <div className={css.form}>
      <p className={ui.soft} style={{ margin: 0 }}>
        Only this browser hides it. It goes on waiting, and others see it.
        {expiresAt !== null && ` It stops waiting ${clock(expiresAt, now)}.`}
      </p>
      <div className={ui.actions}>
        {laters.map(({ words, at }) => (
          <Button key={words} variant="default" disabled={at(now) >= end} onClick={() => onDone(at(now))}>
            {words}
          </Button>
        ))}
        <Button variant="subtle" onClick={onCancel}>
          Back
        </Button>
      </div>
    </div>
  )
}
