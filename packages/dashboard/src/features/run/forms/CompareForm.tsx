import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { runsQuery, storyQuery } from '../../../api/queries.ts'
import type { RunWhole } from '../../../api/types.ts'
import { TextInput } from '../../../ui/controls/Inputs.tsx'
import { useNow } from '../../../ui/now.ts'
import { Row, Rows, Tag } from '../../../ui/Rows.tsx'
import { since } from '../../../ui/words.ts'
import { statusWords, toneOf } from '../status.ts'

/** Which run to lay beside this one: the one it was forked from, or another of its workflow. */
export function CompareForm({ run }: { run: RunWhole }) {
  const navigate = useNavigate()
  const now = useNow()
  const [id, setId] = useState('')
  const { data } = useQuery(runsQuery({ workflow: run.workflow }))
  const { data: told } = useQuery(storyQuery(run))
  const origin = told?.story.goal.forkedFrom?.runId
  const others = (data?.items ?? []).filter((each) => each.id !== run.id)
  const shown = [
    ...others.filter((each) => each.id === origin),
    ...others.filter((each) => each.id !== origin),
  ]
  const go = (other: string) =>
    `/runs/${encodeURIComponent(run.id)}/compare?with=${encodeURIComponent(other)}`
  return (
    <>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void navigate({ to: go(id.trim()) })
        }}
      >
        <TextInput
          label="With run"
          placeholder="Its id"
          value={id}
          onChange={(event) => setId(event.currentTarget.value)}
        />
      </form>
      <Rows label="Runs of the same workflow">
        {shown.slice(0, 8).map((each) => (
          <Row
            key={each.id}
            to={go(each.id)}
            title={each.id}
            under={each.id === origin ? 'this one was forked from it' : each.version}
            tag={<Tag tone={toneOf(each)}>{statusWords[each.status]}</Tag>}
            end={`${since(each.createdAt, now)} ago`}
          />
        ))}
      </Rows>
    </>
  )
}
