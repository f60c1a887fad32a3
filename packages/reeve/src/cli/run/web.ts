import { safeLine } from '../../base/text/one-line.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { openBrowser } from '../../server/open-browser.ts'
import { openPage, type Page } from '../../server/open-page.ts'
import type { Cli } from '../cli.ts'
import { keepNote } from '../project-notes.ts'

export interface WebOptions {
  port?: string
  host: string
  publicUrl?: string
  trustProxy?: boolean
  /** All connections are in sandbox. */
  sandbox?: boolean
  /** Whether a browser is opened where a person sits at the terminal. */
  open: boolean
}

/** What `reeve open` reads: where the page was served last. */
export const pageNote = 'page'

/** Serves page and API beside the worker. @throws what `openPage` throws */
export async function openWeb(cli: Cli, runtime: Runtime, options: WebOptions): Promise<Page> {
  const isAttended = process.stdout.isTTY && !cli.terminal.json
  const page = await openPage(runtime, { ...options, isAttended })
  keepNote(cli, pageNote, { url: page.url })
  return page
}

/** Says where it is, and opens a browser for a person. */
export function tellWeb({ terminal }: Cli, { url, signIn, signInCommand }: Page, { open }: WebOptions): void {
  const { cyan, dim } = terminal.colors
  terminal.line(`open ${cyan(url)} ${dim(`(its API: ${url}/docs/api)`)}`)
  if (signIn === undefined) {
    terminal.line(`sign in with a link: ${cyan(signInCommand)}`)
    return
  }
  terminal.line(`sign in once, within 15 minutes: ${cyan(safeLine(signIn))}`)
  if (open && process.stdout.isTTY && !terminal.json) openBrowser(signIn)
}
