import axe from 'axe-core'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { daemon } from '../../reeve/src/autonomy/daemon/daemon.ts'
import { listActs } from '../../reeve/src/inspect/authority/act-list.ts'
import { internalsOf } from '../../reeve/src/runtime/runtime.ts'
import { closeBrowser, settling, visit, walk } from './browser.ts'
import { pathsOf } from './paths.ts'
import { openStage, type Stage } from './stage.ts'
import { hostile, labels, sent } from './stage-workflows.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage('some', { hasDirectives: true })
})
afterAll(async () => {
  await closeBrowser()
  await stage?.close()
})

test('the first page says how it stands and what waits, and a guest is told how to come in', async () => {
  const { page, complaints } = await visit(stage, '/', { isGuest: true })
  await page.goto(await stage.signInUrl())
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page
    .getByRole('heading', { level: 1, name: /One run is stuck\. \w+ things wait for you\./ })
    .waitFor()
  await page.getByRole('list', { name: 'Waiting for you' }).getByRole('listitem').nth(3).waitFor()
  expect(complaints).toEqual([])
  await page.context().clearCookies()
  await page.goto(stage.url)
  await page.getByRole('heading', { name: 'Sign in first.' }).waitFor()
})

test('what a browser loads first is packed, and is less than 160 KB', async () => {
  const { page } = await visit(stage, '/', { isAlone: true })
  await page.getByRole('heading', { level: 1, name: /wait for you/ }).waitFor()
  const sizes = await page.evaluate(() =>
    (performance.getEntriesByType('resource') as PerformanceResourceTiming[])
      .filter(({ name }) => name.endsWith('.js'))
      .map(({ encodedBodySize, decodedBodySize }) => ({ encodedBodySize, decodedBodySize })),
  )
  const sum = (which: 'encodedBodySize' | 'decodedBodySize') =>
    sizes.reduce((all, each) => all + each[which], 0)
  expect(sum('decodedBodySize')).toBeGreaterThan(2 * sum('encodedBodySize'))
  expect(sum('encodedBodySize')).toBeLessThan(160_000)
  // Who does not take it packed has it as it is.
  const [asset] = (await (await fetch(stage.url, { headers: { accept: 'text/html' } })).text()).match(
    /\/assets\/vendor-[\w-]+\.js/,
  )!
  const plain = (encoding: string) =>
    fetch(`${stage.url}${asset}`, { headers: { 'accept-encoding': encoding } })
  expect((await plain('identity')).headers.get('content-encoding')).toBe(null)
  expect((await plain('br;q=0, gzip;q=0')).headers.get('content-encoding')).toBe(null)
  expect((await plain('br, gzip;q=0')).headers.get('content-encoding')).toBe('br')
  expect((await plain('br;q=0, gzip')).headers.get('content-encoding')).toBe('gzip')
  expect((await plain('gzip')).headers.get('vary')).toBe('accept-encoding')
})

test('a page uses all answers that come with it, and asks for none of them; a guest gets none', async () => {
  const { page, context } = await visit(stage, '/more')
  const settled = settling(page)
  const asked: string[] = []
  page.on('request', (request) => {
    const { pathname, search } = new URL(request.url())
    if (pathname.startsWith('/api/')) asked.push(pathname + search)
  })
  const brought = /data-answers="([^"]*)"/g
  for (const [name, path] of Object.entries(await pathsOf(stage))) {
    const known = page.waitForResponse(`${stage.url}${path}`)
    asked.length = 0
    await page.goto(`${stage.url}${path}`)
    const html = await (await known).text()
    const urls = [...html.matchAll(brought)].map(([, url]) => url!.replaceAll('&amp;', '&'))
    expect(urls, name).toContain('/api/session')
    await page.getByRole('heading', { level: 1, name: /\w/ }).waitFor()
    await settled()
    expect(
      asked.filter((url) => urls.includes(url)),
      name,
    ).toEqual([])
    expect(await page.locator('script[data-answers]').count(), name).toBe(0)
  }
  const guest = await context.request.get(stage.url, { headers: { cookie: '', accept: 'text/html' } })
  expect(await guest.text()).not.toMatch(brought)
})

test('what is open in the inbox is whole when it is first seen, by its address and by a link', async () => {
  const viewer = await stage.clientOf('viewer')
  const { items: waiting } = await viewer.waiting.list()
  const { items: proposed } = await viewer.proposals.list({ query: { status: 'open' } })
  const ids = new Map<string, string>()
  for (const { kind, approval, runId } of waiting) ids.set(kind, approval?.id ?? runId)
  for (const { kind, id, body } of proposed) if (kind !== 'lesson' || 'rule' in body) ids.set(kind, id)
  expect([...ids.keys()]).toEqual(
    expect.arrayContaining(['approval', 'question', 'stuck', 'lesson', 'repair']),
  )
  const { page } = await visit(stage, '/more')
  const settled = settling(page)
  await page.addInitScript(watchFirstSight)
  const seen = () =>
    page.evaluate(() => {
      const { first, asked, shifted } = window as unknown as {
        first: string
        asked: string[]
        shifted: number
      }
      return { first, asked, shifted, now: document.querySelector('main')!.textContent }
    })
  const parts = {
    '': '/api/',
    approval: '/api/approvals/',
    question: '/api/approvals/',
    stuck: '/api/runs/',
    lesson: '/api/lessons/',
    repair: '/api/repairs/',
  }
  const timeless = (text: string) => text.replace(/(a moment|\d+ \w+)(?= ago)/g, 'SINCE')
  for (const [kind, path] of [['', '/inbox'], ...[...ids].map(([kind, id]) => [kind, `/inbox?item=${id}`])]) {
    // A server that is very busy leaves an answer out rather than have the page wait.
    const wanted = ['/api/session', '/api/waiting/count', '/api/pause', '/api/waiting?', '/api/proposals?']
    if (kind! in parts) wanted.push(parts[kind as keyof typeof parts])
    let [html, tries] = ['', 0]
    while (tries++ < 30 && !wanted.every((url) => html.includes(`data-answers="${url}`)))
      html = (await (await page.goto(`${stage.url}${path}`))?.text()) ?? ''
    await page
      .getByText(/^The whole run|^Later…/)
      .first()
      .waitFor()
    await settled()
    const its = await seen()
    expect(await page.locator('script[data-answers]').count(), kind).toBe(0)
    expect(timeless(its.first), kind).toBe(timeless(its.now))
    expect(its.shifted, kind).toBeLessThan(0.01)
    expect(its.asked, kind).toEqual([])
    // As one comes to it from another page: its parts are asked for then, before it is shown.
    if (!['', 'stuck', 'repair'].includes(kind!)) continue
    await page.goto(`${stage.url}/more`)
    await page.getByRole('heading', { level: 1, name: /\w/ }).waitFor()
    await page.evaluate(() => {
      const { textContent: left } = document.querySelector('h1')!
      Object.assign(window, { first: undefined, left })
    })
    await walk(page, path!)
    await page
      .getByText(/^The whole run|^Later…/)
      .first()
      .waitFor()
    await settled()
    const later = await seen()
    expect(timeless(later.first), kind).toBe(timeless(later.now))
  }
})

