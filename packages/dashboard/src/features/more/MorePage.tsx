import { useMutation, useQuery } from '@tanstack/react-query'
import { api } from '../../api/client.ts'
import { sessionQuery } from '../../api/queries.ts'
import { groups } from '../../frame/pages.ts'
import { useColours } from '../../ui/colours.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Choice } from '../../ui/fields/Choice.tsx'
import { Page, Section } from '../../ui/Page.tsx'
import { Row, Rows } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'

/** What has no place in the bar of a phone, and what belongs to whoever looks. */
export function MorePage() {
  const { data: session } = useQuery(sessionQuery)
  const [colours, setColours] = useColours()
  const leave = useMutation({
    mutationFn: () => api.signOut(),
    onSuccess: () => window.location.assign('/'),
  })
  return (
    <Page title={session ? `You are ${session.principal}, ${session.role}.` : 'More'}>
      {groups.map(
        ({ words, places }) =>
          words && (
            <Section key={words} title={words}>
              <Rows label={words}>
                {places
                  .filter(({ to }) => to !== '/more')
                  .map((place) => (
                    <Row key={place.to} to={place.to} title={place.words} under={place.says} />
                  ))}
              </Rows>
            </Section>
          ),
      )}
      <Section title="Colours">
        <Choice
          label="Colours"
          value={colours}
          options={[
            { value: 'auto', words: 'as this device has them' },
            { value: 'light', words: 'light' },
            { value: 'dark', words: 'dark' },
          ]}
          onChange={setColours}
        />
      </Section>
      <Section title="Leave">
        {leave.error && <Failure error={leave.error} />}
        <button type="button" className={ui.act} disabled={leave.isPending} onClick={() => leave.mutate()}>
          Sign out
        </button>
      </Section>
    </Page>
  )
}
