import chromium from '@sparticuz/chromium'
import {
  type Browser,
  type BrowserContext,
  chromium as launcher,
  type Page,
  type Request,
} from 'playwright-core'
import { onTestFinished } from 'vitest'
import type { Stage } from './stage.ts'

let browser: Promise<Browser> | undefined

/** One browser for all tests of a file; `REEVE_CHROME` names another one than the one that comes with the tests. */
async function launch(): Promise<Browser> {
  const executablePath = process.env.REEVE_CHROME ?? (await chromium.executablePath())
  return launcher.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
}

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close()
  browser = undefined
}

export interface Visit {
  page: Page
  context: BrowserContext
  /** What the page complained of. */
  complaints: string[]
  /** Everything that the page asked for is there, and drawn. */
  settled(): Promise<void>
}

/** Somebody who has just signed in. */
export async function visit(
  stage: Stage,
  options: {
    role?: 'viewer' | 'approver' | 'operator' | 'owner'
    width?: number
    colorScheme?: 'light' | 'dark'
  } = {},
): Promise<Visit> {
  const { role = 'owner', width = 1280, colorScheme = 'light' } = options
  browser ??= launch()
  const context = await (await browser).newContext({
    viewport: { width, height: width < 500 ? 844 : 900 },
    colorScheme,
  })
  onTestFinished(() => context.close())
  // Time goes on by itself; a test may pass over the ten seconds in which a decision can be taken back.
  await context.clock.install()
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  // Nothing is asked of anybody else.
  page.on('request', (request) => {
    if (!request.url().startsWith(stage.url) && !request.url().startsWith('data:'))
      complaints.push(`asked ${request.url()}`)
  })
  const open = new Set<Request>()
  page.on('request', (request) => {
    // It never ends.
    if (!request.url().includes('/api/events')) open.add(request)
  })
  page.on('requestfinished', (request) => open.delete(request))
  page.on('requestfailed', (request) => open.delete(request))
  await page.goto(await stage.signInUrl(role))
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('navigation').waitFor()
  const settled = async () => {
    for (let quiet = 0; quiet < 3; quiet = open.size === 0 ? quiet + 1 : 0)
      await page.evaluate(
        () => new Promise<void>((resolve) => requestAnimationFrame(() => setTimeout(resolve, 30))),
      )
  }
  return { page, context, complaints, settled }
}
