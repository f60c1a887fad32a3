import { useMantineColorScheme } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { api } from '../../api/client.ts'
import { sessionQuery } from '../../api/queries.ts'
import { usePages } from '../../frame/pages.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Choice } from '../../ui/fields/Choice.tsx'
import { Page, Section } from '../../ui/Page.tsx'
import { Row, Rows } from '../../ui/Rows.tsx'
import css from '../system/System.module.css'

/** What has no place in the bar of a phone, and what belongs to whoever looks. */
export function MorePage() {
  const pages = usePages()
  const { data: session } = useQuery(sessionQuery)
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const leave = useMutation({
    mutationFn: () => api.signOut(),
    onSuccess: () => window.location.assign('/'),
  })
  return (
    <Page title={session ? `You are ${session.principal}, ${session.role}.` : 'More'}>
      <Section title="Pages">
        <Rows label="Pages">
          {pages
            .filter(({ isWide }) => isWide)
            .map(({ to, words, says }) => (
              <Row key={to} to={to} title={words} under={says} />
            ))}
        </Rows>
      </Section>
      <Section title="Colours">
        <Choice
          label="Colours"
          value={colorScheme}
          options={[
            { value: 'auto', words: 'as this device has them' },
            { value: 'light', words: 'light' },
            { value: 'dark', words: 'dark' },
          ]}
          onChange={setColorScheme}
        />
      </Section>
      <Section title="Leave">
        {leave.error && <Failure error={leave.error} />}
        <button type="button" className={css.act} disabled={leave.isPending} onClick={() => leave.mutate()}>
          Sign out
        </button>
      </Section>
    </Page>
  )
}
