import { Page } from '../../ui/Page.tsx'
import ui from '../../ui/ui.module.css'

/** Whoever is not signed in learns how to get in; nothing else is told. */
export function SignedOut() {
  return (
    <Page title="Sign in first." sub="This page shows what Reeve does only to people whom it knows.">
      <div className={ui.empty}>
        On the machine where it runs, ask for a link that is good for one use:{' '}
        <code>npx reeve token sign-in</code>
      </div>
    </Page>
  )
}
