import { AxeBuilder } from '@axe-core/playwright'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { closeBrowser, visit } from './browser.ts'
import { openStage, type Stage, sent } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage('some')
})
afterAll(async () => {
  await closeBrowser()
  await stage?.close()
})

const paths = ['/', '/inbox', '/runs', '/workflows', '/costs', '/system', '/more']

test('the first page says how it stands and what waits, and a guest is told how to come in', async () => {
  const { page, complaints } = await visit(stage)
  await page
    .getByRole('heading', { level: 1, name: /One run is stuck\. \w+ things wait for you\./ })
    .waitFor()
  expect(
    await page.getByRole('list', { name: 'Waits for you' }).getByRole('listitem').count(),
  ).toBeGreaterThan(3)
  expect(complaints).toEqual([])
  await page.context().clearCookies()
  await page.goto(stage.url)
  await page.getByRole('heading', { name: 'Sign in first.' }).waitFor()
})

test('an approval by key is sent after ten seconds, and one that was undone never', async () => {
  const { page } = await visit(stage)
  await page.goto(`${stage.url}/inbox`)
  await page.getByRole('heading', { name: 'May it call helpdesk.reply?' }).waitFor()
  const before = sent.length
  await page.keyboard.press('a')
  await page.getByText('Approved: helpdesk.reply.').waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('heading', { name: 'May it call helpdesk.reply?' }).waitFor()
  await page.keyboard.press('a')
  await expect.poll(() => sent.length, { timeout: 30_000 }).toBe(before + 1)
  expect(sent.at(-1)).toMatchObject({ to: 'margaret.hale@example.com' })
})

test('an edit keeps its types, is shown as a difference, and is what is sent', async () => {
  const { page } = await visit(stage)
  await page.goto(`${stage.url}/inbox`)
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
  await expect
    .poll(() => sent.find((one) => 'amountEur' in one), { timeout: 30_000 })
    .toMatchObject({ amountEur: 40 })
})

test('a rejection takes its note to the run', async () => {
  const { page } = await visit(stage)
  await page.goto(`${stage.url}/inbox`)
  await page.getByRole('button', { name: /j\.reiter/ }).click()
  await page.keyboard.press('r')
  await page.getByLabel('Why not?').fill('She already has it.')
  await page.getByRole('button', { name: 'Reject', exact: true }).click()
  await page.getByText('Rejected: helpdesk.reply.').waitFor()
  // Leaving the page sends at once what waits to be sent.
  await page.goto(`${stage.url}/runs?status=failed`)
  await page.getByText('She already has it.').waitFor({ timeout: 30_000 })
})

test('a run that is stuck waits in the inbox, and is tried again from there', async () => {
  const { page } = await visit(stage)
  await page.goto(`${stage.url}/inbox`)
  await page.getByRole('button', { name: /await-parcel is stuck/ }).click()
  await page.getByRole('heading', { name: /await-parcel is stuck/ }).waitFor()
  await page.getByText('The process died 5 times').first().waitFor()
  await page.getByRole('button', { name: 'Retry' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Retry' }).click()
  await page.getByRole('button', { name: /await-parcel is stuck/ }).waitFor({ state: 'detached' })
})

test('what is written by strangers is shown as text, with everything unseen written out', async () => {
  const { page, complaints } = await visit(stage)
  await page.goto(`${stage.url}/inbox`)
  await page.getByRole('button', { name: /mallory/ }).click()
  await page.getByText('U+202E').first().waitFor()
  await page.getByText('<img src=x onerror="window.pwned=1">').first().waitFor()
  expect(await page.evaluate(() => 'pwned' in window)).toBe(false)
  expect(complaints).toEqual([])
})

test('a run that is started elsewhere appears while the page is open, and its page shows how it went', async () => {
  const { page } = await visit(stage)
  await page.goto(`${stage.url}/runs?workflow=weekly-report&text=`)
  await page.getByRole('list', { name: 'Runs' }).getByRole('listitem').first().waitFor()
  const { id } = await stage.runtime.startRun('weekly-report', null)
  await page.getByText(id).waitFor({ timeout: 30_000 })
  await page.getByText(id).click()
  await page.getByRole('heading', { name: 'weekly-report is done.' }).waitFor()
  await page.getByRole('button', { name: 'write the report' }).waitFor()
})

test('everything is reached by keys, and the list of keys says which', async () => {
  const { page } = await visit(stage)
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
  const viewer = await visit(stage, { role: 'viewer' })
  await viewer.page.getByRole('heading', { level: 1, name: /wait/ }).waitFor()
  expect(await viewer.page.getByRole('button', { name: 'Pause everything' }).count()).toBe(0)
})

for (const colorScheme of ['light', 'dark'] as const)
  test(`no page has a serious fault of accessibility (${colorScheme})`, async () => {
    const { page, settled } = await visit(stage, { colorScheme })
    const { id } = await stage.runtime.startRun('weekly-report', null)
    for (const path of [...paths, `/runs/${id}`]) {
      await page.goto(`${stage.url}${path}`)
      await page.getByRole('heading', { level: 1, name: /\w/ }).waitFor()
      await settled()
      const { violations } = await new AxeBuilder({ page }).analyze()
      const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
      expect(
        grave.map((fault) => `${path} ${fault.id}: ${fault.nodes[0]?.html.slice(0, 160)}`),
        path,
      ).toEqual([])
    }
  })

test('on a phone nothing is wider than the screen', async () => {
  const { page } = await visit(stage, { width: 360 })
  for (const path of paths) {
    await page.goto(`${stage.url}${path}`)
    await page.getByRole('heading', { level: 1, name: /\w/ }).waitFor()
    expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(360)
  }
})

test('when the server is gone the page says so, keeps what it has, and goes on when it is back', async () => {
  const own = await openStage('some')
  onTestFinished(() => own.close())
  const { page } = await visit(own)
  await page.getByRole('heading', { level: 1, name: /wait for you/ }).waitFor()
  await own.goAway()
  await page.getByRole('status').getByText('The server does not answer.').waitFor({ timeout: 60_000 })
  expect(await page.getByRole('list', { name: 'Waits for you' }).count()).toBe(1)
  await own.comeBack()
  await page.getByText('The server does not answer.').waitFor({ state: 'hidden', timeout: 60_000 })
})
