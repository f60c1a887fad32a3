import { useState } from 'react'
import type { Proposal } from '../../api/types.ts'
import { useKeys } from '../../frame/keys.tsx'
import { Button } from '../../ui/controls/Button.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import ui from '../../ui/ui.module.css'
import { Deciding } from '../changes/Deciding.tsx'
import { ProposalParts } from '../changes/ProposalParts.tsx'
import { LaterForm } from './forms/LaterForm.tsx'
import css from './Inbox.module.css'

/** Something that a machine would change: what, upon which evidence, and the ways to say yes or no. */
export function ProposalCard({
  proposal,
  onDone,
  onLater,
}: {
  proposal: Proposal
  onDone: () => void
  onLater: (until: number) => void
}) {
  const [isLater, setLater] = useState(false)
  useKeys([{ press: 's', words: 'Show it later', act: () => setLater(true) }])
  return (
    <div className={ui.card}>
      <p className={ui.strong} style={{ margin: '0 0 14px' }}>
        <Foreign text={proposal.title} />
      </p>
      <ProposalParts proposal={proposal} />
      {isLater ? (
        <LaterForm expiresAt={null} onCancel={() => setLater(false)} onDone={onLater} />
      ) : (
        <div className={css.actions}>
          <Deciding proposal={proposal} onDone={onDone}>
            <Button variant="default" onClick={() => setLater(true)}>
              Later… <kbd className={ui.key}>s</kbd>
            </Button>
          </Deciding>
        </div>
      )}
    </div>
  )
}
