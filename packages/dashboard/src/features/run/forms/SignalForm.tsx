import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, newKey } from '../../../api/client.ts'
import { storyQuery } from '../../../api/queries.ts'
import type { Json, RunWhole } from '../../../api/types.ts'
import { Select, TextInput } from '../../../ui/controls/Inputs.tsx'
import { Form } from '../../../ui/Form.tsx'
import { InputForm, isInputFinished } from '../../../ui/fields/InputForm.tsx'
import ui from '../../../ui/ui.module.css'

/** Tells a run what it waits for. One that comes early is kept. */
export function SignalForm({ run, onDone }: { run: RunWhole; onDone: () => void }) {
  const client = useQueryClient()
  const { data } = useQuery(storyQuery(run))
  const awaited = (data?.story.belief.waitsFor ?? []).filter(({ kind }) => kind === 'signal')
  const [typed, setTyped] = useState<string | undefined>()
  const name = typed ?? awaited[0]?.name ?? ''
  const wanted = awaited.find((each) => each.name === name)?.wanted ?? null
  const [value, setValue] = useState<unknown>()
  const send = useMutation({
    mutationFn: () =>
      api.runs.signal({
        params: { run: run.id },
        body: { name, payload: (value ?? null) as Json },
        ...newKey(),
      }),
    async onSuccess() {
      onDone()
      await client.invalidateQueries()
    },
  })
  return (
    <Form
      act={send}
      label="Send signal"
      isReady={name.trim() !== '' && (value === undefined || isInputFinished(value, wanted?.schema ?? null))}
    >
      {awaited.length > 0 ? (
        <Select
          label="Signal"
          value={name}
          data={awaited.map((each) => each.name)}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      ) : (
        <TextInput
          label="Signal"
          description="It waits for none now. What comes early is kept until it is waited for."
          value={name}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      )}
      {wanted && <p className={ui.soft}>It wants {wanted.words}.</p>}
      <InputForm schema={wanted?.schema ?? null} value={value} onChange={setValue} />
    </Form>
  )
}
