import { Button, Checkbox } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { approvalQuery } from '../../api/queries.ts'
import type { ApprovalItem, ApprovalWhole, Origin } from '../../api/types.ts'
import { useKeys } from '../../frame/keys.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { Field, Fields, Value } from '../../ui/fields/Field.tsx'
import { Section } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'
import { AnswerForm } from './AnswerForm.tsx'
import { type Said, useDecisions } from './decisions.tsx'
import { EditForm } from './EditForm.tsx'
import css from './Inbox.module.css'
import { RejectForm } from './RejectForm.tsx'
import { argumentsIn, isRecord } from './wording.ts'

/** One thing to decide: exactly what will be used, and what a person can say. */
export function ItemCard({ item, alike }: { item: ApprovalItem; alike: ApprovalItem[] }) {
  const [form, setForm] = useState<'edit' | 'reject' | 'answer' | undefined>()
  const [forAll, setForAll] = useState(false)
  const { decide } = useDecisions()
  const may = (what: ApprovalItem['allowed'][number]) => item.allowed.includes(what)
  const close = () => setForm(undefined)
  const say = (said: Said, words: string) => {
    const chosen = forAll && said.verdict !== 'answer' && !('edit' in said) ? alike : [item]
    const counted = chosen.length > 1 ? `${words} (${chosen.length})` : words
    decide(
      chosen.map(({ id, hash }) => ({ id, hash })),
      said,
      `${counted}: ${item.subject}.`,
    )
  }
  useKeys([
    ...(may('approve')
      ? [{ press: 'a', words: 'Approve', act: () => say({ verdict: 'approve' }, 'Approved') }]
      : []),
    ...(may('edit') ? [{ press: 'e', words: 'Edit before it is approved', act: () => setForm('edit') }] : []),
    ...(may('reject') ? [{ press: 'r', words: 'Reject, with a note', act: () => setForm('reject') }] : []),
    ...(may('answer') ? [{ press: 'Enter', words: 'Answer', act: () => setForm('answer') }] : []),
  ])
  return (
    <div>
      <div className={ui.card}>
        {item.problem && <p className={css.warning}>{item.problem}</p>}
        {item.notice && <p className={css.warning}>{item.notice}</p>}
        {item.warnings.map((warning) => (
          <p key={warning} className={css.warning}>
            {warning}
          </p>
        ))}
        <Shown item={item} />
        {form === undefined && (
          <div className={css.actions}>
            {alike.length > 1 && may('approve') && (
              <Checkbox
                className={css.alike ?? ''}
                label={`The same decision for all ${alike.length} that ${item.workflow} asks of ${item.subject}`}
                checked={forAll}
                onChange={(event) => setForAll(event.currentTarget.checked)}
              />
            )}
            <div className={ui.actions}>
              {may('approve') && (
                <Button onClick={() => say({ verdict: 'approve' }, 'Approved')}>
                  {forAll ? `Approve all ${alike.length}` : 'Approve'} <kbd className={ui.key}>a</kbd>
                </Button>
              )}
              {may('answer') && (
                <Button onClick={() => setForm('answer')}>
                  {item.kind === 'outcome' ? 'Say what happened…' : 'Answer…'} <kbd className={ui.key}>↵</kbd>
                </Button>
              )}
              {may('edit') && (
                <Button variant="default" onClick={() => setForm('edit')}>
                  Edit <kbd className={ui.key}>e</kbd>
                </Button>
              )}
              {may('reject') && (
                <Button variant="default" onClick={() => setForm('reject')}>
                  Reject… <kbd className={ui.key}>r</kbd>
                </Button>
              )}
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
      </div>
      <About item={item} />
    </div>
  )
}

function Shown({ item }: { item: ApprovalItem }) {
  const { data: whole } = useQuery(approvalQuery(item.id))
  const args = argumentsIn(item.shown)
  const risk = isRecord(item.shown) && typeof item.shown.risk === 'string' ? item.shown.risk : undefined
  return (
    <Fields>
      {isRecord(args) ? (
        Object.entries(args).map(([name, value]) => (
          <Field key={name} name={name} from={<From origins={originsOf(whole, name)} />}>
            <Value value={value} />
          </Field>
        ))
      ) : (
        <Field name={item.kind === 'question' ? 'asked' : 'shown'}>
          <Value value={args} />
        </Field>
      )}
      {item.wanted && (
        <Field name="wanted">
          <span className={ui.soft}>{item.wanted.words}</span>
        </Field>
      )}
      {risk && (
        <Field name="risk">
          <Tag tone={risk === 'high' ? 'warn' : 'plain'}>{risk}</Tag>
        </Field>
      )}
    </Fields>
  )
}

/** Where each part of an argument stood before, what says most first. */
function originsOf(whole: ApprovalWhole | undefined, name: string): Origin[] {
  const found = (whole?.fields ?? [])
    .filter(({ path }) => path.includes(name))
    .flatMap(({ origins }) => origins)
  return [...new Map(found.map((origin) => [`${origin.from} ${origin.name}`, origin])).values()].slice(0, 3)
}

const fromWords: Record<Origin['from'], string> = {
  given: 'from what the run was given',
  model: 'written by a model',
  person: 'said by a person',
  outside: 'from outside',
  knowledge: 'from your documents',
  code: 'from the workflow’s code',
}

/** What comes from outside or from a model is told apart from what people and code say; the word says it, not the colour alone. */
function From({ origins }: { origins: Origin[] }) {
  if (origins.length === 0) return null
  return (
    <>
      {origins.map(({ from, name, by, how }) => (
        <span key={`${from} ${name}`}>
          <Tag
            tone={from === 'person' || from === 'knowledge' ? 'good' : from === 'outside' ? 'warn' : 'plain'}
          >
            {fromWords[from]}
          </Tag>{' '}
          {how === 'part' && 'part of '}
          <Foreign text={name} />
          {by !== null && (
            <>
              {', '}
              <Foreign text={by} />
            </>
          )}
        </span>
      ))}
    </>
  )
}

/** What it is about: what the run was given, what was said of the draft, and where to read on. */
function About({ item }: { item: ApprovalItem }) {
  const { data } = useQuery(approvalQuery(item.id))
  const { inputs = [], reviews = [], notes = [], forkedFrom = null } = data?.context ?? {}
  return (
    <>
      {inputs.map(({ run, workflow, input }) => (
        <Section key={run} title={`What ${workflow} was given`}>
          {isRecord(input) ? (
            <Fields>
              {Object.entries(input).map(([name, value]) => (
                <Field key={name} name={name}>
                  <Value value={value} />
                </Field>
              ))}
            </Fields>
          ) : (
            <Value value={input} />
          )}
        </Section>
      ))}
      {reviews.length > 0 && (
        <Section title="What was said of it">
          <Rows>
            {reviews.map(({ name, solver, score }) => (
              <Row key={`${name}${solver}`} title={name} under={solver} end={score.toFixed(2)} />
            ))}
          </Rows>
        </Section>
      )}
      {notes.length > 0 && (
        <Section title="Notes">
          {notes.map((note) => (
            <p key={note} className={ui.soft}>
              {note}
            </p>
          ))}
        </Section>
      )}
      {forkedFrom && <p className={ui.soft}>Its run was forked from {forkedFrom}.</p>}
      <p className={ui.soft} style={{ marginTop: 24 }}>
        <Link to="/runs/$run" params={{ run: item.run }}>
          The whole run {item.run}
        </Link>
      </p>
    </>
  )
}
