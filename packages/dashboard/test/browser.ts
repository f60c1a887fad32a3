import type { Browser, BrowserContext, Page, Request } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { launchChrome } from './chrome.ts'
import type { Stage } from './stage.ts'

/** One for all tests of a file. */
let browser: Promise<Browser> | undefined

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

type Role = 'viewer' | 'approver' | 'operator' | 'owner'

/** The browsers of people at a stage: what one has read and compiled, its next test has. */
const profiles = new WeakMap<Stage, Map<Role, Promise<BrowserContext>>>()

async function newProfile(stage: Stage, role: Role | undefined): Promise<BrowserContext> {
  browser ??= launchChrome()
  const context = await (await browser).newContext({ viewport: { width: 1280, height: 900 } })
  if (role !== undefined) await context.addCookies([await stage.cookieOf(role)])
  return context
}

function profileOf(stage: Stage, role: Role): Promise<BrowserContext> {
  const known = profiles.get(stage) ?? new Map<Role, Promise<BrowserContext>>()
  profiles.set(stage, known)
  const profile = known.get(role) ?? newProfile(stage, role)
  known.set(role, profile)
  return profile
}

/** A new tab of somebody who is signed in, at a page. */
export async function visit(
  stage: Stage,
  path = '/',
  options: {
    role?: Role
    /** With a browser of its own. */
    isAlone?: boolean
    /** So, too, and signed in nowhere. */
    isGuest?: boolean
    /** So, too; the test may pass over the time in which a decision can be taken back. */
    hasClock?: boolean
    /** So, too; its clock is so far from that of the server (ms). */
    aheadMs?: number
  } = {},
): Promise<Visit> {
  const { role = 'owner', isAlone = false, isGuest = false, hasClock = false, aheadMs } = options
  const isOwn = isAlone || isGuest || hasClock || aheadMs !== undefined
  const context = isOwn ? await newProfile(stage, isGuest ? undefined : role) : await profileOf(stage, role)
  if (hasClock) await context.clock.install()
  if (aheadMs !== undefined) await context.clock.install({ time: Date.now() + aheadMs })
  const page = await context.newPage()
  onTestFinished(() => (isOwn ? context.close() : page.close()))
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
  if (!isGuest) await page.goto(`${stage.url}${path}`)
  return { page, context, complaints }
}

/** To another page without loading all anew, as by a link. */
export async function walk(page: Page, path: string): Promise<void> {
  await page.locator('main').waitFor()
  const before = await page.evaluate((to) => {
    const main = document.querySelector('main')!
    const isOther = new URL(to, location.href).pathname !== location.pathname
    if (isOther) main.dataset.left = ''
    history.pushState(null, '', to)
    dispatchEvent(new PopStateEvent('popstate'))
    return isOther ? main.querySelector('h1')?.textContent : undefined
  }, path)
  // Another page has another `main`, the same page of another thing another title.
  if (before !== undefined)
    await page.waitForFunction((before) => {
      const main = document.querySelector('main')
      const isThere =
        main && (main.dataset.left === undefined || main.querySelector('h1')?.textContent !== before)
      if (isThere) delete main.dataset.left
      return isThere
    }, before)
  await page.getByRole('heading', { level: 1, name: /\w/ }).waitFor()
}

/** Answers what waits until everything that a page asked for is there, and drawn. */
export function settling(page: Page): () => Promise<void> {
  const open = new Set<Request>()
  page.on('request', (request) => {
    // It never ends.
    if (!request.url().includes('/api/events')) open.add(request)
  })
  page.on('requestfinished', (request) => open.delete(request))
  page.on('requestfailed', (request) => open.delete(request))
  return async () => {
    for (let quiet = 0; quiet < 3; quiet = open.size === 0 ? quiet + 1 : 0)
      await page.evaluate(
        () => new Promise<void>((resolve) => requestAnimationFrame(() => setTimeout(resolve, 16))),
      )
  }
}
