import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { sessionQuery } from '../../api/queries.ts'
import type { ApprovalItem } from '../../api/types.ts'
import { useKeys } from '../../frame/keys.tsx'
import { Button } from '../../ui/controls/Button.tsx'
import { Checkbox } from '../../ui/controls/Inputs.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import ui from '../../ui/ui.module.css'
import { type Said, useDecisions } from './decisions.tsx'
import { AnswerForm } from './forms/AnswerForm.tsx'
import { DelegateForm } from './forms/DelegateForm.tsx'
import { EditForm } from './forms/EditForm.tsx'
import { LaterForm } from './forms/LaterForm.tsx'
import { RejectForm } from './forms/RejectForm.tsx'
import css from './Inbox.module.css'
import { About } from './item/About.tsx'
import { Asked } from './item/Asked.tsx'
import { Shown } from './item/Shown.tsx'
import { actsWithWords, isReview, titleOf } from './wording.ts'

type Form = 'edit' | 'reject' | 'answer' | 'later' | 'delegate'

/**
 * One thing to decide: exactly what will be used, and what a person can say. `alike`: those of its kind, itself among them;
 * whoever has this one open may decide all of them as one.
 */
export function ItemCard({
  item,
  alike,
  onLater,
}: {
  item: ApprovalItem
  alike: ApprovalItem[]
  onLater: (until: number) => void
}) {
  const [form, setForm] = useState<Form | undefined>()
  const [forAll, setForAll] = useState(false)
  const { decide } = useDecisions()
  const { data: session } = useQuery(sessionQuery)
  const decides = session !== undefined && session.role !== 'viewer'
  const may = (what: ApprovalItem['allowed'][number]) => decides && item.allowed.includes(what)
  const close = () => setForm(undefined)
  const [yes, no] = isReview(item)
    ? (['It was right', 'It was wrong'] as const)
    : (['Approve', 'Reject'] as const)
  const say = (said: Said, words: string) => {
    const isOwn = said.verdict === 'answer' || 'edit' in said
    const chosen = forAll && !isOwn ? alike.filter(({ allowed }) => allowed.includes(said.verdict)) : [item]
    const counted = chosen.length > 1 ? `${words} (${chosen.length})` : words
    decide(
      chosen.map(({ id, hash }) => ({ id, hash })),
      said,
      `${counted}: ${item.subject}.`,
    )
  }
  const actions: { form?: Form; act: () => void; press: string; words: string; says: string }[] = [
    ...(may('approve')
      ? [
          {
            press: 'a',
            says: yes,
            words: forAll ? `${yes} all ${alike.length}` : yes,
            act: () => say({ verdict: 'approve' }, 'Approved'),
          },
        ]
      : []),
    ...(may('answer')
      ? [
          {
            press: 'Enter',
            says: 'Answer',
            words: item.kind === 'outcome' ? 'Say what happened…' : 'Answer…',
            act: () => setForm('answer'),
          },
        ]
      : []),
    ...(may('edit')
      ? [{ press: 'e', says: 'Edit before it is approved', words: 'Edit', act: () => setForm('edit') }]
      : []),
    ...(may('reject')
      ? [
          {
            press: 'r',
            says: `${no}, with a note`,
            words: forAll ? `${no} all ${alike.length}…` : `${no}…`,
            act: () => setForm('reject'),
          },
        ]
      : []),
    ...(may('approve') || may('answer')
      ? [
          {
            press: 'd',
            says: 'Ask somebody else to decide',
            words: 'Delegate…',
            act: () => setForm('delegate'),
          },
        ]
      : []),
    { press: 's', says: 'Show it later', words: 'Later…', act: () => setForm('later') },
  ]
  useKeys(actions.map(({ press, says, act }) => ({ press, words: says, act })))
  return (
    <div>
      <div className={ui.card}>
        {item.problem && <p className={css.warning}>{item.problem}</p>}
        {item.notice && <p className={css.warning}>{item.notice}</p>}
        {item.actsWith && <p>{actsWithWords(item.actsWith)}</p>}
        {item.warnings.map((warning) => (
          <p key={warning} className={css.warning}>
            {warning}
          </p>
        ))}
        <Shown item={item} />
        <Asked item={item} />
        {form === undefined && (
          <div className={css.actions}>
            {alike.length > 1 && (may('approve') || may('reject')) && (
              <Alike alike={alike} isChosen={forAll} onChange={setForAll} />
            )}
            <div className={ui.actions}>
              {actions.map(({ press, words, act }, index) => (
                <Button key={press} {...(index > 0 && { variant: 'default' })} onClick={act}>
                  {words} <kbd className={ui.key}>{press === 'Enter' ? '↵' : press}</kbd>
                </Button>
              ))}
            </div>
          </div>
        )}
        {form === 'edit' && item.edit && (
          <EditForm
            approval={item.id}
            value={item.edit.value}
            schema={item.edit.schema}
            onCancel={close}
            onDone={(edit) => say({ verdict: 'approve', edit }, 'Approved with your edit')}
          />
        )}
        {form === 'reject' && (
          <RejectForm
            isReview={isReview(item)}
            onCancel={close}
            onDone={(note) => say({ verdict: 'reject', ...(note && { note }) }, 'Rejected')}
          />
        )}
        {form === 'answer' && (
          <AnswerForm
            item={item}
            onCancel={close}
            onDone={(answer) => say({ verdict: 'answer', answer }, 'Answered')}
          />
        )}
        {form === 'delegate' && <DelegateForm item={item} onCancel={close} />}
        {form === 'later' && <LaterForm expiresAt={item.expiresAt} onCancel={close} onDone={onLater} />}
      </div>
      <About item={item} />
    </div>
  )
}

/** Offered on an open thing only: at least one of them was looked at. Which they are can be read before. */
function Alike({
  alike,
  isChosen,
  onChange,
}: {
  alike: ApprovalItem[]
  isChosen: boolean
  onChange: (isChosen: boolean) => void
}) {
  const [first] = alike
  return (
    <div className={css.alike}>
      <Checkbox
        label={`The same decision for all ${alike.length} that ${first!.workflow} asks of ${first!.subject}`}
        checked={isChosen}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      {isChosen && (
        <ul className={css.alikeList}>
          {alike.map((one) => (
            <li key={one.id}>
              <Foreign text={titleOf(one)} />
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
