import chromium from '@sparticuz/chromium'
import { type Browser, type BrowserContext, chromium as launcher, type Page } from 'playwright-core'
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
  await page.goto(await stage.signInUrl(role))
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('navigation').waitFor()
  return { page, context, complaints }
}
