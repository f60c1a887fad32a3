import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, newKey } from '../../../api/client.ts'
import { storyQuery } from '../../../api/queries.ts'
import type { Json, RunWhole } from '../../../api/types.ts'
import { Radios, TextInput } from '../../../ui/controls/Inputs.tsx'
import { Form } from '../../../ui/Form.tsx'
import { InputForm, isInputFinished } from '../../../ui/fields/InputForm.tsx'
import ui from '../../../ui/ui.module.css'
import type { Bar } from '../timeline.ts'
import { acting, type How, mayOverride, waysOf, words } from './overriding.ts'

/** Says what a call comes to in the place of what it waits for, and why. */
export function OverrideForm({
  run,
  bars,
  first,
  onDone,
}: {
  run: RunWhole
  bars: readonly Bar[]
  /** The call to begin with. */
  first: number | undefined
  onDone: () => void
}) {
  const client = useQueryClient()
  const { data } = useQuery(storyQuery(run))
  const open = bars.filter(mayOverride)
  const [call, setCall] = useState(String(first ?? open[0]?.call ?? (bars.at(-1)?.call ?? 0) + 1))
  const [said, setSaid] = useState<How | undefined>()
  const [value, setValue] = useState<unknown>()
  const [error, setError] = useState('')
  const [reason, setReason] = useState('')
  const bar = open.find((each) => String(each.call) === call)
  const ways = (bar && waysOf[bar.kind]) ?? acting
  const how = said && ways.includes(said) ? said : ways[0]!
  const wanted =
    bar?.kind === 'signal'
      ? data?.story.belief.waitsFor.find(({ kind, name }) => kind === 'signal' && name === bar.name)?.wanted
      : undefined
  const schema = wanted?.schema ?? null
  const override = useMutation({
    mutationFn() {
      const about = { call: Number(call), reason }
      const body =
        how === 'result'
          ? { ...about, how, result: (value ?? null) as Json }
          : how === 'error'
            ? { ...about, how, error }
            : { ...about, how }
      return api.runs.override({ params: { run: run.id }, body, ...newKey() })
    },
    async onSuccess() {
      onDone()
      await client.invalidateQueries()
    },
  })
  const isReady =
    /^[1-9]\d*$/.test(call) &&
    reason.trim() !== '' &&
    (how !== 'error' || error.trim() !== '') &&
    (how !== 'result' || value === undefined || isInputFinished(value, schema))
  return (
    <Form act={override} label="Override" isReady={isReady}>
      <TextInput
        label="Call"
        inputMode="numeric"
        description={
          bar
            ? `${bar.kind} “${bar.name}”`
            : 'A step that acts for the first time has told nothing yet: it has the number after the last call.'
        }
        value={call}
        onChange={(event) => setCall(event.currentTarget.value)}
      />
      <Radios
        label="Outcome"
        value={how}
        options={ways.map((each) => ({ value: each, words: words[each] }))}
        onChange={setSaid}
      />
      {how === 'result' && wanted && <p className={ui.soft}>It wants {wanted.words}.</p>}
      {how === 'result' && <InputForm schema={schema} value={value} onChange={setValue} />}
      {how === 'error' && (
        <TextInput label="Error" value={error} onChange={(event) => setError(event.currentTarget.value)} />
      )}
      <TextInput
        label="Why"
        description="The run’s journal and the log of authority keep it."
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </Form>
  )
}
