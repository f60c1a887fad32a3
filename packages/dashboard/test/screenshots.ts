import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { listRunPage } from '../../reeve/src/inspect/lists/run-list.ts'
import { internalsOf } from '../../reeve/src/runtime/runtime.ts'
import { approvalsOf } from '../../reeve/src/store/approvals/approvals.ts'
import { requireRun } from '../../reeve/src/store/runs/runs.ts'
import { launchChrome } from './chrome.ts'
import { pathsOf } from './paths.ts'
import { openStage, type Scale, type Stage } from './stage.ts'

/**
 * Every page in every width and both themes, with nothing, some and ten thousand things, into a folder:
 * `npm run screenshots [-- --out FOLDER --scale some --width 1440 --theme light --only quality,evals]`. Each of them is a picture that a person looks at.
 * `-- --readme` takes those of the README and of docs/operate.md instead, in a scene without anything hostile.
 */
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'screenshots' },
    scale: { type: 'string' },
    width: { type: 'string' },
    theme: { type: 'string' },
    only: { type: 'string' },
    readme: { type: 'boolean', default: false },
  },
})

const scales = (values.scale === undefined ? ['empty', 'some', 'much'] : [values.scale]) as Scale[]
const widths = values.width === undefined ? [1440, 768, 390] : [Number(values.width)]
const only = values.only?.split(',')
const themes = (values.theme === undefined ? ['light', 'dark'] : [values.theme]) as ('light' | 'dark')[]

async function settled(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1, name: /\w/ }).waitFor()
  // The stream of events never ends: what else is asked for is there when nothing has come for a moment.
  let last = Date.now()
  const heard = () => {
    last = Date.now()
  }
  page.on('response', heard)
  while (Date.now() - last < 250) await new Promise((resolve) => setTimeout(resolve, 50))
  page.off('response', heard)
}

/** The pictures that readers see: the letter of the one who wrote first, with its list whole. */
async function shootForReaders(browser: Browser): Promise<void> {
  const stage = await openStage('some', { hasDirectives: true, stranger: null })
  const { database } = internalsOf(stage.runtime)
  const { runs } = await listRunPage(database, { status: 'waiting', workflow: 'support-triage' })
  const { id } = runs.at(-1)!
  const asked = (await approvalsOf(database, (await requireRun(database, id)).no))[0]
  const context = await browser.newContext({ viewport: { width: 1440, height: 1060 }, colorScheme: 'light' })
  await context.addCookies([await stage.cookieOf('owner')])
  const page = await context.newPage()
  const shown = { today: '/', inbox: `/inbox?item=${asked?.id}`, run: `/runs/${id}` }
  for (const [name, path] of Object.entries(shown)) {
    await page.goto(`${stage.url}${path}`)
    await settled(page)
    await page.screenshot({ path: join('docs', 'pictures', `${name}.png`), fullPage: true })
  }
  await context.close()
  await stage.close()
}

async function shoot(browser: Browser, stage: Stage, scale: Scale): Promise<void> {
  const paths = await pathsOf(stage)
  for (const colorScheme of themes)
    for (const width of widths) {
      const context = await browser.newContext({
        viewport: { width, height: width < 500 ? 844 : 900 },
        colorScheme,
      })
      await context.addCookies([await stage.cookieOf('owner')])
      const page = await context.newPage()
      for (const [name, path] of Object.entries(paths)) {
        if (only && !only.includes(name)) continue
        await page.goto(`${stage.url}${path}`)
        await settled(page)
        if (name === 'graph') await page.locator('.react-flow__node').first().waitFor()
        const file = join(values.out, `${name}-${width}-${colorScheme}-${scale}.png`)
        await page.screenshot({ path: file, fullPage: width < 500 || scale !== 'much' })
      }
      await context.close()
    }
}

const browser = await launchChrome()
try {
  if (values.readme) await shootForReaders(browser)
  else mkdirSync(values.out, { recursive: true })
  for (const scale of values.readme ? [] : scales) {
    const stage = await openStage(scale, { hasDirectives: scale !== 'empty' })
    await shoot(browser, stage, scale)
    await stage.close()
    process.stderr.write(`${scale}: done\n`)
  }
} finally {
  await browser.close()
}