/** In the page: what of the inbox is seen first, and how far what was seen moved. */
function watchFirstSight(): void {
  const own = window as unknown as { first?: string; asked?: string[]; left?: string; shifted: number }
  own.shifted = 0
  // However busy the machine is, the page waits for what it shows.
  performance.now = () => 0
  const after = window.setTimeout
  Object.assign(window, {
    setTimeout: (act: () => void, ms?: number) => (ms === 1000 ? 0 : after(act, ms)),
  })
  const look = () => {
    const main = document.querySelector('main')
    const title = main?.querySelector('h1')?.textContent ?? 'Inbox'
    const isSeen =
      location.pathname === '/inbox' &&
      title !== 'Inbox' &&
      title !== own.left &&
      !document.querySelector('.beginning')
    if (isSeen && own.first === undefined) {
      own.first = main!.textContent
      own.asked = performance
        .getEntriesByType('resource')
        .flatMap(({ name }) => (new URL(name).pathname.startsWith('/api/') ? [name] : []))
    }
    requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) own.shifted += (entry as unknown as { value: number }).value
  }).observe({ type: 'layout-shift', buffered: true })
}

test('a project that is all in sandbox says so on each page', async () => {
  const { page } = await visit(stage, '/', { isAlone: true })
  const notice = page.getByText('Sandbox: no call of this project reaches a real account.')
  await page.locator('main').waitFor()
  expect(await notice.count()).toBe(0)
  // As the server of such a project answers: with the page, or when it is asked.
  await page.route(`${stage.url}/**`, async (route) => {
    const request = route.request()
    if (request.resourceType() !== 'document' && !request.url().endsWith('/api/session'))
      return route.continue()
    const response = await route.fetch()
    const body = (await response.text()).replace('"isSandbox":false', '"isSandbox":true')
    await route.fulfill({ response, body })
  })
  for (const path of ['/', '/inbox', '/runs', '/system']) {
    await page.goto(`${stage.url}${path}`)
    await notice.waitFor()
  }
})

test('an approval by key is sent after ten seconds, and one that was undone never', async () => {
  const { page } = await visit(stage, '/inbox', { hasClock: true })
  await page.getByRole('button', { name: /margaret/ }).click()
  await page.getByRole('heading', { name: 'May it call helpdesk.reply?' }).waitFor()
  const before = sent.length
  await page.keyboard.press('a')
  await page.getByText('Approved: helpdesk.reply.').waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('button', { name: /margaret/ }).click()
  await page.getByRole('heading', { name: 'May it call helpdesk.reply?' }).waitFor()
  await page.keyboard.press('a')
  await page.clock.fastForward(10_000)
  await expect.poll(() => sent.length, { timeout: 30_000 }).toBe(before + 1)
  expect(sent.at(-1)).toMatchObject({ to: 'margaret.hale@example.com' })
})

test('an edit keeps its types, is shown as a difference, and is what is sent', async () => {
  const { page } = await visit(stage, '/inbox', { hasClock: true })
  await page.getByRole('button', { name: /shop\.refund/ }).click()
  await page.getByRole('heading', { name: 'May it call shop.refund?' }).waitFor()
  await page.keyboard.press('e')
  await page.getByLabel('amountEur').fill('nothing')
  await page.getByText('It must be a number.').waitFor()
  await page.getByLabel('amountEur').fill('40')
  await page.getByRole('button', { name: 'Look at the change' }).click()
  await page.locator('ins', { hasText: '40' }).waitFor()
  await page.locator('del', { hasText: '149' }).waitFor()
  await page.getByRole('button', { name: 'Approve this' }).click()
  await page.clock.fastForward(10_000)
  await expect
    .poll(() => sent.find((one) => 'amountEur' in one), { timeout: 30_000 })
    .toMatchObject({ amountEur: 40 })
})

test('an edit that cannot be judged here says that it may come back', async () => {
  const { page } = await visit(stage, '/inbox')
  await page.route('**/api/approvals/*/preview', async (route) => {
    const answer = await route.fetch()
    await route.fulfill({ response: answer, json: { ...(await answer.json()), isJudged: false } })
  })
  await page.getByRole('button', { name: /publish: Winter feeding/ }).click()
  await page.getByRole('heading', { level: 1, name: /publish/ }).waitFor()
  await page.keyboard.press('e')
  await page.getByLabel('words').fill('40')
  await page.getByRole('button', { name: 'Look at the change' }).click()
  await page.getByText('it is judged when the run goes on, and may come back.').waitFor()
  await page.getByRole('button', { name: 'Approve this' }).waitFor()
})

test('a link to what waits behind more than the list holds opens it, and it is decided there', async () => {
  const { page } = await visit(stage, '/inbox')
  await page.getByRole('button', { name: /Winter feeding/ }).click()
  await page.getByRole('heading', { level: 1, name: /publish/ }).waitFor()
  await page.route('**/api/waiting?*', async (route) => {
    const answer = await route.fetch()
    const { items, next } = await answer.json()
    const others = items.filter(({ workflow }: { workflow: string }) => workflow !== 'publish-page')
    await route.fulfill({ response: answer, json: { items: others, next } })
  })
  // The list does not come with the page, either.
  await page.route(page.url(), async (route) => {
    const answer = await route.fetch()
    const body = (await answer.text()).replace('data-answers="/api/waiting?limit=500"', '')
    await route.fulfill({ response: answer, body })
  })
  await page.reload()
  await page.getByText('Older things wait, too.').waitFor()
  await page.getByRole('button', { name: /Delegate/ }).waitFor()
  await page.keyboard.press('r')
  await page.getByLabel('Why not?').fill('Not in summer.')
  await page.getByRole('button', { name: 'Reject', exact: true }).click()
  await page.getByText(/Rejected: publish/).waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
})

test('a rejection takes its note to the run', async () => {
  const { page } = await visit(stage, '/inbox')
  await page.getByRole('button', { name: /j\.reiter/ }).click()
  await page.keyboard.press('r')
  await page.getByLabel('Why not?').fill('She already has it.')
  await page.getByRole('button', { name: 'Reject', exact: true }).click()
  await page.getByText('Rejected: helpdesk.reply.').waitFor()
  // Leaving the page sends at once what waits to be sent.
  await page.goto(`${stage.url}/runs?status=failed`)
  await page.getByText('She already has it.').waitFor({ timeout: 30_000 })
})

test('a question shows its own words, what it is about and the best guess, and its answer reaches the run', async () => {
  const { page } = await visit(stage, '/inbox')
  await page.getByRole('button', { name: /name the language: Devolução/ }).click()
  await page.getByRole('heading', { name: 'In which language is the letter written?' }).waitFor()
  await page.getByText('rule/guess, only 41.0 % sure').waitFor()
  await page.keyboard.press('Enter')
  await page.getByLabel('language').selectOption('Portuguese')
  await page.getByRole('button', { name: 'Answer', exact: true }).click()
  await page.getByText('Answered: name the language.').waitFor()
  // Leaving sends it at once; the run goes on to the next thing that nobody can do but a person.
  await page.goto(`${stage.url}/inbox`)
  await page.getByRole('button', { name: /reply: Devolução/ }).click({ timeout: 30_000 })
  await page.getByText('Answer the letter in Portuguese, from the passages alone.').waitFor()
  await page.getByRole('heading', { name: 'Sources' }).waitFor()
  await page.getByText('Refunds and returns of hardware').first().click()
  await page.getByText('We pay back within 5 business days').first().waitFor()
})

test('two tabs: what one decides the other says, and decides nothing in its place', async () => {
  const own = await openStage('some')
  onTestFinished(() => own.close())
  const one = (await visit(own, '/inbox', { hasClock: true })).page
  const other = await one.context().newPage()
  await one.getByRole('button', { name: /publish: Winter feeding/ }).click()
  await one.getByRole('heading', { name: 'Is “publish” all right?' }).waitFor()
  await other.goto(one.url())
  await other.getByRole('heading', { name: 'Is “publish” all right?' }).waitFor()
  await one.keyboard.press('a')
  await one.goto(`${own.url}/`)
  await other
    .getByRole('heading', { name: 'alex has approved publish meanwhile.' })
    .waitFor({ timeout: 30_000 })
  const { items: before } = await other.evaluate(async () => (await fetch('/api/approvals')).json())
  // Keys that are pressed too late do nothing.
  await other.keyboard.press('a')
  await other.goto(`${own.url}/inbox`)
  await other.getByRole('heading', { level: 1, name: /\w/ }).waitFor()
  const { items: after } = await other.evaluate(async () => (await fetch('/api/approvals')).json())
  expect(after).toHaveLength(before.length)
  // The one that was slower by the network alone hears it from the server.
  await one.goto(`${own.url}/inbox`)
  await one.getByRole('button', { name: /shop\.refund/ }).click()
  const [refund] = after.filter(({ subject }: { subject: string }) => subject === 'shop.refund')
  await one.keyboard.press('a')
  await internalsOf(own.runtime).engine.control.decide(refund.id, {
    verdict: 'reject',
    by: 'alex',
    hash: refund.hash,
  })
  await one.clock.fastForward(10_000)
  await one
    .getByRole('status')
    .getByText(/already|was rejected|decided/)
    .waitFor({ timeout: 30_000 })
})

test('what is put away comes back, and alike things are decided as one', async () => {
  const own = await openStage('some')
  onTestFinished(() => own.close())
  const { page } = await visit(own, '/inbox')
  await page.getByRole('button', { name: /publish: Winter feeding/ }).click()
  await page.keyboard.press('s')
  await page.getByRole('button', { name: 'In an hour' }).click()
  await page.getByText('1 put away for later').click()
  await page.getByRole('button', { name: /publish: Winter feeding/ }).click()
  await page.getByText('put away for later').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: /chen\.wei/ }).click()
  await page.getByLabel(/The same decision for all 4/).check()
  await page.keyboard.press('r')
  await page.getByLabel('Why not?').fill('Answered by telephone.')
  await page.getByRole('button', { name: 'Reject', exact: true }).click()
  await page.getByText('Rejected (4): helpdesk.reply.').waitFor()
  await page.goto(`${own.url}/runs?status=failed&workflow=support-triage`)
  await expect.poll(() => page.getByText('Answered by telephone.').count(), { timeout: 30_000 }).toBe(4)
})

test('a run that is stuck waits in the inbox, and is tried again from there', async () => {
  const { page } = await visit(stage, '/inbox')
  await page.getByRole('button', { name: /await-parcel is stuck/ }).click()
  await page.getByRole('heading', { name: /await-parcel is stuck/ }).waitFor()
  await page.getByText('The process died 5 times').first().waitFor()
  await page.getByRole('button', { name: 'Retry' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Retry' }).click()
  await page.getByRole('button', { name: /await-parcel is stuck/ }).waitFor({ state: 'detached' })
})

test('what is written by strangers is shown as text, with everything unseen written out', async () => {
  const { page, complaints } = await visit(stage, '/inbox')
  await page.getByRole('button', { name: /mallory/ }).click()
  await page.getByText('U+202E').first().waitFor()
  await page.getByText('<img src=x onerror="window.pwned=1">').first().waitFor()
  expect(await page.evaluate(() => 'pwned' in window)).toBe(false)
  expect(complaints).toEqual([])
})

test('a run that is started elsewhere appears while the page is open, and its page shows how it went', async () => {
  const { page } = await visit(stage, '/runs?workflow=weekly-report&text=')
  await page.getByRole('list', { name: 'Runs' }).getByRole('listitem').first().waitFor()
  const { id } = await stage.runtime.startRun('weekly-report', null)
  await page.getByText(id).waitFor({ timeout: 30_000 })
  await page.getByText(id).click()
  await page.getByRole('heading', { name: 'weekly-report is done.' }).waitFor()
  await page.getByRole('button', { name: 'write the report' }).waitFor()
})

test('a run is forked with another input from its page, laid beside its origin, and drawn as a graph', async () => {
  const { id } = await stage.runtime.startRun('publish-page', { page: 'Varroa', words: 500 })
  const { page, complaints } = await visit(stage, `/runs/${id}`)
  await page.getByRole('heading', { level: 1, name: /publish-page waits/ }).waitFor()
  await page.getByRole('link', { name: 'Is “publish” all right?' }).waitFor()
  await page.getByRole('button', { name: 'Fork…' }).click()
  await page.getByLabel('Give it another input').check()
  await page.getByLabel('words').fill('many')
  await page.getByText('It must be a number.').waitFor()
  await page.getByLabel('words').fill('650')
  await page.getByRole('button', { name: 'Fork', exact: true }).click()
  await page.getByText(`forked by`).waitFor()
  await page.getByText('650').first().waitFor()
  const fork = new URL(page.url()).pathname.split('/').at(-1)!
  expect(fork).not.toBe(id)
  await page.getByRole('button', { name: 'Compare…' }).click()
  await page.getByRole('link', { name: new RegExp(`${id}.*forked from it`) }).click()
  await page.getByRole('heading', { level: 1, name: /They did the same|They differ/ }).waitFor()
  await page.locator('del', { hasText: '650' }).waitFor()
  await page.locator('ins', { hasText: '500' }).waitFor()
  await page.goto(`${stage.url}/runs/${id}?view=graph`)
  await page.locator('.react-flow__node', { hasText: 'publish' }).click()
  await page.getByRole('heading', { name: /Call 1, publish/ }).waitFor()
  expect(complaints).toEqual([])
})

test('what a run did outside is undone by its plan, which says what stays, as a run of its own', async () => {
  const { id } = await stage.runtime.startRun('return-label', { order: 'P-7007', text: hostile.body })
  const { page, complaints } = await visit(stage, `/runs/${id}`)
  await page.getByRole('button', { name: 'Undo…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText(/^One effect is undone, .* One other stays as it is\.$/).waitFor()
  await dialog
    .getByRole('listitem')
    .filter({ hasText: 'shop.note' })
    .getByText('stays', { exact: true })
    .waitFor()
  await dialog.getByText('what it was handed').first().click()
  await dialog.getByText('U+202E').waitFor()
  expect(labels.has('P-7007')).toBe(true)
  await dialog.getByRole('button', { name: 'Undo it' }).click()
  await page.getByRole('heading', { level: 1, name: 'reeve.undo is done.' }).waitFor({ timeout: 30_000 })
  expect(labels.has('P-7007')).toBe(false)
  await page.goto(`${stage.url}/runs/${id}`)
  await page.getByRole('button', { name: 'Undo…' }).click()
  await dialog.getByText('Nothing of it can be undone.').waitFor()
  await dialog.getByText('was undone').waitFor()
  expect(await page.evaluate(() => 'pwned' in window)).toBe(false)
  expect(complaints).toEqual([])
})

test('a decision is handed to somebody who may make it, and both see who was asked', async () => {
  await stage.runtime.startRun('publish-page', { page: 'Swarming', words: 300 })
  const { page } = await visit(stage, '/inbox')
  await page.getByRole('button', { name: /publish: Swarming/ }).click()
  await page.keyboard.press('d')
  const whom = page.getByLabel('Who shall decide?')
  // It waits until who may decide is known.
  await whom.selectOption('approver-1')
  expect((await whom.locator('option').allTextContents()).toSorted()).toEqual(['approver-1', 'operator-1'])
  await page.getByLabel('What they should know').fill(hostile.subject)
  await page.getByRole('button', { name: 'Delegate' }).click()
  await page.getByText(`asked approver-1 to decide it`).waitFor()
  const address = page.url().slice(stage.url.length)
  const { page: helper } = await visit(stage, address, { role: 'approver' })
  await helper.getByText(`asked approver-1 to decide it`).waitFor()
  await helper.getByText(hostile.subject).last().waitFor()
  const { page: viewer } = await visit(stage, address, { role: 'viewer' })
  await viewer.getByRole('heading', { name: 'Is “publish” all right?' }).waitFor()
  expect(await viewer.getByRole('button', { name: /Delegate/ }).count()).toBe(0)
})

test('a run that waits for a signal says what it wants, and goes on when it is told from its page', async () => {
  const { id } = await stage.runtime.startRun('await-parcel', { parcel: 'P-7' })
  const { page } = await visit(stage, `/runs/${id}`)
  await page.getByRole('button', { name: 'Signal…' }).click()
  await page.getByText('It wants an object with at').waitFor()
  await page.getByLabel('at', { exact: true }).fill('Tuesday')
  await page.getByRole('button', { name: 'Send signal' }).click()
  await page.getByRole('heading', { name: 'await-parcel is done.' }).waitFor({ timeout: 30_000 })
  await page.getByText('The signal parcel-arrived brought:').waitFor()
})

test('an operator says from the page of a run what a call comes to, with why; nobody else is offered it', async () => {
  const { id } = await stage.runtime.startRun('await-parcel', { parcel: 'P-9' })
  const { page: approver } = await visit(stage, `/runs/${id}?call=1`, { role: 'approver' })
  await approver.getByRole('heading', { name: /Call 1/ }).waitFor()
  expect(await approver.getByRole('button', { name: /Override/ }).count()).toBe(0)
  const { page } = await visit(stage, `/runs/${id}?call=1`, { role: 'operator' })
  await page.getByRole('heading', { name: /Call 1/ }).waitFor()
  await page.getByRole('button', { name: 'Override…' }).last().click()
  await page.getByText('It wants an object with at').waitFor()
  await page.getByLabel('at', { exact: true }).fill('Tuesday')
  const done = page.getByRole('button', { name: 'Override', exact: true })
  expect(await done.isDisabled()).toBe(true)
  await page.getByLabel('Why').fill('seen in the yard')
  await done.click()
  await page.getByRole('heading', { name: 'await-parcel is done.' }).waitFor({ timeout: 30_000 })
  const { database } = internalsOf(stage.runtime)
  expect(await listActs(database, { type: 'run-overridden' })).toMatchObject([
    { why: 'seen in the yard', subject: id, details: { call: 1, how: 'result' } },
  ])
})

test('a link to a run that is gone says so, on a page like the others', async () => {
  const { page } = await visit(stage, '/runs/1m8aaaaaaaaaaaaaa')
  await page.getByRole('heading', { name: 'This run is not here.' }).waitFor()
  await page.getByRole('link', { name: 'See the runs that are here' }).click()
  await page.getByRole('list', { name: 'Runs' }).waitFor()
  await page.goto(`${stage.url}/inbox?item=1m8aaaaaaaaaaaaaa`)
  await page.getByRole('heading', { name: 'This is not here any more.' }).waitFor()
  await page.goto(`${stage.url}/no/such/page`)
  await page.getByRole('heading', { name: 'There is no such page.' }).waitFor()
})

test('a workflow tells its six figures, and is started by a form from its schema', async () => {
  const { page } = await visit(stage, '/workflows')
  await page.getByRole('link', { name: /publish-page/ }).click()
  await page.getByRole('heading', { name: 'Input' }).waitFor()
  await page.getByRole('button', { name: 'Start…' }).click()
  await page.getByLabel('page', { exact: true }).fill('Wasps in autumn')
  await page.getByLabel('words').fill('420')
  await page.getByRole('button', { name: 'Start run' }).click()
  await page.getByRole('heading', { level: 1, name: /publish-page waits/ }).waitFor()
  await page.goto(`${stage.url}/workflows/weekly-report`)
  await page
    .getByRole('heading', { level: 1, name: /weekly-report: 100\s% of \d+ runs succeeded\./ })
    .waitFor()
  await page.getByRole('heading', { name: 'Correction rate' }).waitFor()
  await page.getByText('The numbers by day').click()
  await page.getByRole('columnheader', { name: 'Blocked calls' }).waitFor()
})

test('a ceiling is changed on the page, and who did it is kept; a token is revoked and counts no more', async () => {
  const { page } = await visit(stage, '/costs')
  await page.getByRole('button', { name: 'Change… the ceiling of The whole project' }).click()
  await page.getByLabel('US dollars').fill('nothing')
  await page.getByText('It must be an amount').waitFor()
  await page.getByLabel('US dollars').fill('7.25')
  await page.getByLabel('Why').fill('The season begins.')
  await page.getByRole('button', { name: 'Set ceiling' }).click()
  await page.getByText('of $7.25').waitFor()
  const { database } = internalsOf(stage.runtime)
  expect((await listActs(database, { type: 'ceiling-set' }))[0]).toMatchObject({
    subject: 'project',
    proof: 'session',
    why: 'The season begins.',
    details: { before: 4.5, ceiling: 7.25 },
  })
  const { token } = await page.evaluate(async () => {
    const { csrfToken } = await (await fetch('/api/session')).json()
    const headers = { 'content-type': 'application/json', 'x-csrf-token': csrfToken }
    return (await fetch('/api/tokens', { method: 'POST', headers, body: '{"name":"the shop"}' })).json()
  })
  const ask = () => fetch(`${stage.url}/api/runs`, { headers: { authorization: `Bearer ${token}` } })
  expect((await ask()).status).toBe(200)
  await page.goto(`${stage.url}/system/people`)
  await page.getByRole('button', { name: 'Revoke the shop' }).click()
  await page.getByText('revoked').waitFor()
  expect((await ask()).status).toBe(401)
})

test('an agent’s tool is set to ask, a grant is suspended, and the agent is revoked, each kept with who did it', async () => {
  const { page, complaints } = await visit(stage, '/agents')
  await page.getByRole('link', { name: /clerk/ }).click()
  await page.getByRole('heading', { level: 1, name: 'clerk may call two tools.' }).waitFor()
  await page
    .getByRole('list', { name: 'Requirements for the next level' })
    .getByText(/^Not \w+ yet$/)
    .waitFor()
  const label = page
    .getByRole('list', { name: 'Tools' })
    .getByRole('listitem')
    .filter({ hasText: 'shop.label' })
  await label.getByRole('button', { name: 'ask' }).click()
  await label.getByRole('button', { name: 'ask', pressed: true }).waitFor()
  await page.getByRole('button', { name: 'Suspend the grant labels' }).click()
  await page.getByText('suspended', { exact: true }).waitFor()
  await page.getByRole('list', { name: 'Changes of grants' }).getByText('suspend labels').waitFor()
  await page.getByRole('button', { name: 'Revoke…' }).click()
  await page.getByLabel('Why').fill(hostile.subject)
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await page.getByRole('heading', { level: 1, name: 'clerk is revoked: it may do nothing.' }).waitFor()
  const acts = await listActs(internalsOf(stage.runtime).database, {})
  expect(acts.slice(0, 3).map(({ type, proof }) => `${type} ${proof}`)).toEqual([
    'principal-revoked session',
    'grant-changed session',
    'switch-set session',
  ])
  const viewer = await visit(stage, '/agents/clerk', { role: 'viewer' })
  await viewer.page.getByText('suspended', { exact: true }).waitFor()
  expect(await viewer.page.getByRole('button', { name: /Revoke|Reinstate|Suspend|ask/ }).count()).toBe(0)
  expect(complaints).toEqual([])
})

test('what is known is found as a run would find it, told from its beginning, amended, and taken back', async () => {
  const { page, complaints } = await visit(stage, '/memory?kind=preference')
  await page.getByLabel('Search memory').fill('when is Jonas Reiter at home')
  const found = page.getByRole('list', { name: 'Results' }).getByRole('listitem')
  await found
    .filter({ hasText: 'Tuesdays' })
    .getByText(/words 0\.\d+ · likeness/)
    .waitFor()
  expect(new URL(page.url()).searchParams.get('text')).toContain('Jonas')
  expect(await found.filter({ hasText: 'Refunds and returns' }).count()).toBe(0)
  await found.filter({ hasText: 'Tuesdays' }).click()
  await page.getByText('mail of j.reiter@example.com').waitFor()
  await page.getByRole('button', { name: 'Amend…' }).click()
  await page.getByLabel('Text', { exact: true }).fill('Jonas Reiter is at home on Fridays only.\u202E')
  await page.getByLabel('Why').fill('He called.')
  await page.getByRole('button', { name: 'Amend it' }).click()
  await page.getByText(/amended .* by .*: He called\./).waitFor()
  await page.locator('del', { hasText: 'Tuesdays' }).waitFor()
  await page.locator('ins', { hasText: 'U+202E' }).waitFor()
  await page.getByRole('button', { name: 'Roll back…' }).click()
  await page.getByText('1 version would vanish').waitFor()
  await page.getByRole('dialog').getByLabel('Why').fill('It was another Jonas.')
  await page.getByRole('button', { name: 'Roll back 1' }).click()
  await page.getByText('Version 3').first().waitFor()
  await page.getByRole('heading', { name: 'Text', exact: true }).waitFor()
  // What strangers wrote is text here, too.
  await page.goto(`${stage.url}/memory?kind=preference`)
  await page.getByRole('link', { name: /<script>/ }).click()
  await page.getByText('U+202E').first().waitFor()
  await page.getByRole('button', { name: 'Redact…' }).click()
  await page.getByRole('dialog').getByLabel('Why').fill('It is no preference.')
  await page.getByRole('button', { name: 'Redact it for good' }).click()
  await page.getByRole('heading', { level: 1, name: 'Its words are gone.' }).waitFor()
  expect(await page.evaluate(() => 'pwned' in window)).toBe(false)
  expect(complaints).toEqual([])
})

test('the ledger says what a daemon decided and leads to its run; a daemon is paused and goes on', async () => {
  const quiet = daemon({ name: 'night-watch', every: '1h', rules: () => undefined })
  const own = await openStage('empty', {
    daemons: [quiet, daemon({ name: 'other', rules: () => undefined })],
  })
  onTestFinished(() => own.close())
  const { page, complaints } = await visit(own)
  await page.getByRole('navigation').getByRole('link', { name: 'Decisions' }).click()
  await page.getByRole('heading', { level: 1, name: /decisions?: 0 worked, \d left all as it was/ }).waitFor()
  await page.getByLabel('Daemon', { exact: true }).selectOption('night-watch')
  await page.waitForURL(/daemon=night-watch/)
  const daemons = page.getByRole('list', { name: 'Daemons' }).getByRole('listitem')
  await daemons.filter({ hasText: 'other' }).waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Pause night-watch' }).click()
  await daemons.getByText('paused', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Resume night-watch' }).click()
  await page.getByRole('button', { name: 'Pause night-watch' }).waitFor()
  await page.getByRole('list', { name: 'Decisions' }).getByRole('link').first().click()
  await page.getByRole('heading', { level: 1, name: /daemon:night-watch/ }).waitFor()
  expect(complaints).toEqual([])
})

test('all runs that a filter finds are cancelled, followed, and none else', async () => {
  const own = await openStage('some')
  onTestFinished(() => own.close())
  const { page } = await visit(own, '/runs?workflow=support-triage')
  await page.getByRole('button', { name: 'cancel…' }).click()
  await page.getByText('workflow support-triage').waitFor()
  await page.getByRole('button', { name: 'Cancel 4' }).click()
  await page.getByText('cancel: 4 done, that was all.').waitFor({ timeout: 30_000 })
  await page.goto(`${own.url}/runs?status=cancelled`)
  await expect.poll(() => page.getByRole('list', { name: 'Runs' }).getByRole('listitem').count()).toBe(4)
})

test('who is signed out elsewhere sees the page for guests, and a server that started anew goes on', async () => {
  const own = await openStage('some')
  onTestFinished(() => own.close())
  const { page } = await visit(own)
  await page.getByRole('heading', { level: 1, name: /wait for you/ }).waitFor()
  await own.goAway()
  await internalsOf(own.runtime).database.run('delete from sessions')
  await own.comeBack()
  await page.getByRole('heading', { name: 'Sign in first.' }).waitFor({ timeout: 60_000 })
  expect(await page.getByText('helpdesk.reply').count()).toBe(0)
})

test('everything is reached by keys, and the list of keys says which', async () => {
  const { page } = await visit(stage)
  await page.getByRole('navigation', { name: 'Pages' }).waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('s')
  await page.getByRole('heading', { level: 1, name: /worker drives the runs/ }).waitFor()
  await page.keyboard.press('?')
  await page.getByText('Go to Inbox').waitFor()
  await page.keyboard.press('Escape')
  await page.getByText('Go to Inbox').waitFor({ state: 'hidden' })
  await page.keyboard.press('/')
  await page.getByLabel('Where to, or what to do?').fill('costs')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: /in the last thirty days/ }).waitFor()
})

test('a thing is decided by the keyboard alone: reached by Tab, opened by Enter, answered, and taken back', async () => {
  const { id } = await stage.runtime.startRun('letters-abroad', {
    from: 'joao@example.com',
    subject: 'Garantia',
    body: 'A balança deixou de funcionar.',
  })
  const { page } = await visit(stage, '/', { hasClock: true })
  const line = page.getByRole('button', { name: /name the language: Garantia/ })
  await page.getByRole('heading', { level: 1, name: /wait/ }).waitFor()
  const { keyboard } = page
  const has = (what: Locator) => what.evaluate((element) => element === document.activeElement)
  await keyboard.press('Tab')
  expect(await has(page.getByRole('link', { name: 'Go to the page' }))).toBe(true)
  await keyboard.press('Enter')
  await page.waitForURL(/#main$/)
  await keyboard.press('g')
  await keyboard.press('i')
  await line.waitFor()
  for (let pressed = 0; !(await has(line)); pressed++) {
    expect(pressed).toBeLessThan(40)
    await keyboard.press('Tab')
  }
  const question = page.getByRole('heading', { level: 1, name: 'In which language is the letter written?' })
  expect(await line.getAttribute('aria-current')).toBe('false')
  await keyboard.press('Enter')
  await question.waitFor()
  // What is open hears its keys, also while its line has the focus.
  await keyboard.press('Enter')
  const language = page.getByLabel('language')
  await language.waitFor()
  for (let pressed = 0; !(await has(language)); pressed++) {
    expect(pressed).toBeLessThan(40)
    await keyboard.press('Tab')
  }
  await keyboard.press('P')
  for (let pressed = 0; !(await has(page.getByRole('button', { name: 'Answer', exact: true }))); pressed++) {
    expect(pressed).toBeLessThan(10)
    await keyboard.press('Tab')
  }
  await keyboard.press('Enter')
  await page.getByText('Answered: name the language.').waitFor()
  for (let pressed = 0; !(await has(page.getByRole('button', { name: 'Undo' }))); pressed++) {
    expect(pressed).toBeLessThan(60)
    await keyboard.press('Shift+Tab')
  }
  await keyboard.press('Enter')
  await line.waitFor()
  await page.clock.fastForward(10_000)
  await page.goto(`${stage.url}/runs/${id}`)
  await page.getByRole('heading', { level: 1, name: /letters-abroad waits/ }).waitFor()
})

test('everything is paused and goes on by one switch on every page, for those who may', async () => {
  const { page } = await visit(stage)
  await page.getByRole('button', { name: 'Pause everything' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Pause everything' }).click()
  await page.getByRole('button', { name: 'Everything is paused' }).waitFor()
  const { id } = await stage.runtime.startRun('weekly-report', null)
  await page.goto(`${stage.url}/runs/${id}`)
  await page.getByText('queued').first().waitFor()
  await page.getByRole('button', { name: 'Everything is paused' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('heading', { name: 'weekly-report is done.' }).waitFor({ timeout: 30_000 })
  const viewer = await visit(stage, '/', { role: 'viewer' })
  await viewer.page.getByRole('heading', { level: 1, name: /wait/ }).waitFor()
  expect(await viewer.page.getByRole('button', { name: 'Pause everything' }).count()).toBe(0)
})

test('no page has a serious fault of accessibility in either theme, or is wider than a phone', async () => {
  const paths = Object.values(await pathsOf(stage))
  const { page } = await visit(stage, '/more')
  const settled = settling(page)
  await page.evaluate(axe.source)
  const grave = (rules?: string[]) =>
    page.evaluate(async (only) => {
      const { violations } = await (window as unknown as { axe: typeof axe }).axe.run(
        document,
        only ? { runOnly: only } : {},
      )
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map((fault) => `${fault.id}: ${fault.nodes[0]?.html.slice(0, 160)}`)
    }, rules)
  const faults: string[] = []
  for (const path of paths) {
    const note = (found: string[], how = '') => faults.push(...found.map((each) => `${path}${how} ${each}`))
    await walk(page, path)
    await settled()
    note(await grave())
    // The theme changes colours and nothing else.
    await page.emulateMedia({ colorScheme: 'dark' })
    note(await grave(['color-contrast']), ' in the dark')
    await page.emulateMedia({ colorScheme: 'light' })
    await page.setViewportSize({ width: 360, height: 780 })
    const wide = await page.evaluate(() => document.documentElement.scrollWidth)
    if (wide > 360) note([`${wide} wide`], ' on a phone is')
    await page.setViewportSize({ width: 1280, height: 900 })
  }
  expect(faults).toEqual([])
})

test('when the server is gone every page says so, keeps what it has, and goes on when it is back', async () => {
  const own = await openStage('some', { hasDirectives: true })
  onTestFinished(() => own.close())
  const all = Object.values(await pathsOf(own))
  // A browser keeps six connections to one server for each of its visitors, and each page holds one of them.
  const tabs: { path: string; tab: Page }[] = []
  while (tabs.length < all.length) {
    const { page, context } = await visit(own, all[tabs.length], { isAlone: true })
    tabs.push({ path: all[tabs.length]!, tab: page })
    for (const path of all.slice(tabs.length, tabs.length + 3)) {
      const tab = await context.newPage()
      await tab.goto(`${own.url}${path}`)
      tabs.push({ path, tab })
    }
  }
  const each = (see: (tab: Page) => Promise<unknown>) => Promise.all(tabs.map(({ tab }) => see(tab)))
  const banner = (tab: Page) => tab.getByText('The server does not answer.')
  await each((tab) => tab.getByRole('heading', { level: 1, name: /\w/ }).waitFor())
  await each((tab) => banner(tab).waitFor({ state: 'hidden', timeout: 60_000 }))
  await own.goAway()
  await each((tab) => banner(tab).waitFor({ timeout: 60_000 }))
  for (const { path, tab } of tabs)
    expect(await tab.getByRole('heading', { level: 1 }).textContent(), path).not.toMatch(/could not be|^…$/)
  await own.comeBack()
  await each((tab) => banner(tab).waitFor({ state: 'hidden', timeout: 60_000 }))
})

test('one run is found among a hundred thousand by what is known of it', async () => {
  const own = await openStage('some')
  onTestFinished(() => own.close())
  const { database } = internalsOf(own.runtime)
  const { id } = await own.runtime.startRun('weekly-report', null)
  await own.runtime.result(id)
  await database.run(
    `insert into runs (id, workflow, version, status, reason, queue, priority, available_at, fresh, principal, epoch, created_at, ended_at)
     with recursive counted (n) as (select 1 union all select n + 1 from counted where n < 100000)
     select '1m8' || substr('00000000000000' || n, -14), workflow, version, case when n <= 3000 then 'failed' else status end, case n when 77777 then 'the parcel of P-77777 is lost' end, queue, priority,
       available_at, fresh, principal, epoch, created_at - n, ended_at from runs, counted where id = ?`,
    [id],
  )
  const { page } = await visit(own, '/runs')
  await page.getByRole('heading', { level: 1, name: 'The newest 50 runs' }).waitFor()
  await page.getByLabel('Find by id, workflow or reason').fill('p-77777')
  await page.getByRole('heading', { level: 1, name: '1 run', exact: true }).waitFor()
  await page.getByText('the parcel of P-77777 is lost').click()
  await page.getByRole('heading', { level: 1, name: 'weekly-report is done.' }).waitFor()
  // What is done to very many is asked with their number, is followed by its handle at once, and can be stopped.
  await walk(page, '/runs?status=failed')
  await page.getByRole('button', { name: 'cancel…' }).click()
  await page.getByRole('dialog', { name: /^Cancel all 3,00\d runs that fit this filter\?$/ }).waitFor()
  await page.keyboard.press('Escape')
  await walk(page, '/runs?status=succeeded')
  await page.getByRole('button', { name: 'cancel…' }).click()
  const dialog = page.getByRole('dialog', {
    name: /^Cancel all 49,9\d\d or more runs that fit this filter\?$/,
  })
  await dialog.getByText('status succeeded').waitFor()
  const answered = page.waitForResponse((response) => response.url().endsWith('/api/bulk'))
  await dialog.getByRole('button', { name: /^Cancel 49,9\d\d or more$/ }).click()
  const answer = await answered
  expect(answer.status()).toBe(202)
  expect(answer.headers().location).toBe(`/api/bulk/${(await answer.json()).id}`)
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await page.getByText(/^cancel: 0 done, [\d,]+ refused .*, stopped\.$/).waitFor({ timeout: 30_000 })
})

test('a run of 20,000 events is scrolled from end to end, with few of its rows drawn', async () => {
  const { database } = internalsOf(stage.runtime)
  const { id } = await stage.runtime.startRun('weekly-report', null)
  await stage.runtime.result(id)
  await database.run(
    `insert into events (run, seq, type, step, name, args, at, payload, blob, hash)
     with recursive counted (n) as (select 1 union all select n + 1 from counted where n < 20000)
     select run, 100 + n, type, 100 + n, 'part ' || n, args, at, payload, blob, hash from events, counted
     where run = (select no from runs where id = ?) and type = 'step-completed' and name = 'read the orders'`,
    [id],
  )
  const { page, complaints } = await visit(stage, `/runs/${id}`)
  const last = page.getByRole('button', { name: 'part 20000', exact: true })
  const drawn = () => page.locator('main').getByRole('button', { name: /^part \d+$/ })
  await drawn().first().waitFor()
  await page.getByText('events read so far').waitFor({ state: 'detached', timeout: 30_000 })
  const scroll = (to: number) =>
    drawn()
      .first()
      .evaluate((row, share) => {
        let box = row.parentElement!
        while (box.scrollHeight <= box.clientHeight || getComputedStyle(box).overflowY === 'visible')
          box = box.parentElement!
        box.scrollTop = share * box.scrollHeight
      }, to)
  for (const share of [0.25, 0.5, 0.75]) {
    await scroll(share)
    await page
      .getByRole('button', { name: new RegExp(`^part ${Math.floor(20 * share)}\\d\\d\\d$`) })
      .first()
      .waitFor()
    expect(await drawn().count()).toBeLessThan(60)
  }
  await scroll(1)
  await last.waitFor()
  await walk(page, `/runs/${id}?view=events`)
  const events = page.getByRole('region', { name: 'Events' })
  await events.getByText('part 1', { exact: true }).first().waitFor()
  await events.focus()
  // Lines are as high as their words: the end is where it is once those before it were measured.
  await expect
    .poll(
      async () => {
        await page.keyboard.press('End')
        return events.getByText('part 20000', { exact: true }).count()
      },
      { timeout: 20_000 },
    )
    .toBe(1)
  expect(await events.locator('[data-index]').count()).toBeLessThan(60)
  expect(complaints).toEqual([])
})

test('the title of the window counts what waits, as the navigation does', async () => {
  const { page } = await visit(stage, '/runs')
  const counted = async () => Number(/^\((\d+)\) /.exec(await page.title())?.[1] ?? 0)
  await expect.poll(counted).toBeGreaterThan(0)
  const before = await counted()
  await page
    .getByRole('link', { name: new RegExp(`^Inbox\\D*${before}\\b`) })
    .first()
    .waitFor()
  await stage.runtime.startRun('publish-page', { page: 'Spring feeding', words: 400 })
  await expect.poll(counted, { timeout: 15_000 }).toBe(before + 1)
  await page
    .getByRole('link', { name: new RegExp(`^Inbox\\D*${before + 1}\\b`) })
    .first()
    .waitFor()
})

test('times are told by the clock of the server, whatever the clock of the browser says', async () => {
  const { id } = await stage.runtime.startRun('weekly-report', null)
  for (const aheadMs of [3_600_000, -300 * 86_400_000]) {
    const { page } = await visit(stage, `/runs?text=${id}`, { aheadMs })
    await page
      .getByRole('link', { name: /weekly-report/ })
      .getByText(/^(a moment|\d+ s|1 min) ago$/)
      .waitFor()
    await page.goto(stage.url)
    await page.getByRole('heading', { level: 1, name: /wait for you/ }).waitFor()
    await page.getByText(new RegExp(`^${weekday.format()}`)).waitFor()
  }
})

const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' })
